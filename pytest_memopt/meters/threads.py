"""Threads: how many the process runs, native ones included, and what the new ones are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from .naming import target_name, type_name
from .originals import os, threading, time
from .protocol import Unit
from .settling import wait_to_fall
from .status import MeterStatus

TASKS: Final = "/proc/self/task"
PATIENCE_S: Final = 0.1
_PAUSE_S: Final = 0.0001
_LINKS_OF_A_FOLDER: Final = 2


class Threads:
    """Threads of the process: Python's, and those that native libraries start."""

    name: Final = "threads"
    unit: Final = Unit.COUNT

    def __init__(self, tasks: str = TASKS, by_psutil: Callable[[], int] | None = None) -> None:
        """Count by the folder ``tasks`` of Linux, else by psutil, else Python's own threads alone.

        Args:
            tasks: a folder with one folder for each thread.
            by_psutil: gives the number where there is no such folder; psutil's own when ``None``.
        """
        self._tasks = tasks
        self._count, self._how, self._counts_all = self._choose(by_psutil or count_by_psutil)

    def status(self) -> MeterStatus:
        """By what means threads are counted."""
        return MeterStatus(name=self.name, available=True, how=self._how, exact=self._counts_all)

    def read(self) -> int:
        """How many run now; a thread may be counted for some microseconds after it was joined, see ``settled``."""
        return self._count()

    def settled(
        self,
        expected: int,
        clock: Callable[[], float] = time.perf_counter,
        pause: Callable[[float], None] = time.sleep,
    ) -> int:
        """How many run now, after waiting up to ``PATIENCE_S`` for it to fall to ``expected``.

        ``Thread.join`` returns when Python is done with the thread, a moment before the kernel is.
        """
        return wait_to_fall(self._count, expected, PATIENCE_S, _PAUSE_S, clock, pause)

    def _choose(self, by_psutil: Callable[[], int]) -> tuple[Callable[[], int], str, bool]:
        if self._links_are_threads():
            return self._by_links, "kernel", True
        try:
            by_psutil()
        except (OSError, psutil.Error):
            return threading.active_count, "Python's own threads alone", False
        return by_psutil, "psutil", True

    def _links_are_threads(self) -> bool:
        try:
            return self._by_links() == len(os.listdir(self._tasks))
        except OSError:
            return False

    def _by_links(self) -> int:
        """A folder has two links, and one more for each folder inside it: here one for each thread."""
        return os.stat(self._tasks).st_nlink - _LINKS_OF_A_FOLDER


def count_by_psutil() -> int:
    """Threads of this process, as the operating system counts them.

    Raises:
        psutil.Error: where it doesn't tell.
    """
    return psutil.Process().num_threads()


def thread_numbers(tasks: str = TASKS) -> frozenset[int]:
    """The system's numbers of the threads that run now; of Python's own alone where there is no ``tasks`` folder."""
    try:
        return frozenset(map(int, os.listdir(tasks)))
    except OSError:
        return frozenset(_python_threads())


def describe_threads(before: frozenset[int], tasks: str = TASKS) -> tuple[str, ...]:
    """What the threads that are not in ``before`` are called, and what they run.

    As in ``"mail, daemon, runs app.collect"``, ``"native: openblas"``.
    """
    known = _python_threads()
    return tuple(
        _describe(known[number]) if number in known else f"native: {_native_name(number, tasks)}"
        for number in sorted(thread_numbers(tasks) - before)
    )


def _python_threads() -> dict[int, threading.Thread]:
    return {thread.native_id: thread for thread in threading.enumerate() if thread.native_id is not None}


def _describe(thread: threading.Thread) -> str:
    target = vars(thread).get("_target")  # gone when it has ended; what overrides run() has none
    parts = [thread.name, *(["daemon"] if thread.daemon else [])]
    if target is not None:
        parts.append(f"runs {target_name(target)}")
    elif type(thread).__module__ != "threading":
        parts.append(f"runs {type_name(type(thread))}.run")
    return ", ".join(parts)


def _native_name(number: int, tasks: str) -> str:
    try:
        return (Path(tasks) / str(number) / "comm").read_text(errors="replace").strip()
    except OSError:
        return f"thread {number}"
