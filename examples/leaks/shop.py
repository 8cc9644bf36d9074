"""A shop with five leaks, each of another kind."""

from __future__ import annotations

import ctypes
import functools
import os
import sys


class Order:
    """An order, which is never forgotten: its number is, with every run, another one."""

    by_number: dict[int, Order] = {}  # noqa: RUF012 - that is the leak

    def __init__(self) -> None:
        Order.by_number[len(Order.by_number)] = self
        self.lines = ["tea", "milk"]


class Price:
    """A price whose currency is looked up once, and which is kept alive by that cache for ever."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    @functools.lru_cache(maxsize=None)  # noqa: B019, UP033 - that is the leak
    def in_currency(self, currency: str) -> str:
        """The price as people read it."""
        return f"{self.amount} {currency}"


ERRORS: list[Exception] = []


def pay(amount: int) -> bool:
    """Pay; what went wrong is kept, with the frames in which it did."""
    receipt = bytearray(2000)
    try:
        return amount / 0 > len(receipt)
    except ZeroDivisionError as error:
        ERRORS.append(error)
        return False


def print_receipt() -> int:
    """Open the printer, and forget to close it."""
    return os.open(os.devnull, os.O_WRONLY)


def weigh(count: int) -> int:
    """Ask the scales, which are written in C, and forget to give back what they need."""
    library = ctypes.CDLL(None if sys.platform != "win32" else "msvcrt")
    library.malloc.restype = ctypes.c_void_p
    return count * bool(library.malloc(ctypes.c_size_t(300)))
