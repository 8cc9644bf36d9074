"""A gate that one thread of one process on the machine passes at a time, for as long as a few system calls take."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator

from .lock_file import LockFile
from .rack_folder import RackFolder


class Gate:
    """Keeps out all others while one looks at the queue and at the slots as a whole."""

    def __init__(
        self, folder: RackFolder, clock: Callable[[], float], sleep: Callable[[float], None], poll_s: float
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._poll_s = poll_s
        self._file = LockFile(folder.gate)
        self._thread = threading.Lock()

    @contextlib.contextmanager
    def passed(self, deadline_s: float) -> Generator[bool, None, None]:
        """Be alone inside, or not at all where others were until ``deadline_s``: yields which.

        Raises:
            OSError: when its file can't be made, opened or locked.
        """
        patience_s = min(max(deadline_s - self._clock(), 0.0), threading.TIMEOUT_MAX)
        if not self._thread.acquire(timeout=patience_s):
            yield False
            return
        try:
            is_inside = self._enter(deadline_s)
            try:
                yield is_inside
            finally:
                if is_inside:
                    self._file.unlock()
        finally:
            self._thread.release()

    def remove(self) -> None:
        """Remove its file; for the one who is inside.

        Raises:
            OSError: when it can't be removed.
        """
        self._file.remove()

    def close(self) -> None:
        """Close its file; in a forked process too, which leaves the gate to the other."""
        self._file.close()

    def _enter(self, deadline_s: float) -> bool:
        while not self._try():
            if self._clock() >= deadline_s:
                return False
            self._sleep(self._poll_s)
        return True

    def _try(self) -> bool:
        try:
            return self._file.try_lock()
        except FileNotFoundError:  # the last one that used it has cleared up
            self._folder.make()
            return False
