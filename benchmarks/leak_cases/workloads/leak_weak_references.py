"""Weak references to what is gone, kept with their callbacks."""

import weakref
from collections.abc import Callable


class Node:
    """Dies at once."""


WATCHED: list[weakref.ref[Node]] = []


def note(name: str) -> Callable[[object], None]:
    """A callback that knows ``name``."""
    return lambda _: print(end=name[:0])


def workload() -> None:
    """Watch something that dies."""
    WATCHED.append(weakref.ref(Node(), note("node")))
