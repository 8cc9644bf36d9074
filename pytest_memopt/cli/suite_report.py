"""``memopt analyze`` without a program: the suite, by the runs in the history."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Final

from ..history.trend import TrendVerdict
from .command import ExitCode
from .figures import FIGURES
from .screen import Look, Screen
from .trend import TrendOfTest, Trends, print_suite, print_tests, read_trends, trend_document

RUNS_LIMIT: Final = 30
_FIGURE: Final = FIGURES["growth"]


def analyze_suite(options: argparse.Namespace, screen: Screen) -> ExitCode:
    """Tell which tests grew and which keep most, how the suite moved, and what to do.

    Raises:
        UsageError: where the history holds no runs.
        HistoryError: where it can't be read.
    """
    trends = read_trends(options.history, _FIGURE, RUNS_LIMIT)
    grown = [test for test in trends.tests if test.step is not None and test.step.change > 0]
    is_rising = trends.suite.trend.verdict is TrendVerdict.RISING
    if options.json:
        document = {
            "run": trends.newest.to_json(),
            "grown": [test.nodeid for test in grown],
            "advice": list(_advice(trends, grown)),
        }
        screen.json({**document, **trend_document(trends)})
    else:
        print_suite(trends.suite, trends.runs_count, screen)
        print_tests(trends.tests, _FIGURE, options.top, screen)
        _print_findings(trends, grown, screen)
    return ExitCode.REGRESSION if options.fail and (grown or is_rising) else ExitCode.FINE


def _print_findings(trends: Trends, grown: Sequence[TrendOfTest], screen: Screen) -> None:
    screen.line()
    issues = []
    if trends.suite.trend.verdict is TrendVerdict.RISING:
        issues.append((Look.BAD, "rising", "the suite's resident memory rises from run to run"))
    issues += [(Look.BAD, "grown", _told(test)) for test in grown]
    screen.line("issues" if issues else "no issues: no test's level rose, and the suite doesn't rise", Look.STRONG)
    screen.listing(issues)
    advice = list(_advice(trends, grown))
    if advice:
        screen.line("advice", Look.STRONG)
        screen.listing((Look.PLAIN, f"{number}.", text) for number, text in enumerate(advice, start=1))


def _told(test: TrendOfTest) -> str:
    step = test.step
    if step is None:
        return test.nodeid
    point = test.points[step.index]
    commit = f" ({point.commit[:7]})" if point.commit else ""
    return f"{test.nodeid} keeps {_FIGURE.change_text(step.change)} since run {point.run_id}{commit}"


def _advice(trends: Trends, grown: Sequence[TrendOfTest]) -> Iterator[str]:
    if grown:
        yield f'pytest --memopt-leaks "{grown[0].nodeid}" says what is kept, and who holds it'
    elif trends.tests and trends.tests[0].values[-1] > 0:
        most = max(trends.tests, key=lambda test: test.values[-1])
        kept = _FIGURE.value_text(most.values[-1])
        yield f'{most.nodeid} keeps most, {kept}: pytest --memopt-leaks "{most.nodeid}" says what, and who holds it'
    if trends.suite.trend.verdict is TrendVerdict.RISING:
        yield "memopt compare last-1 last tells what grew between the last two runs"
