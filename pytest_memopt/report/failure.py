"""The text of a limit that was exceeded: what, by how much, in which runs, which types, which lines, what next."""

from __future__ import annotations

from typing import Final

from ..limits.limits import Breach, Metric, Severity
from ..meters.measurement import Measurement, Phase
from ..units import format_change, format_count, format_size
from ..verdicts.record import TestRecord, VerdictKind
from .explanation import Explanation
from .wording import came_down, counted, over_limit, runs_text

JUDGED_ONCE: Final = "judged on its first run"
_UNLISTED: Final = "the garbage collector lists nothing of it: bytes, text, numbers, a buffer that grew in place, or memory of a C extension"
_TYPES_SHOWN: Final = 6
_SITES_SHOWN: Final = 6
_SITE_SHARE: Final = 100  # a line that holds less than one part in so many is noise
_ONE_KIB: Final = 1024
_ABOUT_SURVIVORS: Final = frozenset({Metric.GROWTH, Metric.RSS, Metric.OBJECTS})
_ABOUT_BYTES: Final = frozenset({Metric.GROWTH, Metric.RSS, Metric.PEAK, Metric.OBJECTS})
_PHASE_NAMES: Final = {Phase.SETUP: "set-up", Phase.CALL: "call", Phase.TEARDOWN: "teardown"}


def explain(record: TestRecord, *, rerun_hint: str) -> Explanation:
    """Why the limits of ``record`` failed, for someone who did not write the test.

    The worst breach is the headline, and each other one has a line. Types are shown where survivors can explain the
    breach, allocating lines where bytes can.

    Args:
        record: a test with at least one breach; without one, only its verdict is told.
        rerun_hint: the command to try next; ``""`` for none.
    """
    breaches = sorted(_failing(record), key=_weight, reverse=True)
    if not breaches:
        return Explanation(f"memory: {record.verdict.value}", tuple([record.why] if record.why else []))
    lines = [f"also {_told(breach)}" for breach in breaches[1:]]
    metrics = {breach.limit.metric for breach in breaches}
    if record.measured is not None:
        lines += _evidence(record, record.measured, metrics)
    lines += _origin(record, breaches)
    if rerun_hint:
        lines.append(f"next: {rerun_hint}")
    return Explanation(f"memory: {_told(breaches[0])}", tuple(lines))


def short(record: TestRecord) -> str:
    """The worst breach in a few words: ``'held 12.0 MiB after the test, limit 1 MiB'``; ``''`` without one."""
    standing = [breach for breach in record.breaches if stands(breach)]
    return over_limit(max(standing, key=_weight)) if standing else ""


def warn_line(record: TestRecord) -> str:
    """One line on the ``warn:`` limits that were exceeded, for a warning; ``''`` where none was."""
    warned = [breach for breach in record.breaches if breach.limit.severity is Severity.WARN and stands(breach)]
    if not warned:
        return ""
    told = "; ".join(
        f"{_told(breach)}, by {breach.limit.source}" for breach in sorted(warned, key=_weight, reverse=True)
    )
    return f"{record.nodeid}: {told}"


def stands(breach: Breach) -> bool:
    """Whether the breach holds: reproduced by every rerun, or judged on its first run because none could follow."""
    return breach.confirmed or len(breach.runs) == 1


def _failing(record: TestRecord) -> list[Breach]:
    """The breaches that failed the test; where none did, those that only warned."""
    standing = [breach for breach in record.breaches if stands(breach)]
    return [breach for breach in standing if breach.limit.severity is Severity.FAIL] or standing


def _weight(breach: Breach) -> tuple[bool, bool, float]:
    """What makes one breach worse than another: failing, not merely a count of objects, how many times over its limit.

    Objects come last because they are what the bytes, descriptors or threads of another breach are made of.
    """
    limit = breach.limit
    least = _ONE_KIB if limit.metric.is_bytes else 1
    return (
        limit.severity is Severity.FAIL,
        limit.metric is not Metric.OBJECTS,
        breach.measured / max(limit.ceiling, least),
    )


def _told(breach: Breach) -> str:
    """One breach with its runs."""
    runs = runs_text(breach)
    return f"{over_limit(breach)} ({runs})" if runs else over_limit(breach)


def _evidence(record: TestRecord, measured: Measurement, metrics: set[Metric]) -> list[str]:
    """What the measurement can say of where the memory went."""
    lines: list[str] = []
    if metrics & _ABOUT_SURVIVORS:
        lines += _types(measured)
    if metrics & _ABOUT_BYTES:
        lines += _sites(record)
    if Metric.GROWTH in metrics:
        lines += _whereabouts(measured)
        if not measured.types and not record.sites:
            lines.append(_UNLISTED)
    lines += [f"{'estimated' if not measured.exact else 'note'}: {note}" for note in measured.notes]
    return lines


def _types(measured: Measurement) -> list[str]:
    """A table of the surviving types, with how many were left out."""
    shown = measured.types[:_TYPES_SHOWN]
    if not shown:
        return []
    rows = [(format_count(use.count, signed=True), use.type, format_size(use.bytes)) for use in shown]
    return [
        "alive since this test (own sizes, without what they refer to):",
        *_columns(rows),
        *_left_out(len(measured.types) - len(shown), "type"),
    ]


def _sites(record: TestRecord) -> list[str]:
    """A table of the allocating lines."""
    total_bytes = sum(site.bytes for site in record.sites)
    told = [site for site in record.sites if site.bytes * _SITE_SHARE >= total_bytes]
    shown = told[:_SITES_SHOWN]
    if not shown:
        return []
    rows = [
        (
            format_size(site.bytes),
            site.place,
            counted(site.count, "block"),
        )
        for site in shown
    ]
    return ["allocated at:", *_columns(rows), *_left_out(len(told) - len(shown), "line")]


def _whereabouts(measured: Measurement) -> list[str]:
    """Which allocators hold the growth, and in which phase it came."""
    kinds = (
        ("small Python blocks", measured.small_bytes),
        ("C heap", measured.heap_bytes),
        ("memory maps", measured.mapped_bytes),
    )
    held = [f"{name} {format_change(size)}" for name, size in kinds if size]
    grown = [
        f"{_PHASE_NAMES[phase]} {format_change(use.growth_bytes)}"
        for phase, use in measured.phases.items()
        if use.growth_bytes
    ]
    return [
        *([f"held in: {', '.join(held)}"] if held else []),
        *([f"grew in: {', '.join(grown)}"] if grown else []),
    ]


def _origin(record: TestRecord, breaches: list[Breach]) -> list[str]:
    """Where the limits were written, and how far the judgement can be relied on."""
    lines = [f"limit from: {source}" for source in dict.fromkeys(breach.limit.source for breach in breaches)]
    if any(len(breach.runs) == 1 for breach in breaches):
        lines.append(record.why or JUDGED_ONCE)
    if record.verdict is not VerdictKind.WARM_UP:
        warm = [breach for breach in record.breaches if not stands(breach)]
        lines += [
            f"no failure: {breach.limit.metric.value} was over its limit, then {came_down(breach)}" for breach in warm
        ]
    return lines


def _columns(rows: list[tuple[str, str, str]]) -> list[str]:
    """Three columns: a number to the right, a name to the left, a number to the right."""
    first, second, third = (max(len(row[index]) for row in rows) for index in range(3))
    return [f"  {row[0]:>{first}}  {row[1]:<{second}}  {row[2]:>{third}}" for row in rows]


def _left_out(count: int, noun: str) -> list[str]:
    """A line on what a table does not show."""
    return [f"  and {counted(count, f'more {noun}')}"] if count > 0 else []
