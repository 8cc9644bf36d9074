"""A cache that is full after 300 calls."""

import functools
import itertools

NUMBERS = itertools.count()


@functools.lru_cache(maxsize=300)
def squares(number: int) -> list[int]:
    """Worth remembering, up to a bound."""
    return [number * number] * 10


def workload() -> None:
    """Ask for what nobody asked for before."""
    squares(next(NUMBERS))
