"""Clearing up behind processes that were killed: their racks' files, where nobody else uses them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .lock_file import LockFile, is_locked
from .rack_folder import GATE, QUEUE


def sweep_racks(folder: Path) -> None:
    """Remove the racks in ``folder`` of which nobody holds a slot, waits for one or looks just now; what can't go is let be.

    A killed process lets go of its locks, but its files stay, and the last process on the machine removes a rack only when
    it ends in order.
    """
    with contextlib.suppress(OSError):
        for rack in list(folder.iterdir()):
            with contextlib.suppress(OSError):
                _sweep(rack)


def _sweep(rack: Path) -> None:
    gate = LockFile(rack / GATE)
    try:
        if not (rack / GATE).exists() or not gate.try_lock():
            return
        others = [path for path in rack.rglob("*") if path.is_file() and path.name != GATE]
        if any(map(is_locked, others)):
            return
        for path in others:
            path.unlink()
        with contextlib.suppress(FileNotFoundError):  # where nobody has ever waited
            (rack / QUEUE).rmdir()
        gate.remove()
        rack.rmdir()
    finally:
        gate.close()
