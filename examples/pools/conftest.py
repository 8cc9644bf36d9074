"""Resource types for the tests of this folder, and the servers that two of them talk to."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from resources import connect_echo, connect_http, count_articles, create_database, create_workers

from pytest_memopt import pooled_resource_factory


def pytest_memopt_register_resources(manager):
    """Called once, before the first test borrows."""
    manager.register(
        "database", create_database, max_size=4, reset=lambda database: database.rollback(), fingerprint=count_articles
    )
    manager.register("workers", create_workers, max_size=1, close=lambda executor: executor.shutdown())
    manager.register("http", connect_http, max_size=2)
    manager.register("echo", connect_echo, max_size=3)


shared_workers = pooled_resource_factory("module", "workers")


class Hello(BaseHTTPRequestHandler):
    """Says hello, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="session")
def http_port():
    """A server of this machine, for as long as the session lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
