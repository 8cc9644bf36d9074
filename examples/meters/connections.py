"""Stands for a library whose resources Python's memory doesn't show: connections, GPU buffers, handles."""

_open = set()


def connect(name):
    """Open a connection."""
    _open.add(name)
    return name


def close(name):
    """Close it."""
    _open.discard(name)


def open_count():
    """How many are open."""
    return len(_open)
