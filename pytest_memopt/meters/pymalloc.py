"""Small Python blocks: how many the interpreter has in use, and how many bytes they take, exactly."""

from __future__ import annotations

from typing import Final

from .malloc_report import Arenas, MallocReport, arenas_in
from .originals import sys
from .status import MeterStatus

_USUAL_BLOCK_BYTES: Final = 64


class SmallBlocks:
    """Counts the blocks of pymalloc, CPython's allocator for everything up to 512 bytes.

    Where the interpreter doesn't tell their bytes, the blocks are those of ``sys.getallocatedblocks``, which counts
    larger ones too, and the bytes are estimated.
    """

    def __init__(self) -> None:
        self._mean_block_bytes: float | None = None
        self._why = ""
        self._report: MallocReport | None = None
        self._is_used = bool(sys.getallocatedblocks())
        if not self._is_used:
            self._why = "pymalloc is off (PYTHONMALLOC=malloc), so all of it is in the C heap"
            return
        try:
            self._report = MallocReport()
        except (AttributeError, OSError, ValueError):
            self._why = "this interpreter does not tell the bytes of its small blocks; they are estimated"

    @property
    def is_exact(self) -> bool:
        """Whether the bytes are counted; without pymalloc there are none to count, which is exact too."""
        return self._report is not None or not self.is_used

    @property
    def is_used(self) -> bool:
        """Whether the interpreter allocates by pymalloc at all."""
        return self._is_used

    def status(self) -> MeterStatus:
        """Whether blocks and bytes are counted here."""
        how = self._why or "pymalloc's own count"
        return MeterStatus(name="small blocks", available=self.is_used, how=how, exact=self.is_exact)

    def read(self) -> tuple[int, int]:
        """How many blocks are in use, and their bytes; 0 bytes where those can't be counted."""
        if self._report is not None:
            return self._report.read()
        return sys.getallocatedblocks(), 0

    def map_bytes(self) -> int:
        """The C heap that the interpreter's map of its arenas takes, as of the last reading; 0 where it doesn't tell."""
        return self._report.map_bytes if self._report is not None else 0

    def arenas(self) -> Arenas | None:
        """The memory that pymalloc holds, used or not; ``None`` where the interpreter doesn't tell."""
        if not self.is_used:
            return Arenas(0, 0)
        if self._report is None:
            return None
        try:
            return arenas_in(self._report.text())
        except ValueError:
            return None

    @property
    def mean_block_bytes(self) -> float:
        """Bytes per block, as of the first time that somebody asks; 64 where bytes can't be counted."""
        if self._mean_block_bytes is None:
            count, in_use_bytes = self.read()
            self._mean_block_bytes = in_use_bytes / count if in_use_bytes else float(_USUAL_BLOCK_BYTES)
        return self._mean_block_bytes
