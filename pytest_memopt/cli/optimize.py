"""``memopt optimize``: what the strategies do to a program at its end, and to what can be called again and again."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..optimize.paired_effect import PAIRS, PAIRS_LEAST
from .command import ExitCode, whole_number
from .programs.target import TargetKind, add_target_arguments, chosen_target
from .screen import Screen

if TYPE_CHECKING:
    from ..optimize.optimizer import MemoryOptimizer


class OptimizeCommand:
    """Run a program, try the strategies on it, and tell what each one did.

    TARGET runs in this process as `python` would run it. At its end, with all that
    it holds in place, the strategies that its memory calls for are tried and
    measured one by one. module:callable is called again after that, without and
    with them in turn: seconds and peak RSS are compared pair by pair.
    What it prints stays its own: the rest goes to stderr, or, with --json, its
    output does. Without a program it is told which strategies helped in the runs of
    the suite. The exit code is the program's own; else 0, 2 when it could not be
    done, 130 after Ctrl-C.
    """

    name = "optimize"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the program, and what is tried."""
        parser.add_argument(
            "--strategies", metavar="NAMES", help="try these alone, as gc,compact,cleanup (default: all that there are)"
        )
        parser.add_argument(
            "--pairs",
            type=_pairs,
            default=PAIRS,
            metavar="N",
            help=f"pairs of calls to compare, from {PAIRS_LEAST} up, 0 for none (default {PAIRS})",
        )
        add_target_arguments(parser)

    def run(self, options: argparse.Namespace, screen: Screen) -> int:
        """Run, try, tell."""
        target = chosen_target(options)
        if target is None:
            from .known_strategies import tell_known_strategies

            return tell_known_strategies(options, screen)
        from .optimize_report import optimization_document, print_optimization
        from .programs.optimized import run_optimized

        beside = screen.beside()  # the program may put something else in the place of stderr
        pairs_count = options.pairs if target.kind is TargetKind.CALLABLE else 0
        run = run_optimized(target, lambda: chosen_optimizer(options.strategies), pairs_count, is_quiet=options.json)
        if run.ending.is_fork:
            return run.ending.exit_code
        if options.json:
            screen.json(optimization_document(run))
        else:
            print_optimization(run, beside)
        return run.ending.exit_code or (ExitCode.UNUSABLE if run.problem else ExitCode.FINE)


def chosen_optimizer(names: str | None) -> MemoryOptimizer:
    """An optimizer that tries the strategies of these names, separated by commas; all when ``None``.

    Raises:
        UsageError: naming what is none.
    """
    from ..optimize.collection_counter import CollectionCounter
    from ..optimize.optimizer import MemoryOptimizer, default_strategies

    counter = CollectionCounter()
    known = {strategy.name: strategy for strategy in default_strategies(counter)}
    if names is None:
        return MemoryOptimizer(list(known.values()), counter=counter)
    wanted = list(dict.fromkeys(name.strip() for name in names.split(",")))
    for name in wanted:
        if name not in known:
            raise UsageError(f"--strategies: {name!r} is none; there are {', '.join(known)}")
    return MemoryOptimizer([known[name] for name in wanted], counter=counter)


def _pairs(text: str) -> int:
    count = whole_number(0)(text)
    if 0 < count < PAIRS_LEAST:
        raise argparse.ArgumentTypeError(f"{text} pairs tell nothing; give {PAIRS_LEAST} or more, or 0 for none")
    return count
