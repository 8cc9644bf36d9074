"""Threads that are joined, each with something of its own."""

import threading

LOCAL = threading.local()


def fill() -> None:
    """Keep a buffer as long as the thread lives."""
    LOCAL.buffer = bytearray(2000)


def workload() -> None:
    """Start two threads and wait for them."""
    threads = [threading.Thread(target=fill) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
