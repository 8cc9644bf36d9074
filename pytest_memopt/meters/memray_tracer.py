"""Traced allocations by memray, where it is installed: native memory too, and every thread."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol

from .status import MeterStatus
from .traced import HeldBy, Traced, sites_of

_NOT_STARTED: Final = "memray was not started"
_FRAMES: Final = 32
_RECORD: Final = "allocations.bin"


class Memray(Protocol):
    """The part of the package ``memray`` that is used here."""

    Tracker: Callable[..., contextlib.AbstractContextManager[Any]]
    FileDestination: Callable[..., Any]
    FileReader: Callable[[str], contextlib.AbstractContextManager[Any]]


class MemrayTracer:
    """Counts by memray (an extra: ``pip install pytest-memopt[memray]``; Linux and macOS).

    memray allows one tracker per process: where somebody else tracks (its own pytest plugin, a test), there are no
    figures, and ``why`` says so. Each window writes a file of all its allocations into a temporary folder.
    """

    name: Final = "memray"
    leaks: Final = False

    def __init__(self, memray: Memray | None = None, *, python_allocators: bool = True) -> None:
        """Import memray, or take ``memray``.

        Args:
            memray: the package, or what stands in for it.
            python_allocators: count each Python object (exact, up to five times slower), not just the arenas of
                256 KiB or 1 MiB that the interpreter takes for them.
        """
        self._python_allocators = python_allocators
        self._why: str | None = None
        self._memray = memray
        self._tracker: contextlib.AbstractContextManager[Any] | None = None
        self._folder: str | None = None
        if memray is None:
            self._import()

    def status(self) -> MeterStatus:
        """Whether memray can be used here, else why not."""
        version = getattr(self._memray, "__version__", "")
        how = f"memray {version}".rstrip() if self._memray is not None else self._why or ""
        return MeterStatus(name="traced peak", available=self._memray is not None, how=how)

    def start(self) -> None:
        """Begin to count; where that is impossible, ``stop`` says why."""
        if self._memray is None:
            return
        self._why = _NOT_STARTED
        folder = tempfile.mkdtemp(prefix="memopt-")
        try:
            file = self._memray.FileDestination(str(Path(folder, _RECORD)), compress_on_exit=False)
            tracker = self._memray.Tracker(destination=file, trace_python_allocators=self._python_allocators)
            tracker.__enter__()
        except (RuntimeError, OSError) as error:
            self._why = f"memray can't track: {error}"
            shutil.rmtree(folder, ignore_errors=True)
        else:
            self._tracker, self._folder, self._why = tracker, folder, None

    def forget_peak(self) -> None:
        """There is no forgetting: the peak is over the whole of it."""

    def current(self) -> int:
        """There is no telling before the end."""
        return 0

    def tables_bytes(self, blocks_count: int) -> int:  # noqa: ARG002
        """It writes to a file, and holds nothing to speak of."""
        return 0

    def stop(self, *, with_sites: bool = False) -> Traced:
        """End the count, read what it wrote, and remove that."""
        tracker, folder = self._tracker, self._folder
        self._tracker = self._folder = None
        if tracker is None or folder is None or self._memray is None:
            return Traced(None, (), self._why or _NOT_STARTED)
        try:
            tracker.__exit__(None, None, None)
            with self._memray.FileReader(str(Path(folder, _RECORD))) as reader:
                held = _held(reader.get_leaked_allocation_records(merge_threads=True)) if with_sites else []
                return Traced(int(reader.metadata.peak_memory), sites_of(held))
        except (RuntimeError, OSError, ValueError) as error:
            return Traced(None, (), f"memray's record can't be read: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _import(self) -> None:
        try:
            self._memray = importlib.import_module("memray")
        except ImportError as error:
            self._why = f"memray is not installed here ({error}); pip install pytest-memopt[memray]"


def _held(records: Iterable[Any]) -> list[HeldBy]:
    """Frames of a record come as function, file, line, the innermost first."""
    return [
        HeldBy(
            tuple((path, line, function) for function, path, line in record.stack_trace(max_stacks=_FRAMES)),
            record.size,
            record.n_allocations,
        )
        for record in records
    ]
