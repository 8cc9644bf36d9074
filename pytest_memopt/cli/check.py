"""``memopt check``: whether calling something again and again leaks."""

from __future__ import annotations

import argparse
import importlib
import sys
from array import array
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from ..errors import MemoptError, UsageError
from ..leaks.check import check_leaks
from ..leaks.finding import LeakFinding
from ..leaks.ruling import LeakKind
from ..leaks.story import leak_lines
from ..settings import parse_seconds
from ..verdicts.leak_wire import leak_to_wire
from .command import ExitCode, whole_number
from .screen import Look, Screen

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
            "--budget", type=_seconds, default=20.0, metavar="S", help="seconds after which it is given up (default 20)"
        )
        parser.add_argument(
            "--isolate", action="store_true", help="hunt in a process of its own, which may crash or hang"
        )
        parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Hunt, and tell."""
        if options.isolate:
            from .isolated_check import isolated_check

            finding = isolated_check(options.target, options.rounds, options.budget, _current_folder())
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


def load_target(target: str) -> Callable[[], object]:
    """What ``target`` names.

    Raises:
        UsageError: when it names nothing that can be called; the message says what is wrong.
    """
    place, _, name = target.rpartition(":")
    if not (place and name):
        raise UsageError(f"{target!r} is not a target; write module:callable or file.py:callable")
    found: object = _namespace(place, target)
    try:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else getattr(found, part, None)
    except Exception:  # noqa: BLE001 - an attribute may be computed, by code that raises anything
        found = None
    if not callable(found):
        raise UsageError(f"{target!r}: {place} has no callable {name!r}")
    return found


def _namespace(place: str, target: str) -> dict[str, object]:
    try:
        if place.endswith(".py"):
            sys.path.insert(0, str((_current_folder() / place).resolve().parent))
            return _run_file(Path(place))
        sys.path.insert(0, str(_current_folder()))
        return vars(importlib.import_module(place))
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{target!r} could not be loaded: {type(error).__name__}: {error}") from error


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(f"the current folder can't be read: {error.strerror}; change to one that exists") from None


def _run_file(path: Path) -> dict[str, object]:
    """What the file at ``path`` defines; it is a module, whose names the hunt finds, unless another one is called so."""
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return vars(module)


def _seconds(text: str) -> float:
    try:
        return parse_seconds(text, "seconds")
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


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
        raise MemoptError(f"{options.target} raised {type(error).__name__}: {error}") from error


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
