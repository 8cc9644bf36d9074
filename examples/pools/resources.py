"""Resources that are expensive to build, and what makes each as good as new."""

import asyncio
import http.client
import sqlite3
from concurrent.futures import ProcessPoolExecutor

ARTICLES = 15_000


def create_database():
    """A database with its schema and 15 000 rows: about 20 ms of work."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("create table articles (number integer primary key, name text, price real)")
    database.executemany(
        "insert into articles values (?, ?, ?)",
        ((number, f"article {number}", number / 100) for number in range(ARTICLES)),
    )
    database.commit()
    return database


def count_articles(database):
    """What a test must leave as it was; a committed change shows here, and names the test."""
    return database.execute("select count(*) from articles").fetchone()


def create_workers():
    """Two processes, started and ready to work."""
    executor = ProcessPoolExecutor(max_workers=2)
    list(executor.map(abs, range(2)))
    return executor


def connect_http(port):
    """A connection to a server of this machine, which stays open between requests."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    return connection


class EchoClient:
    """A client of a server that sends back every line."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def ask(self, text):
        """What the server says to ``text``."""
        self.writer.write(f"{text}\n".encode())
        return (await self.reader.readline()).decode().strip()

    async def aclose(self):
        """Hang up."""
        self.writer.close()
        await self.writer.wait_closed()


async def connect_echo(port):
    """A client of the echo server at ``port``."""
    return EchoClient(*await asyncio.open_connection("127.0.0.1", port))
