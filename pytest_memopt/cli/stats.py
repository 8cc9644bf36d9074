"""``memopt stats``: the last run, a program at its end, or a process now, in figures."""

from __future__ import annotations

import argparse

from ..errors import UsageError
from .command import whole_number
from .programs.target import add_target_arguments, chosen_target
from .screen import Screen


class StatsCommand:
    """Show the memory of a program, a process, or the last run, in figures.

    TARGET runs in this process as `python` would run it; the figures are those of
    its end. What it prints stays its own: the figures go to stderr, or, with
    --json, its output does. --pid looks at another process from outside. With
    neither, the last run of the history is told.
    The exit code is the program's own; else 0, 2 when it could not be done.
    """

    name = "stats"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the program and the process."""
        parser.add_argument("--pid", type=whole_number(1), metavar="N", help="look at this process, from outside")
        add_target_arguments(parser, "--pid N")

    def run(self, options: argparse.Namespace, screen: Screen) -> int:
        """Choose, read, tell."""
        target = chosen_target(options)
        if target is not None and options.pid is not None:
            raise UsageError(f"--pid {options.pid} and {target}: give one of the two")
        if target is not None:
            from .program_stats import tell_program

            return tell_program(target, screen, is_json=options.json)
        if options.pid is not None:
            from .outside_report import look_outside

            return look_outside(options, screen)
        from .run_stats import tell_last_run

        return tell_last_run(options, screen)
