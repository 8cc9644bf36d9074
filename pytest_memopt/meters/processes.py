"""Child processes: how many this process has, ended ones included that nobody waited for, and what the new ones are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Final

import psutil

from .originals import os, sys, time
from .settling import wait_to_fall
from .threads import TASKS

PATIENCE_S: Final = 0.05
_PAUSE_S: Final = 0.001
_LINKS_OF_ONE: Final = 3  # a folder has two, and one more for each folder in it: here one for each thread
_CHUNK_BYTES: Final = 65536
_COMMAND_MOST: Final = 80
_KEEPERS: Final = ("subprocess", "multiprocessing.process")


class ChildProcesses:
    """Processes that this one has started and that are still known to the system: running, or ended and not waited for.

    Counting them starts none, and takes none from a program that waits for it.
    """

    def __init__(self, tasks: str = TASKS, by_psutil: Callable[[], int] | None = None) -> None:
        """Count by the folder ``tasks`` of Linux, else by psutil.

        Args:
            tasks: a folder with one folder for each thread, in each of which the file ``children`` lists what it started.
            by_psutil: gives the number where there are no such files; psutil's own when ``None``.
        """
        self._tasks = tasks
        lists_children = os.path.exists(f"{tasks}/{os.getpid()}/children")
        self._count = self._by_lists if lists_children else by_psutil or count_by_psutil

    def read(self) -> int:
        """How many there are now; one system call where there is none, as in most rounds of most tests.

        Those that have ended and whose objects were dropped don't count: Python waits for them when it starts the next.
        """
        if has_no_child():
            return 0
        wait_for_dropped()
        return self._count()

    def settled(
        self,
        expected: int,
        clock: Callable[[], float] = time.perf_counter,
        pause: Callable[[float], None] = time.sleep,
    ) -> int:
        """How many there are now, after waiting up to ``PATIENCE_S`` for it to fall to ``expected``.

        A pool that was told to end without waiting has its workers waited for by a thread, a moment later.
        """
        return wait_to_fall(self.read, expected, PATIENCE_S, _PAUSE_S, clock, pause)

    def _by_lists(self) -> int:
        """The numbers in the lists of all threads, each of which ends with a blank."""
        if os.stat(self._tasks).st_nlink == _LINKS_OF_ONE:
            return self._in_list(str(os.getpid()))  # the only thread, without listing the folder
        return sum(map(self._in_list, os.listdir(self._tasks)))

    def _in_list(self, task: str) -> int:
        count = 0
        try:
            file = os.open(f"{self._tasks}/{task}/children", os.O_RDONLY)
        except OSError:  # a thread that ended meanwhile
            return 0
        try:
            while chunk := os.read(file, _CHUNK_BYTES):
                count += chunk.count(b" ")
        except OSError:
            pass
        finally:
            os.close(file)
        return count


def has_no_child() -> bool:
    """Whether the system is sure that this process has no child; ``False`` where it can't be asked."""
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # looks, and leaves it to be waited for
    except ChildProcessError:
        return True
    except OSError:
        return False
    return False


def wait_for_dropped() -> None:
    """Do now what the next start of a process does first: wait for those that have ended and nobody else waits for."""
    for name in _KEEPERS:
        clean_up = getattr(sys.modules.get(name), "_cleanup", None)
        if clean_up is not None:
            clean_up()


def count_by_psutil() -> int:
    """Children of this process, by listing all processes of the system; 0 where it doesn't tell."""
    return len(child_numbers())


def child_numbers() -> frozenset[int]:
    """The system's numbers of the children that there are now."""
    try:
        return frozenset(child.pid for child in psutil.Process().children())
    except (OSError, psutil.Error):
        return frozenset()


def describe_child(number: int) -> tuple[str, bool]:
    """What the process ``number`` runs, as in ``"sleep 60"``, and whether it still does.

    One that has ended and was not waited for has no more than a name, which is told in brackets; so is one that is just
    being started, whose command line the system doesn't know yet.
    """
    try:
        process = psutil.Process(number)
        name = process.name()
        if words := process.cmdline():
            return command_text(words), True
        return f"[{name}]", process.status() != psutil.STATUS_ZOMBIE
    except psutil.ZombieProcess:
        return f"[{name}]", False
    except (OSError, psutil.Error):
        return "[ended]", False


def command_text(words: list[str]) -> str:
    """A command in one line of moderate length, its program without the folder, which differs between machines."""
    program, *arguments = words
    text = " ".join(" ".join([PurePath(program).name, *arguments]).split())
    return text if len(text) <= _COMMAND_MOST else f"{text[: _COMMAND_MOST - 1]}…"
