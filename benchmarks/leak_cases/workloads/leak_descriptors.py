"""A pipe whose reading end is never closed."""

import os


def workload() -> None:
    """Open a pipe, close half of it."""
    _, writing = os.pipe()
    os.close(writing)
