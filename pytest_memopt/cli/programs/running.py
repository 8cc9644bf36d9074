"""Running a program to its end in this process, and telling how it ended."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple

from ...errors import UsageError, one_line
from ..command import ExitCode

_PACKAGE: Final = str(Path(__file__).parents[2])
_FAILED: Final = 1
_CODES: Final = 256


class EndKind(str, Enum):
    """How a program ended."""

    FINISHED = "finished"
    EXITED = "exited"
    RAISED = "raised"
    INTERRUPTED = "interrupted"


class Ending(NamedTuple):
    """How a program ended.

    Attributes:
        kind: how.
        exit_code: what its process would have ended with.
        why: what it raised or said, in one line; empty where it said nothing.
        duration_s: seconds that it ran, the waiting for its threads included.
        is_fork: whether this process is a child that the program forked: then all else is the parent's business.
    """

    kind: EndKind
    exit_code: int
    why: str = ""
    duration_s: float = 0.0
    is_fork: bool = False

    def __str__(self) -> str:
        said = f": {self.why}" if self.why else ""
        if self.kind is EndKind.EXITED:
            return f"exited with {self.exit_code}{said}"
        return f"{self.kind.value}{said}"


def run_to_end(load: Callable[[], Callable[[], object]]) -> Ending:
    """Load a program and run it until it and its threads have ended, as `python` does.

    What it raises is shown as Python shows it. Threads of executors that nobody shut down are not waited for: they never
    end by themselves.

    Raises:
        UsageError: from ``load``, where there is no such program.
    """
    pid, started_s = os.getpid(), time.perf_counter()
    ending = _ending_of(load)
    _write_out()
    if os.getpid() != pid:
        return ending._replace(is_fork=True)
    try:
        wait_for_threads()
    except KeyboardInterrupt:
        ending = Ending(EndKind.INTERRUPTED, ExitCode.INTERRUPTED)
    _write_out()
    return ending._replace(duration_s=time.perf_counter() - started_s)


def _write_out() -> None:
    """Have what the program and its threads said come before what is said of it."""
    with suppress(OSError, ValueError, AttributeError):  # closed by it, or by who reads it: that is shown elsewhere
        sys.stdout.flush()


def _ending_of(load: Callable[[], Callable[[], object]]) -> Ending:
    try:
        run = load()
    except UsageError:
        raise
    except BaseException as error:  # noqa: BLE001 - a program may raise anything
        return _by_exception(error)
    try:
        run()
    except BaseException as error:  # noqa: BLE001 - a program may raise anything
        return _by_exception(error)
    return Ending(EndKind.FINISHED, 0)


def _by_exception(error: BaseException) -> Ending:
    if isinstance(error, SystemExit):
        return _by_exit(error.code)
    if isinstance(error, KeyboardInterrupt):
        return Ending(EndKind.INTERRUPTED, ExitCode.INTERRUPTED)
    own = error.with_traceback(own_part(error.__traceback__))
    sys.excepthook(type(own), own, own.__traceback__)
    return Ending(EndKind.RAISED, _FAILED, one_line(error))


def _by_exit(code: object) -> Ending:
    """What ``sys.exit(code)`` comes to: a number, nothing, or words for stderr."""
    if code is None or isinstance(code, int):
        return Ending(EndKind.EXITED, (code or 0) % _CODES)
    sys.stderr.write(f"{code}\n")
    return Ending(EndKind.EXITED, _FAILED, " ".join(str(code).split()))


def own_part(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that is the program's: from the first frame that is neither ours nor the importer's."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((_PACKAGE, "<frozen ")):
        trace = trace.tb_next
    return trace


def wait_for_threads() -> None:
    """Wait for the threads that Python waits for before it ends."""
    executors = sys.modules.get("concurrent.futures.thread")
    pooled = set(getattr(executors, "_threads_queues", ()))
    for thread in threading.enumerate():
        if not (thread is threading.current_thread() or thread.daemon or thread in pooled):
            thread.join()
