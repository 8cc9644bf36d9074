"""``memopt analyze``: a program under the monitor, a process from outside, or the suite by its history."""

from __future__ import annotations

import argparse

from ..errors import UsageError
from ..optimize.thresholds import Thresholds
from .command import ExitCode, seconds, whole_number
from .programs.target import Target, add_target_arguments, chosen_target
from .screen import Screen
from .threshold_option import add_threshold_option, read_thresholds


class AnalyzeCommand:
    """Watch a program, or a process, and tell what is wrong with its memory.

    TARGET runs in this process as `python` would run it, under a monitor: at its
    end trend, issues, advice and types are told. What it prints stays its own: the
    analysis goes to stderr, or, with --json, its output does.
    --pid looks at another process from outside. With neither, the runs of the
    history are analysed.
    The exit code is the program's own; else 1 where --fail is given and there is an
    issue, 0 where not, 2 when it could not be done, 130 after Ctrl-C.
    """

    name = "analyze"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the program, the process, and how they are judged."""
        parser.add_argument("--pid", type=whole_number(1), metavar="N", help="look at this process, from outside")
        parser.add_argument(
            "--seconds", type=seconds, default=10.0, metavar="S", help="how long --pid looks (default 10)"
        )
        parser.add_argument("--interval", type=seconds, metavar="S", help="seconds between two samples")
        parser.add_argument("--imports", action="store_true", help="tell what the program's imports cost")
        parser.add_argument("--fail", action="store_true", help="end with 1 where there is an issue")
        parser.add_argument(
            "--top",
            type=whole_number(1),
            default=5,
            metavar="N",
            help="show at most N types, tests, imports (default 5)",
        )
        add_threshold_option(parser)
        add_target_arguments(parser, "--pid N")

    def run(self, options: argparse.Namespace, screen: Screen) -> int:
        """Choose, watch, tell."""
        thresholds = read_thresholds(options.threshold)
        target = chosen_target(options)
        if target is not None and options.pid is not None:
            raise UsageError(f"--pid {options.pid} and {target}: give one of the two")
        if options.imports and target is None:
            raise UsageError(
                "--imports tells of a program that is run here: give script.py, -m module or module:callable"
            )
        if target is not None:
            return _program(target, thresholds, options, screen)
        if options.pid is not None:
            from .outside_report import analyze_outside

            return analyze_outside(options, thresholds, screen)
        from .suite_report import analyze_suite

        return analyze_suite(options, screen)


def _program(target: Target, thresholds: Thresholds, options: argparse.Namespace, screen: Screen) -> int:
    from .analysis_report import analysis_document, print_analysis
    from .programs.watched import INTERVAL_S, Watch, run_watched

    how = Watch(thresholds, options.interval or INTERVAL_S, options.imports, options.json)
    beside = screen.beside()  # the program may put something else in the place of stderr
    run = run_watched(target, how)
    if run.ending.is_fork:
        return run.ending.exit_code
    if options.json:
        screen.json(analysis_document(run))
    else:
        print_analysis(run, options.top, beside)
    return run.ending.exit_code or (ExitCode.REGRESSION if options.fail and run.analysis.issues else ExitCode.FINE)
