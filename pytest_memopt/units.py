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
_LARGER_UNITS: Final = ((1000, "ms"), (1000, "s"))
_SHOWN_BELOW: Final = 999.5  # what would be rounded to four digits is told in the next unit
_TWO_DECIMALS_BELOW: Final = 9.995
_ONE_DECIMAL_TO: Final = 99.95
_MINUTE_S: Final = 60.0
_SECOND_MS: Final = 1000.0
_TENTH_S: Final = 0.1


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


def format_duration(duration_s: float) -> str:
    """A duration that is compared with others, to three digits: ``'1.61 µs'``, ``'22.9 ms'``, ``'4.30 s'``; minus where negative."""
    number, unit = duration_s * 1e6, "µs"
    for step, larger in _LARGER_UNITS:
        if abs(number) < _SHOWN_BELOW:
            break
        number, unit = number / step, larger
    digits = 2 if abs(number) < _TWO_DECIMALS_BELOW else 1 if abs(number) < _ONE_DECIMAL_TO else 0
    return f"{number:,.{digits}f} {unit}".replace(",", " ")


def format_seconds(duration_s: float) -> str:
    """A duration in running text, where its size matters and digits don't: ``'0.2 ms'``, ``'23 ms'``, ``'4.3 s'``, ``'2 min 05 s'``."""
    if round(duration_s, 1) >= _MINUTE_S:
        minutes, seconds = divmod(round(duration_s), 60)
        return f"{minutes} min {seconds:02d} s"
    if duration_s >= _TENTH_S:
        return f"{duration_s:.1f} s"
    duration_ms = duration_s * _SECOND_MS
    return f"{duration_ms:.0f} ms" if duration_ms >= 1 else f"{duration_ms:.1f} ms"
