"""Open descriptors: how many the process holds, and what the new ones are."""

from __future__ import annotations

import socket
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from ..errors import MeterError
from .originals import os, sys
from .protocol import Unit
from .status import MeterStatus

FOLDERS: Final = ("/proc/self/fd", "/dev/fd")


class CountedBy(NamedTuple):
    """One way to count.

    Attributes:
        how: by what means, for the header.
        ask: gives the number now.
    """

    how: str
    ask: Callable[[], int]


class OpenDescriptors:
    """Open file descriptors of the process; on Windows its handles, of which the system opens some on its own.

    By the size of the folder, a thread that waits in ``accept`` counts for one more: the kernel has put a number aside
    for it. A server thread that runs before and after a test is the same at both times.
    """

    name: Final = "fds"
    unit: Final = Unit.COUNT

    def __init__(self, ways: Sequence[CountedBy] | None = None) -> None:
        """Take the first of ``ways`` (the platform's own when ``None``) that notices one more open descriptor."""
        found = (way for way in (ways_of_platform() if ways is None else ways) if notices_one_more(way.ask))
        self._way = next(found, None)

    @property
    def available(self) -> bool:
        """Whether ``read`` gives numbers."""
        return self._way is not None

    def status(self) -> MeterStatus:
        """Whether descriptors can be counted here, and by what means."""
        if self._way is None:
            return MeterStatus(name=self.name, available=False, how="nothing here counts them", exact=False)
        return MeterStatus(name=self.name, available=True, how=self._way.how)

    def read(self) -> int:
        """How many are open now.

        Raises:
            MeterError: where nothing counts them.
        """
        if self._way is None:
            raise MeterError("fds: nothing here counts them")
        return self._way.ask()


def ways_of_platform(platform: str = sys.platform, folders: Sequence[str] = FOLDERS) -> tuple[CountedBy, ...]:
    """All ways to count descriptors on ``platform`` (a value of ``sys.platform``), the cheapest first.

    The size of ``/proc/self/fd`` is their number from Linux 6.2 on; before, it is 0.
    """
    if platform == "win32":
        return (CountedBy("psutil, handles", partial(_ask_psutil, "num_handles")),)
    return (
        *(CountedBy(f"size of {folder}", partial(_size, folder)) for folder in folders[:1]),
        *(CountedBy(f"entries of {folder}", partial(_entries, folder)) for folder in folders),
        CountedBy("psutil", partial(_ask_psutil, "num_fds")),
    )


def notices_one_more(count: Callable[[], int]) -> bool:
    """Whether ``count`` rises by one when a file is opened; it is tried, as kernels differ and sandboxes more so."""
    try:
        before = count()
        file = os.open(os.devnull, os.O_RDONLY)
        try:
            return count() == before + 1
        finally:
            os.close(file)
    except (OSError, AttributeError, psutil.Error):
        return False


def open_numbers(folders: Sequence[str] = FOLDERS) -> frozenset[int]:
    """The numbers of the open descriptors; empty where the platform has none (Windows)."""
    for folder in folders:
        try:
            numbers = frozenset(int(entry) for entry in os.listdir(folder) if entry.isdigit())
        except OSError:
            continue
        return frozenset(number for number in numbers if _is_open(number))
    return frozenset()


def describe_descriptors(before: frozenset[int], folders: Sequence[str] = FOLDERS) -> tuple[str, ...]:
    """What the descriptors that are not in ``before`` are, in the order of their numbers.

    As in ``"fd 9: /tmp/report.txt"``, ``"fd 12: socket 127.0.0.1:40000 -> 127.0.0.1:80"``, ``"fd 13: pipe:[4711]"``.
    """
    return tuple(f"fd {number}: {_what_is(number, folders)}" for number in sorted(open_numbers(folders) - before))


def _what_is(number: int, folders: Sequence[str]) -> str:
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            return _ends_of_socket(number)
        return str(Path(folders[0], str(number)).readlink())
    except OSError:
        return _path_by_psutil(number) or "unknown"


def _ends_of_socket(number: int) -> str:
    """Both ends of the socket ``number``; asked of a copy, so that the test's own stays open."""
    with socket.socket(fileno=os.dup(number)) as copy:
        here = _address(copy.getsockname())
        try:
            return f"socket {here} -> {_address(copy.getpeername())}"
        except OSError:
            return f"socket {here}"


def _address(address: object) -> str:
    match address:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case str() | bytes() if address:
            return os.fsdecode(address)
    return "(unnamed)"


def _path_by_psutil(number: int) -> str:
    try:
        return next((file.path for file in psutil.Process().open_files() if file.fd == number), "")
    except (OSError, psutil.Error):
        return ""


def _is_open(number: int) -> bool:
    """Whether it is open still: the listing also shows the descriptor by which it was made."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _ask_psutil(method: str) -> int:
    """The methods exist on some platforms only, so they are asked for by name."""
    return int(getattr(psutil.Process(), method)())


def _size(folder: str) -> int:
    return os.stat(folder).st_size


def _entries(folder: str) -> int:
    return len(os.listdir(folder)) - 1
