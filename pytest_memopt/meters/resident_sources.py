"""Where each platform tells resident memory: Linux in files of `/proc/self`, the others by psutil."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import psutil

from ..errors import MeterError
from ..units import format_size
from .originals import os, sys

_STATM_BYTES: Final = 256
_STATUS_BYTES: Final = 8192
_RESET_PEAK: Final = b"5"
_HIGH_WATER: Final = b"\nVmHWM:"
_RESIDENT: Final = b"\nVmRSS:"
_KIB: Final = 1024


class ResidentSource(Protocol):
    """A platform's way to tell resident memory, in bytes."""

    @property
    def how(self) -> str:
        """By what means, for the header."""
        ...

    def now(self) -> int:
        """Resident memory now."""
        ...

    def reset(self) -> bool:
        """Let the high-water mark fall to the present; ``False`` where it can't."""
        ...

    def look(self) -> tuple[int, int | None]:
        """Resident memory now, and the high-water mark; ``None`` where there is none."""
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...


class KernelSource:
    """Linux: ``statm`` and ``status`` kept open, since a test may leave no descriptor free; ``clear_refs`` resets.

    ``clear_refs`` is opened for each mark: a test that closes descriptors which aren't its own could otherwise have us
    write into a file of its own that got the same number.
    """

    def __init__(self, folder: str = "/proc/self", page_bytes: int | None = None) -> None:
        self._page_bytes = page_bytes or os.sysconf("SC_PAGE_SIZE")
        self._clear_refs = f"{folder}/clear_refs"
        self._why_no_reset = ""
        self._statm = KeptOpen(f"{folder}/statm", _STATM_BYTES, _is_statm)
        self._status = KeptOpen(f"{folder}/status", _STATUS_BYTES, _is_status)

    @property
    def how(self) -> str:
        """The kernel, how closely, and why the peak can't be reset where it can't."""
        if self._why_no_reset:
            return f"kernel; {self._clear_refs}: {self._why_no_reset}"
        return f"kernel, to within {format_size(kernel_lag_bytes(os.cpu_count() or 1, self._page_bytes))}"

    def now(self) -> int:
        """Resident bytes, by the second number of ``statm``."""
        return int(self._statm.read().split(None, 2)[1]) * self._page_bytes

    def reset(self) -> bool:
        """Write 5 to ``clear_refs``."""
        try:
            file = os.open(self._clear_refs, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            self._why_no_reset = error.strerror or "can't be opened"
            return False
        try:
            os.write(file, _RESET_PEAK)
        except OSError as error:
            self._why_no_reset = error.strerror or "can't be written"
            return False
        finally:
            os.close(file)
        self._why_no_reset = ""
        return True

    def look(self) -> tuple[int, int | None]:
        """``VmRSS`` and ``VmHWM`` of ``status``, where this kernel (or what stands in for one) has such lines."""
        status = self._status.read()
        now, high = _line_bytes(status, _RESIDENT), _line_bytes(status, _HIGH_WATER)
        return self.now() if now is None else now, high

    def close(self) -> None:
        """Close the two files."""
        self._statm.close()
        self._status.close()


class KeptOpen:
    """A file of ``/proc/self`` that is opened once and read again and again: a fifth of the cost of opening it anew.

    It is opened anew after ``os.fork``, where it still shows the parent, and when its descriptor was closed behind our
    back, or closed and given to another file.
    """

    def __init__(self, path: str, size_bytes: int, is_mine: Callable[[bytes], bool]) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self._is_mine = is_mine
        self._open()

    def read(self) -> bytes:
        """What the file holds now.

        Raises:
            MeterError: when it can't be read, or holds something else.
        """
        content = self._read_kept()
        if self._is_mine(content):
            return content
        self.close()
        try:
            self._open()
        except OSError as error:
            raise MeterError(f"{self._path}: {error.strerror}") from error
        content = self._read_kept()
        if not self._is_mine(content):
            raise MeterError(f"{self._path}: is not what Linux has there")
        return content

    def close(self) -> None:
        """Close it, unless the descriptor is someone else's by now."""
        try:
            if _identity(self._file) == self._identity:
                os.close(self._file)
        except OSError:
            return

    def _read_kept(self) -> bytes:
        if self._pid != os.getpid():
            return b""
        try:
            return os.pread(self._file, self._size_bytes, 0)
        except OSError:
            return b""

    def _open(self) -> None:
        self._pid = os.getpid()
        self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        self._identity = _identity(self._file)


class RecordSource:
    """macOS, Windows and the BSDs: resident memory by psutil, and a high-water mark that never falls."""

    def __init__(self, how: str, now: Callable[[], int], highest: Callable[[], int]) -> None:
        self.how: Final = how
        self.now: Final = now
        self._highest: Final = highest

    def look(self) -> tuple[int, int | None]:
        """Both numbers, one after the other."""
        return self.now(), self._highest()

    def reset(self) -> bool:
        """It can't fall."""
        return False

    def close(self) -> None:
        """Nothing is held open."""


def source_of_platform(platform: str = sys.platform, process: psutil.Process | None = None) -> ResidentSource:
    """The source for ``platform`` (a value of ``sys.platform``).

    Raises:
        OSError, psutil.Error: where it can't be read.
    """
    if platform.startswith("linux"):
        return KernelSource()
    memory = (process or psutil.Process()).memory_info
    if platform == "win32":
        return RecordSource("psutil, peak_wset", lambda: memory().rss, lambda: int(getattr(memory(), "peak_wset")))  # noqa: B009 - Windows alone has it
    step_bytes = 1 if platform == "darwin" else _KIB
    return RecordSource("psutil, ru_maxrss", lambda: memory().rss, lambda: most_by_rusage() * step_bytes)


def source_if_any() -> ResidentSource | None:
    """The source for this platform; ``None`` where it can't be read."""
    try:
        return source_of_platform()
    except (OSError, psutil.Error):
        return None


def most_by_rusage() -> int:
    """``ru_maxrss`` of this process, in the platform's own unit: bytes on macOS, KiB elsewhere."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def kernel_lag_bytes(cpus_count: int, page_bytes: int) -> int:
    """How far Linux' high-water mark may lie off: each CPU keeps up to a batch of pages to itself before it adds them.

    From ``lib/percpu_counter.c`` (6.2 and later); before that it was 64 pages for each thread.
    """
    return max(32, 2 * cpus_count) * cpus_count * page_bytes


def _line_bytes(status: bytes, label: bytes) -> int | None:
    at = status.find(label)
    if at < 0:
        return None
    at += len(label)
    return int(status[at : status.index(b"k", at)]) * _KIB


def _is_statm(content: bytes) -> bool:
    return content.count(b" ") == 6  # noqa: PLR2004 - seven numbers in a line, since Linux 2.6


def _is_status(content: bytes) -> bool:
    return content.startswith(b"Name:")


def _identity(file: int) -> tuple[int, int]:
    stat = os.fstat(file)
    return stat.st_dev, stat.st_ino
