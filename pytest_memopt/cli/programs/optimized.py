"""A program that is run to its end, on which the strategies are tried then."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...errors import one_line
from ...optimize.optimizer import MemoryOptimizer
from ...optimize.outcome import Optimization
from ...optimize.paired_effect import PairedEffect, measure_pairs
from .loading import stage_of
from .running import Ending, EndKind, run_to_end
from .streams import stdout_to_stderr
from .target import Target


class OptimizedRun(NamedTuple):
    """What came of it.

    Attributes:
        target: the program.
        ending: how it ended.
        optimization: what the strategies did to its process at its end.
        effect: what they do to further calls; ``None`` where there were none, as where no strategy was tried.
        problem: why further calls could not be compared, where they were begun.
    """

    target: Target
    ending: Ending
    optimization: Optimization = Optimization()
    effect: PairedEffect | None = None
    problem: str = ""


def run_optimized(
    target: Target, make_optimizer: Callable[[], MemoryOptimizer], pairs_count: int, *, is_quiet: bool
) -> OptimizedRun:
    """Run ``target`` with its collections counted, try the strategies, put them back, and call it again in pairs.

    Args:
        target: the program.
        make_optimizer: gives what tries the strategies, before the program is run.
        pairs_count: how many pairs of calls; 0 for none, as for what can't be called again.
        is_quiet: whether its stdout goes to stderr.

    Raises:
        UsageError: where there is no such program.
        OptimizationError: where what was altered can't be put back.
    """
    optimizer = make_optimizer()
    calls: list[Callable[[], object]] = []
    with stdout_to_stderr(wanted=is_quiet), stage_of(target) as load:

        def loaded() -> Callable[[], object]:
            calls.append(load())
            return calls[0]

        with optimizer.watch():
            ending = run_to_end(loaded)
        if ending.is_fork:
            return OptimizedRun(target, ending)
        optimization = optimizer.optimize()
        optimizer.revert()
        wants_pairs = pairs_count and ending.kind is EndKind.FINISHED and optimization.outcomes
        effect, problem = _effect(calls[0], optimizer, pairs_count) if wants_pairs else (None, "")
    return OptimizedRun(target, ending, optimization, effect, problem)


def _effect(
    work: Callable[[], object], optimizer: MemoryOptimizer, pairs_count: int
) -> tuple[PairedEffect | None, str]:
    try:
        return measure_pairs(work, optimizer.applied, pairs_count), ""
    except KeyboardInterrupt:
        return None, "interrupted"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what is called may raise anything
        return None, f"raised {one_line(error)}"
