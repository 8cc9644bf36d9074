"""``memopt check``: whether calling something again and again leaks."""

from __future__ import annotations

import argparse
from array import array
from collections.abc import Callable
from pathlib import Path

from ..errors import MemoptError, one_line
from ..leaks.check import check_leaks
from ..leaks.finding import LeakFinding
from ..leaks.ruling import LeakKind
from ..leaks.story import leak_lines
from ..verdicts.leak_wire import leak_to_wire
from .command import ExitCode, seconds, whole_number
from .screen import Look, Screen
from .target import current_folder, load_target

_LOOKS = {LeakKind.CLEAN: Look.GOOD, LeakKind.LEAK: Look.BAD}


class CheckCommand:
    """Call something again and again, and say whether it leaks.

    TARGET is module:callable or file.py:callable; it is called without arguments,
    in this process, or in one of its own with --isolate, which may crash or hang.
    The exit code is 1 for a leak, 0 for none, 2 when there is no telling, 130 when
    it was interrupted.
    """

    name = "check"
    reads_history = False

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the target and the patience."""
        parser.add_argument("target", metavar="TARGET", help="module:callable or file.py:callable")
        parser.add_argument(
            "--rounds", type=whole_number(1), metavar="N", help="calls to judge at least; a leak in every k-th needs 3k"
        )
        parser.add_argument(
            "--budget", type=seconds, default=20.0, metavar="S", help="seconds after which it is given up (default 20)"
        )
        parser.add_argument(
            "--isolate", action="store_true", help="hunt in a process of its own, which may crash or hang"
        )
        parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Hunt, and tell."""
        if options.isolate:
            from .isolated_check import isolated_check
            from .waiting_line import waiting_line

            with waiting_line(options.target) as on_wait:
                finding = isolated_check(options.target, options.rounds, options.budget, current_folder(), on_wait)
        else:
            finding = _hunted(load_target(options.target), options)
        if options.answer:
            from ..leaks.fresh_process import leave_answer

            leave_answer(options.answer, leak_to_wire(finding))
        elif options.json:
            screen.json({"target": options.target, "leak": leak_to_wire(finding)})
        else:
            _tell(options.target, finding, screen)
        if finding.is_leak:
            return ExitCode.REGRESSION
        return ExitCode.UNUSABLE if finding.verdict is LeakKind.INCONCLUSIVE else ExitCode.FINE


def _hunted(run: Callable[[], object], options: argparse.Namespace) -> LeakFinding:
    calls = array("q", [0])  # a number that is kept would take memory

    def counted() -> object:
        calls[0] += 1
        return run()

    try:
        return check_leaks(counted, rounds=options.rounds, budget_s=options.budget)
    except KeyboardInterrupt:
        said = "call" if calls[0] == 1 else "calls"
        raise KeyboardInterrupt(f"{options.target}: interrupted in {calls[0]} {said}, no verdict yet") from None
    except (Exception, SystemExit) as error:
        raise MemoptError(f"{options.target} raised {one_line(error)}") from error


def _tell(target: str, finding: LeakFinding, screen: Screen) -> None:
    look = _LOOKS.get(finding.verdict, Look.PLAIN)
    if finding.is_leak:
        headline, *lines = leak_lines(finding)
        screen.line(f"{target} {headline}", look)
        for line in lines:
            screen.line(f"  {line}")
        return
    why = f": {finding.why}" if finding.why else ""
    screen.line(f"{target}: {finding.verdict.value} in {finding.rounds} calls{why}", look)
