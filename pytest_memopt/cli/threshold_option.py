"""``--threshold NAME=VALUE``: from where on a figure of a process is an issue."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..errors import UsageError
from ..optimize.thresholds import Thresholds
from ..units import parse_size

_WHOLE: Final = 100


def add_threshold_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--threshold``, which may be repeated."""
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"what the process may reach before it is an issue: {', '.join(_READERS)} (repeatable), as growth=20MB",
    )


def read_thresholds(given: Iterable[str]) -> Thresholds:
    """The default thresholds with those in their place that were ``given``.

    Raises:
        UsageError: naming what is no threshold.
    """
    thresholds = Thresholds()
    for text in given:
        name, _, value = text.partition("=")
        if name not in _READERS:
            raise UsageError(f"--threshold {text!r}: write NAME=VALUE, with one of {', '.join(_READERS)}")
        thresholds = _READERS[name](thresholds, value.strip(), f"--threshold {name}")
    return thresholds


def _ratio(text: str, subject: str) -> float:
    """``'50 %'`` or ``'0.5'``, from 0 to 1."""
    number = text.removesuffix("%")
    try:
        ratio = float(number) / (_WHOLE if number != text else 1)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise UsageError(f"{subject}: {text!r} is not a share; write '50%' or 0.5")
    return ratio


def _count(text: str, subject: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"{subject}: {text!r} is not a whole number from 0 up")
    return int(text)


_READERS: Final[Mapping[str, Callable[[Thresholds, str, str], Thresholds]]] = {
    "in-use": lambda all_, text, subject: all_._replace(in_use_bytes=parse_size(text, subject)),
    "growth": lambda all_, text, subject: all_._replace(growth_bytes=parse_size(text, subject)),
    "fragmentation": lambda all_, text, subject: all_._replace(fragmentation_ratio=_ratio(text, subject)),
    "objects": lambda all_, text, subject: all_._replace(objects_count=_count(text, subject)),
    "collections": lambda all_, text, subject: all_._replace(collections_count=_count(text, subject)),
}
