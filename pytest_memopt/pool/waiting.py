"""Waits that say when they want to look again, and leave the sleeping to whoever goes through them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import TypeVar

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

R = TypeVar("R")

Wait = Generator[float, None, R]
"""Yields each pause in seconds and returns what was waited for; whoever gives it up closes it."""


def sleep_through(wait: Wait[R], sleep: Callable[[float], object]) -> R:
    """What is waited for; whatever ends the sleep ends the wait as well."""
    with contextlib.closing(wait):
        try:
            while True:
                sleep(next(wait))
        except StopIteration as ended:
            gained: R = ended.value
            return gained
