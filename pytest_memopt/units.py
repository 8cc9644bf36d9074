"""Sizes in, sizes out: parsing what users write and writing what they read."""

from __future__ import annotations

import re
from typing import Final

from .errors import SizeError

DECIMAL: Final = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
BINARY: Final = {"KIB": 1024, "MIB": 1024**2, "GIB": 1024**3, "TIB": 1024**4}
FACTORS: Final = DECIMAL | BINARY
MB: Final = DECIMAL["MB"]
_SIZE: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[KMGT]I?B|B)", re.IGNORECASE | re.ASCII)
_STEPS: Final = ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
_ONE_DECIMAL_BELOW: Final = 1000


def parse_size(value: object, subject: str = "size") -> int:
    """Bytes meant by ``value``: an int of bytes, or a number with a unit (``"64 KiB"``, ``"1.5MB"``).

    ``B kB MB GB TB`` count in steps of 1000, ``KiB MiB GiB TiB`` in steps of 1024; letter case and one or more
    spaces before the unit don't matter.

    Raises:
        SizeError: for all else; the message starts with ``subject`` and shows the value.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise SizeError(f"{subject}: {value!r} is negative; give bytes as an int, or a size such as '64 KiB'")
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise SizeError(
            f"{subject}: {value!r} is not a size; give bytes as an int, or a size such as '20 MB' or '64 KiB'"
        )
    return round(float(match["number"]) * FACTORS[match["unit"].upper()])


def format_size(count_bytes: float) -> str:
    """``count_bytes`` for people: ``'0 B'``, ``'640 B'``, ``'1.5 KiB'``, ``'12.0 MiB'``; a minus sign where negative."""
    size = abs(count_bytes)
    sign = "-" if count_bytes < 0 else ""
    for step, unit in _STEPS:
        if size >= step:
            number = size / step
            return f"{sign}{number:.1f} {unit}" if number < _ONE_DECIMAL_BELOW else f"{sign}{number:,.0f} {unit}"
    return f"{sign}{size:.0f} B"


def format_change(count_bytes: float) -> str:
    """``format_size`` with a plus sign in front of growth: ``'+12.0 MiB'``, ``'0 B'``, ``'-640 B'``."""
    return f"+{format_size(count_bytes)}" if count_bytes > 0 else format_size(count_bytes)


def format_count(count: float, *, signed: bool = False) -> str:
    """A whole number with thin groups of thousands, as in ``'30 012'``; signed as ``'+30 012'`` on request."""
    return f"{count:+,.0f}".replace(",", " ") if signed and count else f"{count:,.0f}".replace(",", " ")
