"""The line that tells, while a hunt takes long, how it stands; it fits the terminal, whatever the test is called."""

from __future__ import annotations

from typing import Final

from ..leaks.standing import Standing
from ..leaks.story import added_text
from ..units import format_count, format_seconds
from .nodeids import shorten
from .typeface import Typeface, cell_width
from .wording import counted

_NAME_LEAST: Final = 24
_NAMING: Final = "looking for the culprit"


def hunt_line(nodeid: str, standing: Standing, tests_left: int, width: int, face: Typeface) -> str:
    """The test, the run, how it stands, the time, and what is still to come, in less than ``width`` columns; ``''`` where that is too few.

    Args:
        nodeid: the test.
        standing: how its hunt stands.
        tests_left: tests that come after it.
        width: columns of the terminal; the last stays free, where some terminals begin a new line.
        face: what the terminal can spell.
    """
    state = _NAMING if standing.is_naming else f"run {format_count(standing.rounds + 1)}: {_state(standing)}"
    return _fitted(nodeid, [state, *_more(standing.elapsed_s, standing.left_s, tests_left)], width, face)


def hunt_apart_line(
    nodeid: str, elapsed_s: float, left_s: float, tests_left: int | None, width: int, face: Typeface
) -> str:
    """The same of a hunt in a process of its own, which says nothing before its end.

    Args:
        nodeid: the test, or what else is hunted in.
        elapsed_s: seconds since that process was started.
        left_s: seconds until it is given up.
        tests_left: tests that come after it; ``None`` where it is no test.
        width: columns of the terminal.
        face: what the terminal can spell.
    """
    return _fitted(nodeid, ["in a process of its own", *_more(elapsed_s, left_s, tests_left)], width, face)


def _fitted(nodeid: str, pieces: list[str], width: int, face: Typeface) -> str:
    """The name and as many of the pieces as there is room for, the first in any case."""
    room = width - 1
    if room < _NAME_LEAST:
        return ""
    told = [f"  leak hunt, {pieces[0]}", *pieces[1:]]
    rest = face.spell(", ".join(told))
    while len(told) > 1 and cell_width(rest) + min(cell_width(nodeid), _NAME_LEAST) > room:
        del told[-1]
        rest = face.spell(", ".join(told))
    name = shorten(face.spell(nodeid), max(room - cell_width(rest), _NAME_LEAST), face.ellipsis)
    return name + rest[: room - cell_width(name)]


def _state(standing: Standing) -> str:
    if not standing.judged:
        return "warming up"
    if standing.is_flat:
        return "flat"
    added = added_text(standing.per_round)
    return f"growing by {added}" if added else "undecided"


def _more(elapsed_s: float, left_s: float, tests_left: int | None) -> tuple[str, ...]:
    """What is left out first where there is no room stands last."""
    times = (format_seconds(elapsed_s), f"{format_seconds(left_s)} left")
    if tests_left is None:
        return times
    to_come = f"{counted(tests_left, 'test')} to come" if tests_left else "the last test"
    return (*times, to_come)
