"""The text of a leak: how much each run adds, what it is, who holds it, where it was made, what next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..leaks.finding import OUTSIDE, Culprit, LeakFinding
from ..leaks.ruling import LeakKind
from ..units import format_change, format_count, format_size
from ..verdicts.record import TestRecord, VerdictKind
from .explanation import Explanation
from .wording import counted, format_seconds

_BYTE_SIGNALS: Final = ("small_bytes", "heap_bytes", "mapped_bytes")
_COUNT_NOUNS: Final = {
    "fds": ("file descriptor", "file descriptors"),
    "threads": ("thread", "threads"),
    "callbacks": ("exit callback", "exit callbacks"),
}
_CHANGES_SHOWN: Final = 8
_WHOLE_FROM: Final = 10


def explain_leak(finding: LeakFinding, *, source: str, rerun_hint: str) -> Explanation:
    """Why a test leaks, for someone who did not write it.

    Args:
        finding: what the hunt found.
        source: who asked for the hunt.
        rerun_hint: the command to try next.
    """
    lines = [_culprit_line(culprit) for culprit in finding.culprits]
    if not finding.culprits:
        lines.append(
            "no Python object of it is left: memory of a C extension, or a reference count that is one too high"
        )
    lines += _series_lines(finding)
    lines += [f"signature: {finding.signature}", f"hunted by: {source}", f"next: {rerun_hint}"]
    return Explanation(f"memory: {leak_headline(finding)}", tuple(lines))


def leak_headline(finding: LeakFinding) -> str:
    """The leak in a few words: ``'leaks 640 B in 10 blocks per run (18 runs): 10 dict in app.STATE'``."""
    per_round = finding.per_round
    pieces = []
    in_bytes = sum(per_round.get(name, 0) for name in _BYTE_SIGNALS)
    blocks = per_round.get("blocks", 0)
    if in_bytes > 0:
        pieces.append(format_size(round(in_bytes)) + (f" in {_amount(blocks)} blocks" if blocks > 0 else ""))
    elif blocks > 0:
        pieces.append(f"{_amount(blocks)} blocks")
    for name, nouns in _COUNT_NOUNS.items():
        if (count := per_round.get(name, 0)) > 0:
            pieces.append(f"{_amount(count)} {nouns[count != 1]}")
    text = f"leaks {' and '.join(pieces) or 'memory'} per run ({counted(finding.rounds, 'run')})"
    return f"{text}: {_short_culprit(finding.culprits[0])}" if finding.culprits else text


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
    return [LeakLot(leak_headline(records[0].leak), _seen_in(records)) for records in ranked if records[0].leak]


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


def _short_culprit(culprit: Culprit) -> str:
    count = f"{_amount(culprit.count_per_round)} " if culprit.count_per_round is not None else ""
    where = "held outside Python" if culprit.holder == OUTSIDE else f"held by {culprit.holder}"
    return f"{count}{culprit.type} {where}"


def _culprit_line(culprit: Culprit) -> str:
    count = f"+{_amount(culprit.count_per_round)}  " if culprit.count_per_round is not None else ""
    size = f"  {format_size(round(culprit.bytes_per_round))}" if culprit.bytes_per_round else ""
    holder = f" ({culprit.holder_type})" if culprit.holder_type and culprit.holder != OUTSIDE else ""
    where = "held outside Python" if culprit.holder == OUTSIDE else f"held by {culprit.path or culprit.holder}{holder}"
    site = f"  allocated at {culprit.site}" if culprit.site else ""
    return f"{count}{culprit.type}{size}  {where}{site}"


def _series_lines(finding: LeakFinding) -> list[str]:
    """What the newest rounds added, for the signals that grew."""
    lines = []
    for name, changes in finding.series.items():
        if finding.per_round.get(name, 0) <= 0 or name == "rss_bytes":
            continue
        is_bytes = name.endswith("_bytes")
        shown = [
            format_change(one) if is_bytes else format_count(one, signed=True) for one in changes[-_CHANGES_SHOWN:]
        ]
        lines.append(f"{name.removesuffix('_bytes').replace('_', ' ')}, run by run: {', '.join(shown)}")
    return lines


def _amount(value: float) -> str:
    return format_count(round(value)) if value >= _WHOLE_FROM or value == round(value) else f"{value:.1f}"
