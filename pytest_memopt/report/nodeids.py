"""Long names of tests made to fit, with the part that tells them apart left in sight."""

from __future__ import annotations

from collections.abc import Iterable

from .typeface import cell_width

_TAIL_NUMERATOR, _TAIL_DENOMINATOR = 3, 4


def shorten(nodeid: str, width: int, ellipsis: str) -> str:
    """``nodeid`` in at most ``width`` columns, cut in its middle.

    The test's own name, the end of a node id, stays whole as long as it fits; then its parameters lose their middle.
    """
    if cell_width(nodeid) <= width:
        return nodeid
    room = max(width - cell_width(ellipsis), 1)
    name_width = cell_width(_own_name(nodeid))
    # Three quarters for the end also keep the file's name in sight.
    tail = max(name_width, room * _TAIL_NUMERATOR // _TAIL_DENOMINATOR)
    if name_width > room:
        name = _own_name(nodeid)
        return _first(name, room - room // 2) + ellipsis + _last(name, room // 2)
    return _first(nodeid, room - tail) + ellipsis + _last(nodeid, tail)


def _own_name(nodeid: str) -> str:
    """The part behind the last ``::`` that isn't inside the parameters."""
    stem, bracket, parameters = nodeid.partition("[")
    return stem.rpartition("::")[2] + bracket + parameters


def _first(text: str, width: int) -> str:
    """The start of the text, in at most ``width`` columns."""
    return text[: _fitting(text, width)]


def _last(text: str, width: int) -> str:
    """The end of the text, in at most ``width`` columns."""
    count = _fitting(reversed(text), width)
    return text[len(text) - count :]


def _fitting(chars: Iterable[str], width: int) -> int:
    """How many of the characters fit."""
    used = 0
    count = 0
    for char in chars:
        used += cell_width(char)
        if used > width:
            break
        count += 1
    return count
