"""What the C library keeps of environment variables: every value that one ever had, for ever.

``setenv`` of glibc can't know who still reads an old value, so it frees none. A test that sets a variable to a path that
is another one in each run (``monkeypatch.setenv("HOME", str(tmp_path))``) takes some hundred bytes of C heap each time,
which is nobody's leak. So they are counted where Python sets variables, and taken off.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections import Counter
from collections.abc import Callable
from os import fsencode  # a test may replace it in its module, where `putenv` is put
from typing import TYPE_CHECKING, Final

from .glibc_chunk import chunk_bytes

if TYPE_CHECKING:
    from _typeshed import StrOrBytesPath

_SLOTS: Final = 1 << 14
_FULL: Final = _SLOTS * 3 // 4
_ENDS_BYTES: Final = 2  # the equals sign, and the zero at the end
_TRIAL: Final = "PYTEST_MEMOPT_TRIAL"
_TRIALS: Final = (100, 200, 300, 120, 220, 320, 140)  # lengths; some may be disturbed by other threads
_NODE_MOST_BYTES: Final = 128


class KeptEnvironment:
    """Counts the bytes that the C library keeps of variables that were set since ``watch``.

    Attributes:
        kept: bytes, in the only element.
    """

    def __init__(self, read_heap: Callable[[], int] | None) -> None:
        """Find out what the C library keeps.

        Args:
            read_heap: bytes of C heap in use; ``None`` where they can't be read.
        """
        self.kept = array("q", [0])
        self._seen = array("Q", [0]) * _SLOTS
        self._seen_count = 0
        self._plain = os.putenv
        self._node_bytes = _trial(read_heap) if read_heap is not None else None

    @property
    def is_kept(self) -> bool:
        """Whether the C library keeps old values, as was found by trial."""
        return self._node_bytes is not None

    def watch(self) -> None:
        """Begin to count."""
        if self.is_kept and os.putenv != self._put:
            self._plain = os.putenv
            os.putenv = self._put

    def unwatch(self) -> None:
        """Count no longer, unless somebody else has put something over it meanwhile."""
        if os.putenv == self._put:
            os.putenv = self._plain

    def _put(self, name: StrOrBytesPath, value: StrOrBytesPath, /) -> None:
        self._plain(name, value)
        if self._is_new(hash((name, value)) & sys.maxsize | 1):
            length = len(fsencode(name)) + len(fsencode(value))
            self.kept[0] += chunk_bytes(length + _ENDS_BYTES) + (self._node_bytes or 0)

    def _is_new(self, token: int) -> bool:
        """Whether ``token`` is seen for the first time; nothing is allocated to remember it."""
        slot = token % _SLOTS
        while self._seen[slot] not in (0, token):
            slot = (slot + 1) % _SLOTS
        if self._seen[slot] == token or self._seen_count >= _FULL:
            return False
        self._seen[slot] = token
        self._seen_count += 1
        return True


def _trial(read_heap: Callable[[], int]) -> int | None:
    """The bytes that are kept of each value beside its text; ``None`` where none is kept, or it can't be told."""
    levels = array("q", [0] * (len(_TRIALS) + 1))
    values = [f"{os.getpid()}-{id(levels)}".ljust(length, "x") for length in _TRIALS]
    texts = [chunk_bytes(len(_TRIAL) + len(value) + _ENDS_BYTES) for value in values]
    os.putenv(_TRIAL, "")
    row = 0
    levels[0] = read_heap()
    while row < len(_TRIALS):
        os.putenv(_TRIAL, values[row])
        row += 1
        levels[row] = read_heap()
    os.unsetenv(_TRIAL)
    others = Counter(levels[row + 1] - levels[row] - texts[row] for row in range(len(_TRIALS)))
    usual_bytes, count = others.most_common(1)[0]
    return usual_bytes if 2 * count > len(_TRIALS) and 0 <= usual_bytes <= _NODE_MOST_BYTES else None
