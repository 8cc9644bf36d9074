"""The text of a leak: how much each run adds, what it is, who holds it, where it was made, what next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..leaks.finding import LeakFinding
from ..leaks.ruling import LeakKind, flat_rounds
from ..leaks.story import leak_headline, leak_lines, series_lines
from ..settings import DEFAULT_KNOWN_LEAKS
from ..units import format_count, format_seconds
from ..verdicts.record import TestRecord, VerdictKind
from .explanation import Explanation
from .wording import counted, ordinal

SLOWEST_SHOWN: Final = 5
UNDECIDED_SHOWN: Final = 3
_SLOW_S: Final = 1.0


def explain_leak(finding: LeakFinding, *, rerun_hint: str, lapsed: str | None = None) -> Explanation:
    """Why a test leaks, for someone who did not write it.

    Args:
        finding: what the hunt found.
        rerun_hint: the command to try next.
        lapsed: that it was let pass once, and until when; ``None`` where it never was.
    """
    headline, *lines = leak_lines(finding)
    known = lapsed or f"known? list the signature, with a reason, in {DEFAULT_KNOWN_LEAKS}"
    return Explanation(f"memory: {headline}", (*lines, known, f"next: {rerun_hint}"))


class LeakLot(NamedTuple):
    """One leak that one or more tests show.

    Attributes:
        told: the leak in a few words.
        seen_in: the tests, or how many they are.
    """

    told: str
    seen_in: str


def leak_lots(tests: Iterable[TestRecord]) -> list[LeakLot]:
    """The leaks by signature, those that most tests show first."""
    lots: dict[str, list[TestRecord]] = {}
    for record in tests:
        if record.leak is not None and record.verdict is VerdictKind.LEAK:
            lots.setdefault(record.leak.signature or "", []).append(record)
    ranked = sorted(lots.values(), key=len, reverse=True)
    return [
        LeakLot(leak_headline(records[0].leak).removeprefix("leaks "), _seen_in(records))
        for records in ranked
        if records[0].leak
    ]


def hunts_text(tests: Iterable[TestRecord]) -> str | None:
    """How many tests were hunted, in how many runs and seconds; ``None`` where none was."""
    hunts = [record.leak for record in tests if record.leak is not None]
    if not hunts:
        return None
    clean = sum(finding.verdict is LeakKind.CLEAN for finding in hunts)
    rounds = f"{sum(finding.rounds for finding in hunts) / len(hunts):.1f}".removesuffix(".0")
    seconds = format_seconds(sum(finding.duration_s for finding in hunts))
    told = f"{counted(len(hunts), 'test')} hunted for leaks, {format_count(clean)} clean"
    isolated = sum(finding.isolated for finding in hunts)
    apart = (
        f", {format_count(isolated)} in {'a process of its' if isolated == 1 else 'processes of their'} own"
        if isolated
        else ""
    )
    return f"{told}{apart}: {rounds} run{'' if rounds == '1' else 's'} each, {seconds} in all"


def sight_text(tests: Iterable[TestRecord]) -> str | None:
    """Which leaks the rounds of all hunts could see, whichever test has them; ``None`` where no test was found clean."""
    clean = [record.leak for record in tests if record.leak is not None and record.leak.verdict is LeakKind.CLEAN]
    if not clean:
        return None
    least = min(finding.rounds for finding in clean)
    # nothing may be added for so many rounds in a row: what leaks as often as that is never taken for clean
    seen = min(flat_rounds(finding.wanted_rounds) for finding in clean)
    told = f"{counted(least, 'run')} at least: a leak in every {ordinal(seen)} run is seen"
    return f"{told}, one in every k-th needs --memopt-rounds 3k"


def slowest_hunts(tests: Iterable[TestRecord]) -> list[str]:
    """The hunts that took the longest, a second at least: how long, in which test, how many runs, and the verdict."""
    slow = [
        (record.nodeid, record.leak)
        for record in tests
        if record.leak is not None and record.leak.duration_s >= _SLOW_S
    ]
    ranked = sorted(slow, key=lambda hunt: -hunt[1].duration_s)
    return [f"{nodeid}: {hunt_text(finding)}" for nodeid, finding in ranked[:SLOWEST_SHOWN]]


def slow_hunt(record: TestRecord) -> str | None:
    """What is said of a hunt that took a second or more when its test is over; ``None`` for all others."""
    finding = record.leak
    return hunt_text(finding) if finding is not None and finding.duration_s >= _SLOW_S else None


def hunt_text(finding: LeakFinding) -> str:
    """How long a hunt took, in how many runs, and how it ended: ``'4.2 s, 58 runs, clean'``."""
    word = finding.verdict.value.replace("-", " ")
    return f"{format_seconds(finding.duration_s)}, {counted(finding.rounds, 'run')}, {word}"


def broken_off(tests: Iterable[TestRecord]) -> list[str]:
    """The hunts that were interrupted, a line each, and below it what their runs had added until then."""
    lines = []
    for record in tests:
        if record.leak is not None and record.leak.is_interrupted:
            grown = series_lines(record.leak) or ["nothing grew until then"]
            lines += [f"{record.nodeid}: the hunt was {record.leak.why}", *(f"  {line}" for line in grown)]
    return lines


def undecided(tests: Iterable[TestRecord]) -> list[str]:
    """The tests whose hunts came to nothing, with the reason: three lines, and one with how many others there are.

    Interrupted hunts have lines of their own; a test that failed by itself was not hunted.
    """
    told = [
        f"{record.nodeid}: inconclusive: {record.leak.why or 'no reason given'}"
        for record in tests
        if record.leak is not None and record.leak.verdict is LeakKind.INCONCLUSIVE and not record.leak.is_interrupted
    ]
    left = len(told) - UNDECIDED_SHOWN
    return [*told[:UNDECIDED_SHOWN], *([f"and {format_count(left)} more inconclusive"] if left > 0 else [])]


def _seen_in(records: list[TestRecord]) -> str:
    return f"  in {records[0].nodeid}" + (f" and {counted(len(records) - 1, 'other test')}" if len(records) > 1 else "")
