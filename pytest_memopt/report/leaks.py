"""The text of a leak: how much each run adds, what it is, who holds it, where it was made, what next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..leaks.finding import LeakFinding
from ..leaks.ruling import LeakKind
from ..leaks.story import leak_headline, leak_lines
from ..settings import DEFAULT_KNOWN_LEAKS
from ..units import format_count
from ..verdicts.record import TestRecord, VerdictKind
from .explanation import Explanation
from .wording import counted, format_seconds


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
    rounds = sum(finding.rounds for finding in hunts) / len(hunts)
    seconds = format_seconds(sum(finding.duration_s for finding in hunts))
    told = f"{counted(len(hunts), 'test')} hunted for leaks, {format_count(clean)} clean"
    return f"{told}: {rounds:.1f} runs each, {seconds} in all"


def _seen_in(records: list[TestRecord]) -> str:
    return f"  in {records[0].nodeid}" + (f" and {counted(len(records) - 1, 'other test')}" if len(records) > 1 else "")
