"""A leak in words: how much each run adds, what it is, who holds it, where it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..units import format_change, format_count, format_size
from .finding import C_MEMORY, LOST_MEMORY, OUTSIDE, Culprit, LeakFinding, NoLine

_BYTE_SIGNALS: Final = ("small_bytes", "heap_bytes", "mapped_bytes")
_COUNT_NOUNS: Final = {
    "fds": ("file descriptor", "file descriptors"),
    "threads": ("thread", "threads"),
    "callbacks": ("exit callback", "exit callbacks"),
    "processes": ("process", "processes"),
    "tasks": ("task", "tasks"),
}
_NO_AMOUNT: Final = ("objects", "rss_bytes")  # they are told by what is in them, and not at all
_KNOWN: Final = frozenset((*_BYTE_SIGNALS, *_COUNT_NOUNS, *_NO_AMOUNT, "blocks"))
_CHANGES_SHOWN: Final = 8
_WHOLE_FROM: Final = 10
_PATH_MOST: Final = 90
_PATH_END: Final = 40
_NO_LINE: Final = {
    NoLine.RAN_OUT: "time ran out before its line was found: a larger memopt_leaks_budget (memopt check: --budget) gives more",
    NoLine.FAILED: "its line can't be told: it failed when it was watched, as what asserts on time or on tracing does",
}
_UNFOUND: Final = "no Python object was found that grows with it"
_UNSEEN: Final = (
    "no object was found that stays and grows: memory of a C extension, a reference count that is one too high, plain "
    "values (bytes, text, numbers) that only C code holds, or a container that each run makes anew"
)


def leak_headline(finding: LeakFinding) -> str:
    """The leak in a few words: ``'leaks 10 dict held by app.STATE: 640 B in 10 blocks per run (18 runs)'``.

    The name comes first: what is cut off at the end of a narrow line are the figures.
    """
    runs = f"{format_count(finding.rounds)} runs{' in a process of its own' if finding.isolated else ''}"
    amount = f"{added_text(finding.per_round) or 'memory'} per run ({runs})"
    return f"leaks {_short(finding.culprits[0])}: {amount}" if finding.culprits else f"leaks {amount}"


def added_text(added: Mapping[str, float]) -> str:
    """What a run adds, by signal, in a few words: ``'640 B in 10 blocks and 1 thread'``; ``''`` for nothing."""
    pieces = []
    in_bytes, blocks = sum(added.get(name, 0) for name in _BYTE_SIGNALS), added.get("blocks", 0)
    in_blocks = f"{amount_text(blocks)} block{'s' if blocks != 1 else ''}" if blocks > 0 else ""
    if in_bytes > 0:
        pieces.append(f"{format_size(round(in_bytes))}{' in ' if in_blocks else ''}{in_blocks}")
    elif in_blocks:
        pieces.append(in_blocks)
    for name, nouns in _COUNT_NOUNS.items():
        if (count := added.get(name, 0)) > 0:
            pieces.append(f"{amount_text(count)} {nouns[count != 1]}")
    pieces += [_of_meter(name, value) for name, value in added.items() if name not in _KNOWN and value > 0]
    return " and ".join(pieces)


def _of_meter(name: str, value: float) -> str:
    """What a plugin's meter reads more: ``"3 of 'connections'"``, ``"4.0 KiB of 'gpu'"``."""
    plain = name.removesuffix("_bytes")
    return f"{amount_text(value) if plain == name else format_size(round(value))} of {plain!r}"


def leak_lines(finding: LeakFinding) -> list[str]:
    """The headline, and below it each culprit and the evidence."""
    culprits = [line for culprit in finding.culprits for line in _culprit_lines(culprit, finding.culprits[0])]
    return [
        leak_headline(finding),
        *(culprits or [_nobody(finding)]),
        *([_NO_LINE[finding.no_line]] if finding.no_line is not None else []),
        *series_lines(finding),
        f"signature: {finding.signature}",
    ]


def _culprit_lines(culprit: Culprit, first: Culprit) -> list[str]:
    """One culprit, and below it the native calls where they are known, or what might tell them."""
    lines = [_culprit_line(culprit, first)]
    if culprit.stack:
        lines.append(f"  by {' < '.join(culprit.stack)}")
    elif culprit.type == LOST_MEMORY:
        lines.append(_UNSEEN)
    elif culprit.type == C_MEMORY and culprit.site is None:
        lines.append("whose memory it is, memray may tell: pip install pytest-memopt[memray]")
    return lines


def _nobody(finding: LeakFinding) -> str:
    """What a leak without a culprit may be: what is known of it, memory, or something else that alone grows."""
    if finding.why:
        return finding.why
    grown = {name for name, value in finding.per_round.items() if value > 0}
    is_other = grown and not grown & {*_BYTE_SIGNALS, "blocks"}
    return _UNFOUND if is_other else _UNSEEN


def _culprit_line(culprit: Culprit, first: Culprit) -> str:
    """One culprit: ``'+10  app.Session  640 B  held by app.STATE[*] (dict)  allocated at app.py:4 in put'``."""
    count = f"+{amount_text(culprit.count_per_round)}  " if culprit.count_per_round is not None else ""
    size = f"  {format_size(round(culprit.bytes_per_round))}" if culprit.bytes_per_round else ""
    holder = f" ({culprit.holder_type})" if culprit.holder_type and culprit.holder != OUTSIDE else ""
    site = f"  allocated at {culprit.site}" if culprit.site else ""
    fixture = f", for fixture {culprit.fixture!r}" if culprit.fixture else ""
    return f"{count}{culprit.name}{size}  {_where(culprit, first)}{holder}{site}{fixture}"


def _where(culprit: Culprit, first: Culprit) -> str:
    path = culprit.path or culprit.holder
    if culprit is not first and culprit.is_held_with(first):
        return "held with it"
    if path == OUTSIDE:
        return "held by nothing in Python"
    return f"held by {path if len(path) <= _PATH_MOST else f'{culprit.holder} … {path[-_PATH_END:]}'}"


def amount_text(value: float) -> str:
    """A number of things that need not be whole: ``'1 200'``, ``'0.5'``."""
    return format_count(round(value)) if value >= _WHOLE_FROM or value == round(value) else f"{value:.1f}"


def _short(culprit: Culprit) -> str:
    count = f"{amount_text(culprit.count_per_round)} " if culprit.count_per_round is not None else ""
    held = f" held by {culprit.holder}" if culprit.holder != OUTSIDE else ""
    fixture = f", made for fixture {culprit.fixture!r}" if culprit.fixture else ""
    return f"{count}{culprit.name}{held}{fixture}"


def series_lines(finding: LeakFinding) -> list[str]:
    """What the newest rounds added, for the signals that grew."""
    lines = []
    for name, changes in finding.series.items():
        if finding.per_round.get(name, 0) <= 0 or name == "rss_bytes":
            continue
        is_bytes, newest = name.endswith("_bytes"), changes[-_CHANGES_SHOWN:]
        shown = [format_change(one) if is_bytes else format_count(one, signed=True) for one in newest]
        what = name.replace("_bytes", " memory").replace("_", " ")
        if len(newest) > 1 and len(set(newest)) == 1:
            lines.append(f"{what}: {shown[0]} in each of the last {len(shown)} runs")
        else:
            lines.append(f"{what}, run by run: {', '.join(shown)}")
    return lines
