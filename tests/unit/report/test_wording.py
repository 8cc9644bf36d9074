"""Numbers and breaches in words."""

from __future__ import annotations

import pytest

from pytest_memopt.limits.limits import Breach, Limit, Metric
from pytest_memopt.report.wording import came_down, change_text, counted, ordinal, over_limit, runs_text
from pytest_memopt.units import format_seconds

MIB = 1024**2


def breach(metric: Metric, ceiling: int, *runs: int, type_name: str | None = None) -> Breach:
    """A limit with its runs."""
    limit = Limit(metric=metric, ceiling=ceiling, type_name=type_name)
    return Breach(limit=limit, runs=runs, confirmed=all(run > ceiling for run in runs))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (breach(Metric.GROWTH, MIB, 12 * MIB), "held 12.0 MiB after the test, limit 1 MiB"),
        (breach(Metric.PEAK, 20_000_000, 42_050_000), "allocated 40.1 MiB at one time, limit 19.1 MiB"),
        (breach(Metric.RSS, 200 * MIB, 201 * MIB), "resident memory rose by 201.0 MiB, limit 200 MiB"),
        (breach(Metric.OBJECTS, 0, 30_012), "left 30 012 objects alive, limit 0"),
        (breach(Metric.OBJECTS, 0, 1), "left 1 object alive, limit 0"),
        (breach(Metric.OBJECTS, 0, 3, type_name="app.Session"), "left 3 objects of type app.Session alive, limit 0"),
        (breach(Metric.OBJECTS, 500, 512, type_name="*"), "left 512 other objects alive, limit 500"),
        (breach(Metric.FDS, 0, 2), "left 2 file descriptors open, limit 0"),
        (breach(Metric.THREADS, 0, 1), "left 1 thread running, limit 0"),
    ],
    ids=lambda value: value.limit.metric.value if isinstance(value, Breach) else "",
)
def test_each_metric_has_words_of_its_own(broken: Breach, said: str) -> None:
    """What the test did is said in the terms of what was measured."""
    assert over_limit(broken) == said


def test_a_breach_by_less_than_the_rounding_is_told_to_the_byte() -> None:
    """Measured and limit never read the same."""
    assert over_limit(breach(Metric.GROWTH, MIB, MIB + 8)) == "held 1 048 584 B after the test, limit 1 048 576 B"


def test_only_what_every_run_reproduced_is_reported() -> None:
    """The measured value is the smallest of the runs."""
    assert over_limit(breach(Metric.FDS, 0, 5, 2, 3)) == "left 2 file descriptors open, limit 0"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (breach(Metric.GROWTH, MIB, *[12 * MIB] * 3), "3 of 3 runs: +12.0, +12.0, +12.0 MiB"),
        (breach(Metric.GROWTH, 100, 12 * MIB, 2048, 2048), "3 of 3 runs: +12.0 MiB, +2.0 KiB, +2.0 KiB"),
        (breach(Metric.GROWTH, 100, 2048, 0), "1 of 2 runs: +2.0 KiB, 0 B"),
        (breach(Metric.OBJECTS, 0, 1000, 1000), "2 of 2 runs: +1 000, +1 000"),
        (breach(Metric.FDS, 0, 2, 2), "2 of 2 runs: +2, +2"),
        (breach(Metric.FDS, 0, *range(1, 8)), "7 of 7 runs: +1, +2, +3, …, +7"),
        (breach(Metric.GROWTH, 0, *[MIB] * 7), "7 of 7 runs: +1.0, +1.0, +1.0, …, +1.0 MiB"),
        (breach(Metric.GROWTH, MIB, 12 * MIB), ""),
    ],
)
def test_the_runs_are_the_evidence(broken: Breach, said: str) -> None:
    """Each run is shown, its unit once where all share it; many runs lose their middle, one run says nothing."""
    assert runs_text(broken) == said


def test_the_run_that_was_fine_again_is_named() -> None:
    """A warm-up is proven by the first run that kept the limit."""
    assert came_down(breach(Metric.GROWTH, 1024, 49_152, 0)) == "0 B on the second run"
    assert came_down(breach(Metric.OBJECTS, 0, 9, 1, 0)) == "0 on the third run"
    assert came_down(breach(Metric.OBJECTS, 0, 9)) == ""


@pytest.mark.parametrize(
    ("number", "word"), [(1, "first"), (10, "tenth"), (11, "11th"), (21, "21st"), (22, "22nd"), (112, "112th")]
)
def test_ordinals_are_words_up_to_ten(number: int, word: str) -> None:
    """Small ordinals are words, others numbers with their ending."""
    assert ordinal(number) == word


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 ms"),
        (0.00021, "0.2 ms"),
        (0.0229, "23 ms"),
        (0.1, "0.1 s"),
        (4.31, "4.3 s"),
        (59.96, "1 min 00 s"),
        (125.4, "2 min 05 s"),
    ],
)
def test_durations_have_the_unit_that_reads_best(seconds: float, text: str) -> None:
    """Milliseconds below a tenth of a second, minutes from sixty."""
    assert format_seconds(seconds) == text


def test_counts_agree_with_their_noun() -> None:
    """One is singular, nought and many are plural, with the plural that the noun has."""
    assert (counted(1, "test"), counted(0, "test"), counted(1200, "test")) == ("1 test", "0 tests", "1 200 tests")
    assert counted(2, "breach", "breaches") == "2 breaches"


def test_changes_are_signed_in_the_unit_of_the_metric() -> None:
    """Bytes carry a unit, counts none."""
    assert change_text(Metric.GROWTH, -640) == "-640 B"
    assert change_text(Metric.THREADS, 2) == "+2"
