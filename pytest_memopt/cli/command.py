"""What a subcommand is, and what all of them share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import NoReturn, Protocol

from ..errors import UsageError
from ..settings import DEFAULT_HISTORY, parse_seconds
from .screen import Screen


class ExitCode(IntEnum):
    """What the command tells its caller."""

    FINE = 0
    REGRESSION = 1
    UNUSABLE = 2
    INTERRUPTED = 130  # as shells tell of Ctrl-C: 128, and the number of the signal


class Command(Protocol):
    """A subcommand; its docstring is its help, the first line the summary.

    Attributes:
        name: what it is called.
        reads_history: whether it works on a history, whose path can be given.
    """

    name: str
    reads_history: bool

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add its own arguments."""
        ...

    def run(self, options: argparse.Namespace, screen: Screen) -> int:
        """Do it; gives an `ExitCode`, or that of a program that was run. What can't be done raises `MemoptError`."""
        ...


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like all others: one sentence, no usage dump."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message}; see `{self.prog} --help`")


def shared_options(*, with_history: bool = True) -> Parser:
    """The options that every subcommand has, and that every one has which works on a history."""
    parser = Parser(add_help=False)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    if with_history:
        parser.add_argument(
            "--history",
            type=Path,
            metavar="PATH",
            default=DEFAULT_HISTORY,
            help=f"file of the history (default {DEFAULT_HISTORY.as_posix()})",
        )
    return parser


def whole_number(least: int) -> Callable[[str], int]:
    """What argparse is to read an integer of at least ``least`` with."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return int(text)

    return read


def seconds(text: str) -> float:
    """What argparse is to read a duration in seconds with."""
    try:
        return parse_seconds(text, "seconds")
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
