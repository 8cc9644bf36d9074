"""Which runs may be put into one series of the suite's own figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .records import RunRow

TEST_COUNT_RATIO: Final = 0.1


def comparable_runs(runs: Iterable[RunRow], reference: RunRow) -> list[RunRow]:
    """Those of ``runs`` that did about what ``reference`` did, in their order.

    The same environment, the same number of workers, over which resident memory is summed, and a number of tests
    that differs by 10 % at most: a run of one file says nothing of the suite.
    """
    slack = TEST_COUNT_RATIO * reference.test_count
    return [
        run
        for run in runs
        if run.environment == reference.environment
        and run.workers == reference.workers
        and abs(run.test_count - reference.test_count) <= slack
    ]
