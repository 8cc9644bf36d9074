"""A program that is run under the monitor: how it ended, and what its process held at its end."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from ...bounded_series import Point
from ...flags import Flag, is_enabled
from ...optimize.analysis import MemoryAnalysis, analyze
from ...optimize.monitor import MemoryMonitor, MonitorCost
from ...optimize.recorder import ProfileRecorder
from ...optimize.take import take_profile
from ...optimize.thresholds import Thresholds
from .live_figures import LiveFigures
from .live_line import live_line
from .loading import stage_of
from .running import Ending, run_to_end
from .streams import stdout_to_stderr
from .target import Target

if TYPE_CHECKING:
    from ...optimize.import_cost import ImportTree

INTERVAL_S: Final = 0.05


class Watch(NamedTuple):
    """How a program is to be watched.

    Attributes:
        thresholds: what its process may reach.
        interval_s: seconds between two samples.
        with_imports: whether its imports are measured.
        is_quiet: whether its stdout goes to stderr.
    """

    thresholds: Thresholds = Thresholds()
    interval_s: float = INTERVAL_S
    with_imports: bool = False
    is_quiet: bool = False


class WatchedRun(NamedTuple):
    """What came of it.

    Attributes:
        target: the program.
        ending: how it ended.
        analysis: of its process at its end, judged by the resident memory that was sampled.
        rss: resident bytes over its time.
        cost: what the sampling took.
        interval_s: seconds between two samples.
        first_counts: how many objects of each type there were before it began.
        imports: what its imports cost; ``None`` where they were not measured.
    """

    target: Target
    ending: Ending
    analysis: MemoryAnalysis
    rss: tuple[Point, ...]
    cost: MonitorCost
    interval_s: float
    first_counts: Mapping[str, int]
    imports: ImportTree | None = None


def run_watched(target: Target, how: Watch) -> WatchedRun:
    """Run ``target`` to its end under the monitor, and look at the process then, while all that it holds is there.

    With ``ENABLE_MEMORY_ANALYSIS=false`` in the environment it is just run.

    Raises:
        UsageError: where there is no such program, or that variable says neither on nor off.
    """
    with stdout_to_stderr(wanted=how.is_quiet), stage_of(target) as load:
        if not is_enabled(Flag.ANALYSIS):
            return _unwatched(target, run_to_end(load), how)
        recorder, monitor = ProfileRecorder(), MemoryMonitor(how.interval_s)
        first, _ = recorder.add(take_profile(top=None))
        with _measured_imports(wanted=how.with_imports) as trees, live_line(LiveFigures(monitor).line), monitor:
            ending = run_to_end(load)
        if ending.is_fork:
            return _unwatched(target, ending, how)
        analysis = analyze(thresholds=how.thresholds, monitor=monitor, recorder=recorder)
    tree = trees[0] if trees else None
    return WatchedRun(target, ending, analysis, monitor.rss(), monitor.cost, how.interval_s, first.counts, tree)


def _unwatched(target: Target, ending: Ending, how: Watch) -> WatchedRun:
    """A run of which nothing is told but how it ended."""
    return WatchedRun(target, ending, MemoryAnalysis(), (), MonitorCost(0.0, 0.0), how.interval_s, {})


@contextmanager
def _measured_imports(*, wanted: bool) -> Generator[list[ImportTree], None, None]:
    """A list that has, afterwards, what the imports cost, where that is ``wanted``."""
    trees: list[ImportTree] = []
    if not wanted:
        yield trees
        return
    from ...optimize.measured_imports import measure_imports

    with measure_imports() as costs:
        yield trees
    trees.append(costs.tree)
