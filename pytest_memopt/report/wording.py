"""Numbers and states in words: the few phrases that every text report shares."""

from __future__ import annotations

from typing import Final

from ..limits.limits import Breach, Limit, Metric
from ..units import format_change, format_count, format_size

_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_RUNS_SHOWN: Final = 5
OTHER_TYPES: Final = "*"


def ordinal(number: int) -> str:
    """``number``, from 1, as a word: ``'second'``; above ten as ``'11th'``."""
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``count`` with its noun: ``'1 test'``, ``'412 tests'``."""
    return f"{format_count(count)} {noun if count == 1 else plural or noun + 's'}"


def value_text(metric: Metric, value: int) -> str:
    """A value of the metric: ``'12.0 MiB'`` or ``'30 012'``."""
    return format_size(value) if metric.is_bytes else format_count(value)


def change_text(metric: Metric, value: int) -> str:
    """A change of the metric, with its sign: ``'+12.0 MiB'`` or ``'+30 012'``."""
    return format_change(value) if metric.is_bytes else format_count(value, signed=True)


def over_limit(breach: Breach) -> str:
    """What went over which limit: ``'held 12.0 MiB after the test, limit 1 MiB'``.

    Where both would read the same after rounding, they are told to the byte.
    """
    limit = breach.limit
    measured, ceiling = value_text(limit.metric, breach.measured), value_text(limit.metric, limit.ceiling)
    if measured == ceiling and breach.measured != limit.ceiling:
        measured, ceiling = f"{format_count(breach.measured)} B", f"{format_count(limit.ceiling)} B"
    # Nobody writes a limit as "1.0 MiB".
    return f"{_deed(limit, measured)}, limit {limit.written or ceiling.replace('.0 ', ' ')}"


def runs_text(breach: Breach) -> str:
    """The evidence, run by run: ``'3 of 3 runs: +12.0, +12.0, +12.0 MiB'``; ``''`` for a single run."""
    if len(breach.runs) == 1:
        return ""
    over = sum(run > breach.limit.ceiling for run in breach.runs)
    changes = [change_text(breach.limit.metric, run) for run in breach.runs]
    shown = changes if len(changes) <= _RUNS_SHOWN else [*changes[: _RUNS_SHOWN - 2], "…", changes[-1]]
    return f"{over} of {len(breach.runs)} runs: {_series(shown)}"


def came_down(breach: Breach) -> str:
    """Which rerun of a breach that did not reproduce was fine again: ``'0 B on the second run'``."""
    metric = breach.limit.metric
    for index, run in enumerate(breach.runs):
        if run <= breach.limit.ceiling:
            return f"{change_text(metric, run)} on the {ordinal(index + 1)} run"
    return ""


def _series(changes: list[str]) -> str:
    """The changes with their unit once, at the end, where it is the same for all."""
    units = {change.rpartition(" ")[2] for change in changes if change != "…"}
    if len(units) > 1 or next(iter(units))[-1:].isdigit():
        return ", ".join(changes)
    unit = units.pop()
    return f"{', '.join(change.removesuffix(f' {unit}') for change in changes)} {unit}"


def _deed(limit: Limit, measured: str) -> str:
    """What the test did, by metric."""
    match limit.metric:
        case Metric.PEAK:
            return f"allocated {measured} at one time"
        case Metric.GROWTH:
            return f"held {measured} after the test"
        case Metric.RSS:
            return f"resident memory rose by {measured}"
        case Metric.FDS:
            return f"left {measured} file {_noun(measured, 'descriptor')} open"
        case Metric.THREADS:
            return f"left {measured} {_noun(measured, 'thread')} running"
        case Metric.OBJECTS:
            return f"left {measured} {_objects(limit, measured)} alive"


def _objects(limit: Limit, measured: str) -> str:
    """The objects that a limit counts: all, those of a type, or those of no type that has its own limit."""
    noun = _noun(measured, "object")
    if limit.type_name is None:
        return noun
    return f"other {noun}" if limit.type_name == OTHER_TYPES else f"{noun} of type {limit.type_name}"


def _noun(measured: str, noun: str) -> str:
    """The noun in the number that goes with the count."""
    return noun if measured == "1" else f"{noun}s"
