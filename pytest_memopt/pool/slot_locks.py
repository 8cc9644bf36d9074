"""The slots that this process holds, and the locks by which it does."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from .lock_file import Holder, LockFile


class Slot:
    """One of a rack's slots, held until it is released, the rack closed, or this process ended.

    Attributes:
        number: 0 for the first; nobody else on the machine has the same one meanwhile.
        label: what it is held for, as others are told who wait.
    """

    __slots__ = ("_locks", "label", "number")

    def __init__(self, locks: SlotLocks, number: int, label: str) -> None:
        self._locks = locks
        self.number = number
        self.label = label

    def __repr__(self) -> str:
        return f"Slot({self.number}, {self.label!r}, {'held' if self.is_held else 'released'})"

    @property
    def is_held(self) -> bool:
        """Whether this process holds it still; never in a process forked from the one that took it."""
        return self._locks.holds(self)

    def release(self) -> None:
        """Give it back; does nothing where it isn't held any more."""
        self._locks.release(self)


class SlotLocks:
    """One process's hold on the slots; any thread may ask. Files stay open, so that the next lease is quick."""

    def __init__(self, path_of: Callable[[int], Path], slot_count: int) -> None:
        self._files = [LockFile(path_of(number)) for number in range(slot_count)]
        self._held: dict[int, Slot] = {}
        self._is_closed = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Open all files, so that the first lease of each slot leaves no more open files behind than the others do.

        Raises:
            OSError: when one can't be made or opened.
        """
        with self._lock:
            for file in self._files:
                file.open()

    def take(self, prefer: Sequence[int], label: str) -> Slot | None:
        """The first slot that is free, those of ``prefer`` before the others; None where none is.

        Raises:
            OSError: when its file can't be made, opened or locked.
        """
        with self._lock:
            for number in self._in_order(prefer):
                if number not in self._held and self._files[number].try_lock():
                    slot = self._held[number] = Slot(self, number, label)
                    with contextlib.suppress(OSError):  # only a message would miss it
                        self._files[number].leave_note(label)
                    return slot
        return None

    def holds(self, slot: Slot) -> bool:
        """Whether this very lease goes on."""
        return self._held.get(slot.number) is slot

    def release(self, slot: Slot) -> None:
        """End this lease; does nothing where it has ended."""
        with self._lock:
            if self.holds(slot):
                del self._held[slot.number]
                self._let_others(slot.number)

    def holders(self) -> list[Holder | None]:
        """Who holds each slot, by number; None where nobody does.

        Raises:
            OSError: when a file can't be opened, locked or read.
        """
        with self._lock:
            return [self._holder(number) for number in range(len(self._files))]

    def remove_files(self) -> bool:
        """Remove the files, if nobody on the machine holds a slot; whether nobody does.

        Raises:
            OSError: when they can't be made, opened, locked or removed.
        """
        with self._lock:
            try:
                are_free = not self._held and all(file.try_lock() for file in self._files)
                for file in self._files if are_free else ():
                    file.remove()
            finally:
                self._close_files()
            return are_free

    def close(self) -> None:
        """End every lease of this process, and give out no more."""
        with self._lock:
            self._is_closed = True
            self._held.clear()
            for number in range(len(self._files)):
                self._let_others(number)
            self._close_files()

    def let_go(self) -> None:
        """In a forked process, where no other thread runs: leave all to the process that took it."""
        self._lock = threading.Lock()  # another thread may have held the old one
        self._is_closed = True
        self._held.clear()
        self._close_files()

    def _in_order(self, prefer: Sequence[int]) -> Sequence[int]:
        if self._is_closed:
            return ()
        numbers = range(len(self._files))
        return [*dict.fromkeys((*(number for number in prefer if number in numbers), *numbers))] if prefer else numbers

    def _holder(self, number: int) -> Holder | None:
        if number in self._held:
            return Holder(os.getpid(), self._held[number].label)
        if self._files[number].try_lock():
            self._files[number].unlock()
            return None
        return self._files[number].read_note()

    def _let_others(self, number: int) -> None:
        try:
            self._files[number].unlock()
        except OSError:  # the end of the file is the end of its lock as well
            self._files[number].close()

    def _close_files(self) -> None:
        for file in self._files:
            file.close()
