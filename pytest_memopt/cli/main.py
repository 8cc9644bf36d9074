"""The ``memopt`` command: finds the subcommand, runs it, and turns errors into exit codes."""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from typing import Final

from ..errors import MemoptError
from .analyze import AnalyzeCommand
from .benchmark import BenchmarkCommand
from .check import CheckCommand
from .command import Command, ExitCode, Parser, shared_options
from .compare import CompareCommand
from .optimize import OptimizeCommand
from .runs import RunsCommand
from .screen import Screen
from .stats import StatsCommand
from .trend import TrendCommand
from .upkeep import ExportCommand, MergeCommand, PruneCommand

COMMANDS: Final[tuple[Command, ...]] = (
    BenchmarkCommand(),
    CheckCommand(),
    AnalyzeCommand(),
    StatsCommand(),
    OptimizeCommand(),
    RunsCommand(),
    TrendCommand(),
    CompareCommand(),
    MergeCommand(),
    PruneCommand(),
    ExportCommand(),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``memopt`` with these arguments (the process's own by default).

    Returns:
        0 when all is well, 1 for a regression, 2 when the command could not do what it was asked to, 130 when it was
        interrupted; then one sentence on the standard error says why.
    """
    try:
        options = command_parser().parse_args(argv)
        code = options.command.run(options, Screen(sys.stdout or StringIO()))
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return ExitCode.UNUSABLE
    except (MemoptError, OSError) as error:
        sys.stderr.write(f"memopt: {error}\n")
        return ExitCode.UNUSABLE
    except KeyboardInterrupt as interruption:
        sys.stderr.write(f"\nmemopt: {str(interruption) or 'interrupted'}\n")
        return ExitCode.INTERRUPTED
    except ValueError:
        if not any(getattr(stream, "closed", True) for stream in (sys.stdout, sys.stderr)):
            raise
        return ExitCode.UNUSABLE  # a program that was run has closed the stream: nothing can be told
    except SystemExit as end:  # --help and --version, which argparse ends by itself
        return ExitCode.FINE if not end.code else ExitCode.UNUSABLE
    return int(code)


def command_parser() -> argparse.ArgumentParser:
    """The parser of all subcommands; what it parsed has the chosen one as ``command``."""
    parser = Parser(prog="memopt", description="Memory regression testing: what pytest-memopt remembers of your runs.")
    parser.add_argument("--version", action="version", version=f"pytest-memopt {_version()}")
    subcommands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        text = inspect.getdoc(command) or ""
        subparser = subcommands.add_parser(
            command.name,
            help=text.partition("\n")[0].rstrip(".").replace("%", "%%"),
            description=text.replace("%", "%%"),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[shared_options(with_history=command.reads_history)],
        )
        command.prepare_parser(subparser)
        subparser.set_defaults(command=command)
    return parser


def _version() -> str:
    try:
        return version("pytest-memopt")
    except PackageNotFoundError:
        return "(not installed)"


def _silence_stdout() -> None:
    """The reader is gone; what is still buffered must not raise again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
