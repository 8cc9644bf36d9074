"""The terminal summary: how the suite's memory moved, the worst tests and fixtures, and all that went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from textwrap import wrap
from typing import Final, NamedTuple

from ..leaks.story import leak_headline
from ..meters.measurement import Measurement
from ..units import format_change, format_count, format_seconds, format_size
from ..verdicts.record import TestRecord, VerdictKind
from .counts import verdict_counts
from .failure import short
from .header import meter_details, meter_pieces, rss_pieces, rss_text, run_pieces, tests_text
from .leaks import broken_off, hunts_text, leak_lots, sight_text, slowest_hunts, undecided
from .notes import notes, row_style
from .ranking import failing, worst_fixtures, worst_tests
from .sparkline import sparkline
from .summary import RunSummary
from .table import Row, table
from .text import Line, Span, Style, TextOut, flow, spelt, write_line
from .typeface import Typeface
from .wording import counted

TITLE: Final = "memory"
_BETWEEN: Final = " · "
_NOTHING: Final = "-"
_FIXTURES_SHOWN: Final = 5
_REASONS_SHOWN: Final = 3
_MAIN: Final = "main"
_ADVICE: Final = "advice  "


def render(
    summary: RunSummary, out: TextOut, *, top: int, verbosity: int, width: int, are_warnings_told: bool = False
) -> None:
    """Print the summary.

    Below verbosity 0 these are two lines at the most, and one more for each test that failed by its memory or process
    that died, and for some whose hunt came to nothing. A run without tests is one line. Nothing is printed that the
    stream can't encode.

    Args:
        summary: the run.
        out: the terminal.
        top: rows in the table of tests; what is left out is counted.
        verbosity: pytest's; above 0 the instruments' means, every fixture and every reason are told.
        width: columns of the terminal.
        are_warnings_told: whether the caller tells the warnings that a brief summary only counts.
    """
    page = _Page(summary, Typeface.for_encoding(out.encoding), top, verbosity, width, are_warnings_told)
    for line in page.lines():
        write_line(out, line)


class _Page(NamedTuple):
    """One summary laid out for one terminal."""

    summary: RunSummary
    face: Typeface
    top: int
    verbosity: int
    width: int
    are_warnings_told: bool

    def lines(self) -> Iterator[Line]:
        """All lines, from the title to the last warning."""
        if not self.summary.tests:
            yield self._line(Span(f"{TITLE}: no test ran, so none was measured"))
            yield from self._losses()
            yield from self._troubles()
            return
        if self.verbosity < 0:
            yield from self._brief()
            return
        yield (Span(f" {TITLE} ".center(self.width, "="), Style.STRONG),)
        yield from self._flow(run_pieces(self.summary))
        yield from self._flow((meter_details if self.verbosity > 0 else meter_pieces)(self.summary.meters))
        yield from self._flow(rss_pieces(self.summary))
        yield from self._tests()
        yield from self._leaks()
        yield from self._fixtures()
        yield from self._pools()
        yield from self._workers()
        yield from self._optimizations()
        yield from self._advice()
        yield from self._flow(verdict_counts(self.summary.tests))
        yield from self._reasons()
        yield from self._troubles()

    def _brief(self) -> Iterator[Line]:
        """The summary in two lines, and one for each failure, and for what couldn't be decided."""
        pieces = [Span(f"{TITLE}: {tests_text(self.summary)}")]
        rss = rss_text(self.summary.workers)
        warnings = len(self.summary.warnings)
        if rss:
            pieces.append(Span(rss))
        pieces += verdict_counts(self.summary.tests)
        if warnings and not self.are_warnings_told:
            pieces.append(Span(f"{counted(warnings, 'warning')}, told without -q", Style.WARN))
        first, *rest = self._flow(pieces)
        yield first
        if rest:
            # However narrow the terminal is: two lines.
            between = Span(self.face.spell(_BETWEEN))
            yield tuple(span for line in rest for span in (between, *line))[1:]
        for record in filter(failing, worst_tests(self.summary)):
            yield self._line(Span(record.nodeid, Style.STRONG), Span(f": {_failure_text(record)}", row_style(record)))
        for told in undecided(self.summary.tests):
            yield self._line(Span(told, Style.WARN))
        yield from self._broken_off()
        yield from self._losses()

    def _tests(self) -> Iterator[Line]:
        """The table of the worst tests, or one line where there are none."""
        told = worst_tests(self.summary)
        if not told:
            if any(record.measured for record in self.summary.tests):
                yield self._line(Span("every test gave back all that it took", Style.GOOD))
            return
        shown = told[: max(self.top, 0)]
        traced = any(record.measured and record.measured.peak_bytes is not None for record in shown)
        headings = ["growth", "peak RSS", *(["allocated"] if traced else []), "objects", "test"]
        yield from table(headings, [self._test_row(record, traced=traced) for record in shown], self.width, self.face)
        if len(told) > len(shown):
            left = counted(len(told) - len(shown), "more test")
            yield self._line(Span(f"{left} to tell of: --memopt-top {len(told)} shows all", Style.FAINT))

    def _test_row(self, record: TestRecord, *, traced: bool) -> Row:
        """One test's figures and notes."""
        measured = record.measured
        trend = self.summary.test_trends.get(record.nodeid)
        blank = (_NOTHING,) * (4 if traced else 3)
        figures = blank if measured is None else _figures(measured, traced=traced)
        return Row(figures, record.nodeid, notes(record, trend), row_style(record))

    def _leaks(self) -> Iterator[Line]:
        """Each leak once, whichever tests show it, how long the hunts took, and what they could see."""
        for lot in leak_lots(self.summary.tests):
            yield self._line(Span("leak  ", Style.BAD), Span(lot.told), Span(lot.seen_in, Style.FAINT))
        if (text := hunts_text(self.summary.tests)) is not None:
            sight = sight_text(self.summary.tests)
            yield from self._flow([Span(text), *([Span(sight)] if sight is not None else [])])
        if self.verbosity > 0 and (slowest := slowest_hunts(self.summary.tests)):
            yield self._line(Span("slowest hunts:"))
            for told in slowest:
                yield self._line(Span(f"  {told}"))
        yield from self._broken_off()

    def _broken_off(self) -> Iterator[Line]:
        """The hunts that were interrupted, with what they had seen."""
        for told in broken_off(self.summary.tests):
            yield self._line(Span(told))

    def _fixtures(self) -> Iterator[Line]:
        """The table of the fixtures that hold or take the most."""
        count = len(self.summary.fixtures) if self.verbosity > 0 else _FIXTURES_SHOWN
        rows = [
            Row(
                (
                    _NOTHING if use.growth_bytes is None else format_change(use.growth_bytes),
                    format_count(use.builds),
                    format_seconds(use.setup_s),
                ),
                f"{use.name} ({use.scope})",
            )
            for use in worst_fixtures(self.summary.fixtures, count)
        ]
        yield from table(["growth", "built", "set-up", "fixture"], rows, self.width, self.face)

    def _pools(self) -> Iterator[Line]:
        """The table of the pools, where anything was borrowed."""
        if self.summary.pools:
            from .pools import HEADINGS, comparison_lines, pool_rows

            yield from table(HEADINGS, pool_rows(self.summary.pools), self.width, self.face)
            for told in comparison_lines(self.summary.pools):
                yield self._line(Span(f"  {told}"))

    def _workers(self) -> Iterator[Line]:
        """A line per process, where there are several."""
        workers = [use for use in self.summary.workers if use.lost is None]
        if any(use.name != _MAIN for use in self.summary.workers):
            name_width = max((len(use.name) for use in workers), default=0)
            tests = [counted(use.tests, "test") for use in workers]
            tests_width = max(map(len, tests), default=0)
            for use, count in zip(workers, tests, strict=True):
                line = sparkline(use.rss_series_bytes)
                told = f"{use.name:<{name_width}}  {count:>{tests_width}}  {rss_text([use])}  {line}"
                yield self._line(Span(told))
        yield from self._losses()

    def _optimizations(self) -> Iterator[Line]:
        """A line for each strategy that was asked for."""
        if not self.summary.optimizations:
            return
        from .optimizations import optimization_lines

        for text, has_helped in optimization_lines(self.summary.optimizations):
            yield self._line(Span(text, Style.GOOD if has_helped else Style.PLAIN))

    def _advice(self) -> Iterator[Line]:
        """What to change, and what that would save."""
        for advice in self.summary.advice:
            lines = wrap(advice.text, max(self.width - len(_ADVICE), 1), break_long_words=False, break_on_hyphens=False)
            for index, line in enumerate(lines):
                lead = Span(" " * len(_ADVICE)) if index else Span(_ADVICE, Style.STRONG)
                yield self._line(lead, Span(line))

    def _losses(self) -> Iterator[Line]:
        """A line for each process that died."""
        for use in self.summary.workers:
            if use.lost is not None:
                yield self._line(
                    Span(f"{use.name} died", Style.BAD), Span(f" after {counted(use.tests, 'test')}: {use.lost}")
                )

    def _reasons(self) -> Iterator[Line]:
        """Why tests without a limit were not measured; those with one have rows of their own."""
        reasons = Counter(
            record.why or "no reason given"
            for record in self.summary.tests
            if record.verdict is VerdictKind.UNMEASURED and not record.limits
        )
        shown = reasons.most_common(None if self.verbosity > 0 else _REASONS_SHOWN)
        pieces = [Span(f"{why} ({counted(count, 'test')})") for why, count in shown]
        if len(reasons) > len(shown):
            pieces.append(Span(counted(len(reasons) - len(shown), "other reason")))
        if pieces:
            yield from self._flow([Span(f"unmeasured: {pieces[0].text}"), *pieces[1:]])

    def _troubles(self) -> Iterator[Line]:
        """What went wrong without stopping the run."""
        for warning in self.summary.warnings:
            yield self._line(Span("warning: ", Style.WARN), Span(warning))

    def _flow(self, pieces: list[Span]) -> list[Line]:
        """The pieces on as few lines as hold them."""
        return flow(spelt(pieces, self.face), self.face.spell(_BETWEEN), self.width)

    def _line(self, *spans: Span) -> Line:
        """One line, spelt for the terminal."""
        return spelt(spans, self.face)


def _failure_text(record: TestRecord) -> str:
    """Why the test fails by its memory, in a few words."""
    if record.verdict is VerdictKind.LEAK and record.leak is not None:
        return leak_headline(record.leak)
    return short(record)


def _figures(measured: Measurement, *, traced: bool) -> tuple[str, ...]:
    """The cells of one test."""
    growth = f"{'' if measured.exact else '≈'}{format_change(measured.growth_bytes)}"
    peak_rss, peak = (
        _NOTHING if size is None else format_size(size) for size in (measured.peak_rss_bytes, measured.peak_bytes)
    )
    objects = _NOTHING if measured.objects is None else format_count(measured.objects, signed=True)
    return (growth, peak_rss, *([peak] if traced else []), objects)
