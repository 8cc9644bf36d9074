"""Which of xdist's workers compares a pool with building anew: the first that used it and is done, one worker at a time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from ..pool.rack_folder import file_name

_MEETING: Final = "memopt_compare_folder"
_LOCK: Final = "lock"
_PATIENCE_S: Final = 120.0
_ONLY: Final = "gw0"
"""Who compares where workers can't agree: tests of a suite that is not tiny come to this one too."""


class CompareMeeting:
    """Registered in the controller: gives the workers a folder in which to agree, and takes it away in the end."""

    def __init__(self) -> None:
        try:
            self._folder: TemporaryDirectory[str] | None = TemporaryDirectory(
                prefix="memopt-compare-", ignore_cleanup_errors=True
            )
        except OSError:
            self._folder = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new worker where."""
        if self._folder is not None:
            node.workerinput[_MEETING] = self._folder.name

    def pytest_unconfigure(self) -> None:
        """All workers have ended."""
        if self._folder is not None:
            self._folder.cleanup()


class CompareClaims:
    """What this process may compare.

    Args:
        worker: its id, ``None`` where tests run without xdist.
        folder: where the workers meet, ``None`` where they can't.
    """

    def __init__(self, worker: str | None, folder: Path | None) -> None:
        self._worker = worker
        self._folder = folder if worker is not None and folder is not None and folder.is_dir() else None

    @classmethod
    def of(cls, config: pytest.Config) -> CompareClaims:
        """Those of this session."""
        given = getattr(config, "workerinput", {})
        return cls(given.get("workerid"), Path(given[_MEETING]) if _MEETING in given else None)

    def takes(self, type_name: str) -> bool:
        """Whether it is this process that compares a type, which then no other does."""
        if self._folder is None:
            return self._worker in {None, _ONLY}
        try:
            (self._folder / file_name(type_name)).touch(exist_ok=False)
        except OSError:
            return False
        return True

    @contextmanager
    def one_at_a_time(self) -> Generator[None, None, None]:
        """Nothing is compared in other workers meanwhile; who waits for too long goes on all the same."""
        if self._folder is None:
            yield
            return
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / _LOCK)
        with suppress(Timeout, OSError):
            lock.acquire(timeout=_PATIENCE_S)
        try:
            yield
        finally:
            lock.release()
