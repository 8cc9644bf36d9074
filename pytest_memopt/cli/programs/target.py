"""Which program a command is to run: a script, a module, or something that can be called."""

from __future__ import annotations

import argparse
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from ...errors import UsageError

_FORMS = "script.py, -m module, module:callable or file.py:callable"


class TargetKind(str, Enum):
    """How a program is started."""

    SCRIPT = "script"
    MODULE = "module"
    CALLABLE = "callable"


class Target(NamedTuple):
    """A program and its arguments.

    Attributes:
        kind: how it is started.
        name: a path (of a file, or of a folder or archive with a ``__main__.py``), a module, or ``module:callable``.
        args: what it finds in ``sys.argv[1:]``.
    """

    kind: TargetKind
    name: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"-m {self.name}" if self.kind is TargetKind.MODULE else self.name


def add_target_arguments(parser: argparse.ArgumentParser, *others: str) -> None:
    """Let a program be given, as `python` lets it: what follows its name is its own, options too.

    Args:
        parser: of the subcommand.
        others: how else its subject may be given, for the usage line.
    """
    parser.usage = f"{parser.prog} [options] [{' | '.join(('TARGET args', '-m MODULE args', *others))}]"
    parser.add_argument(
        "-m", dest="module", nargs=argparse.REMAINDER, help="run a module, as `python -m` does, with what follows it"
    )
    parser.add_argument(
        "target",
        nargs=argparse.REMAINDER,
        metavar="TARGET",
        help="script.py, module:callable or file.py:callable; what follows is the program's",
    )


def chosen_target(options: argparse.Namespace) -> Target | None:
    """The program that was given; ``None`` where none was.

    Raises:
        UsageError: where what was given is no program.
    """
    if options.module is not None:
        name, *args = [*options.module, *options.target] or [""]
        if not name:
            raise UsageError("-m needs the name of a module")
        return Target(TargetKind.MODULE, name, tuple(args))
    if not options.target:
        return None
    name, *args = options.target
    return Target(_kind_of(name), name, tuple(args))


def _kind_of(name: str) -> TargetKind:
    if Path(name).exists() and name:
        return TargetKind.SCRIPT
    if name.endswith(".py"):
        raise UsageError(f"there is no file {name!r}")
    if ":" in name:
        return TargetKind.CALLABLE
    raise UsageError(f"{name!r} is no file, and not of the form module:callable; write {_FORMS}")
