"""What the summary says of one test beside its figures."""

from __future__ import annotations

from typing import Final

from ..limits.limits import Severity
from ..units import format_change
from ..verdicts.record import Outcome, TestRecord, VerdictKind
from .failure import JUDGED_ONCE, short, stands
from .ranking import failing, unchecked
from .sparkline import sparkline
from .summary import TrendNote
from .text import Span, Style
from .wording import came_down, counted, ordinal

_FAILED: Final = frozenset({Outcome.FAILED, Outcome.ERROR})
_SAID_BY_ITSELF: Final = frozenset({VerdictKind.OK, VerdictKind.BREACH, VerdictKind.WARM_UP, VerdictKind.UNMEASURED})


def notes(record: TestRecord, trend: TrendNote | None) -> tuple[Span, ...]:
    """The pieces of the note, the most important first; none for a test that is fine and always was."""
    return (*_breach(record), *_unmeasured(record), *_warm_up(record), *_verdict(record), *_left(record), *_step(trend))


def row_style(record: TestRecord) -> Style:
    """How the test's figures look."""
    if failing(record):
        return Style.BAD if record.outcome in _FAILED else Style.WARN
    if unchecked(record) or any(map(stands, record.breaches)):
        return Style.WARN
    return Style.PLAIN


def _breach(record: TestRecord) -> list[Span]:
    """The worst exceeded limit, and how many others there are."""
    standing = [breach for breach in record.breaches if stands(breach)]
    if not standing:
        return []
    warned = all(breach.limit.severity is Severity.WARN for breach in standing)
    expected = "expected: " if record.outcome is Outcome.XFAILED else ""
    told = [Span(f"{'warn: ' if warned else expected}{short(record)}", row_style(record))]
    if len(standing) > 1:
        told.append(Span(f"and over {counted(len(standing) - 1, 'other limit')}", row_style(record)))
    if any(len(breach.runs) == 1 for breach in standing):
        told.append(Span(record.why or JUDGED_ONCE))
    return told


def _unmeasured(record: TestRecord) -> list[Span]:
    """Why there are no figures, and which limits could not be checked, unless the reason names them."""
    if record.verdict is not VerdictKind.UNMEASURED:
        return []
    why = record.why or "no reason given"
    told = [Span(f"unmeasured: {why}", Style.WARN)]
    names = dict.fromkeys(limit.metric.value for limit in record.limits if limit.metric.value not in why)
    if names:
        told.append(Span(f"limits not checked: {', '.join(names)}", Style.WARN))
    return told


def _warm_up(record: TestRecord) -> list[Span]:
    """In which run a growth did not come back."""
    if record.verdict is not VerdictKind.WARM_UP:
        return []
    for breach in record.breaches:
        if not stands(breach) and (text := came_down(breach)):
            return [Span(f"warm-up: {text}", Style.GOOD)]
    for index, growth in enumerate(record.reruns):
        if record.measured is not None and growth < record.measured.growth_bytes:
            return [Span(f"warm-up: {format_change(growth)} on the {ordinal(index + 2)} run", Style.GOOD)]
    return [Span(f"warm-up{f': {record.why}' if record.why else ''}", Style.GOOD)]


def _verdict(record: TestRecord) -> list[Span]:
    """A verdict that the other pieces don't tell."""
    if record.verdict in _SAID_BY_ITSELF:
        return []
    if record.verdict is VerdictKind.LEAK:
        return [Span("leak, told below", Style.BAD)]
    word = record.verdict.value.replace("-", " ")
    return [Span(f"{word}{f': {record.why}' if record.why else ''}", Style.WARN)]


def _left(record: TestRecord) -> list[Span]:
    """What the test left behind that the table has no column for: descriptors, threads, readings of users' meters."""
    measured = record.measured
    if measured is None:
        return []
    left = ((measured.fds, "open descriptor"), (measured.threads, "running thread"))
    told = [Span(f"+{counted(count, noun)}", Style.WARN) for count, noun in left if count and count > 0]
    return [*told, *(Span(f"{change:+} {name}", Style.WARN) for name, change in measured.extra.items() if change)]


def _step(trend: TrendNote | None) -> list[Span]:
    """The last step of the test's history, drawn and in numbers."""
    if trend is None or not trend.step_bytes:
        return []
    line = sparkline(trend.sparkline_values)
    since = f" since run {trend.step_run}" if trend.step_run is not None else ""
    commit = f" ({trend.step_commit})" if trend.step_commit else ""
    text = f"{line}{' ' if line else ''}{format_change(trend.step_bytes)}{since}{commit}"
    return [Span(text, Style.WARN if trend.step_bytes > 0 else Style.GOOD)]
