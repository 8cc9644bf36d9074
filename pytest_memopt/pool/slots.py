"""Slots that all processes of a machine take from one rack: numbered, limited, first come, first served."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Final

from ..errors import PoolError, PoolTimeout
from .forks import FORKS
from .gate import Gate
from .lock_file import Holder
from .rack_folder import RackFolder, remove_rack_files
from .slot_locks import Slot, SlotLocks
from .ticket_queue import Ticket, TicketQueue
from .waiting import Wait, sleep_through

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

__all__ = ["Slot", "SlotRack", "remove_rack_files"]

POLL_S: Final = 0.001
_POLL_MOST_S: Final = 0.02
_PATIENCE: Final = 50  # who has been next for a second looks every 20 ms, and is 2 % late at most
_GATE_S: Final = 1.0  # others are inside for a tenth of a millisecond, unless somebody has stopped them there
_TOLD_MOST: Final = 8


class SlotRack:
    """The slots of one type, as one process sees them: at most ``slot_count`` are held on the whole machine.

    Every process names the same folder, name and count. Any thread may ask. A process that forks keeps its slots, and
    the new one begins with none. The slot of a process that was killed is free at once: its lock is the kernel's.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        slot_count: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        poll_s: float = POLL_S,
    ) -> None:
        """Make room for the rack's files.

        Args:
            folder: of the session, for the racks of all types; it must be there.
            name: of the type, any text.
            slot_count: how many may be held at one time, at least 1.
            clock: tells seconds; only their differences count.
            sleep: waits so many seconds.
            poll_s: seconds between two looks of the one who is next; those behind, and long waits, look more seldom.

        Raises:
            PoolError: when the count is below 1, or the folder is missing or can't be written.
        """
        if slot_count < 1:
            raise PoolError(f"{name!r} can't be shared in {slot_count} slots; give at least 1")
        self._name = name
        self._slot_count = slot_count
        self._clock = clock
        self._sleep = sleep
        self._poll_s = poll_s
        self._folder = RackFolder(folder, name)
        self._is_closed = False
        self._begin()
        with self._folder.plain_errors():
            self._folder.make()
            with self._gate.passed(self._clock() + _GATE_S) as is_inside:  # where nothing can be locked, it shows here
                if is_inside:
                    self._locks.open()
        FORKS.add(self)

    def acquire(self, timeout_s: float, prefer: Sequence[int] = (), *, label: str = "") -> Slot:
        """A slot, as soon as one is free and nobody who came before still waits.

        Args:
            timeout_s: seconds to wait at most; with 0 it looks once.
            prefer: numbers to be tried first, in this order.
            label: what the slot is wanted for, told to others who wait for it.

        Raises:
            PoolTimeout: when none became free in time; the message tells who holds them.
            PoolError: when the rack is closed, or its files can't be used.
        """
        return sleep_through(self.waiting(timeout_s, prefer, label=label), self._sleep)

    def waiting(self, timeout_s: float, prefer: Sequence[int] = (), *, label: str = "") -> Wait[Slot]:
        """As `acquire`, for those who sleep in a way of their own."""
        deadline_s = self._clock() + timeout_s
        with self._folder.plain_errors():
            # even who looks once waits for those that are inside just now
            with self._gate.passed(max(deadline_s, self._clock() + _GATE_S)) as is_inside:
                self._check_open()
                if not is_inside:
                    raise PoolTimeout(f"{self._too_late(timeout_s)}: another process has stopped while it took one")
                slot = self._locks.take(prefer, label) if self._queue.is_empty() else None
                if slot is not None:
                    return slot
                ticket = self._queue.draw()
                self._tickets.add(ticket)
            with self._given_up_at_last(ticket):
                for before_count, pause_s in self._looks(ticket, deadline_s):
                    if not before_count and (slot := self._locks.take(prefer, label)):
                        return slot
                    if pause_s > 0:
                        yield pause_s
                raise PoolTimeout(f"{self._too_late(timeout_s)}: {self._reason(ticket.count_before())}")

    def try_acquire(self, prefer: Sequence[int] = (), *, label: str = "") -> Slot | None:
        """A slot, if one is free and nobody waits for it; None otherwise.

        Args:
            prefer: numbers to be tried first, in this order.
            label: what the slot is wanted for, told to others who wait for it.

        Raises:
            PoolError: when the rack is closed, or its files can't be used.
        """
        with self._folder.plain_errors(), self._gate.passed(self._clock() + _GATE_S) as is_inside:
            self._check_open()
            return self._locks.take(prefer, label) if is_inside and self._queue.is_empty() else None

    def stop(self) -> None:
        """Give out no more, and tell this process's waiters; what it holds stays held until released."""
        self._is_closed = True

    def close(self) -> None:
        """Release all that this process holds, and tell its waiters; the last one on the machine removes the files."""
        self.stop()
        self._locks.close()
        with contextlib.suppress(OSError), self._gate.passed(self._clock() + _GATE_S) as is_inside:
            try:
                if is_inside and self._queue.is_empty() and self._locks.remove_files():
                    self._folder.remove(self._gate.remove)
            finally:
                self._gate.close()

    def _begin(self) -> None:
        self._locks = SlotLocks(self._folder.slot, self._slot_count)
        self._gate = Gate(self._folder, self._clock, self._sleep, self._poll_s)
        self._queue = TicketQueue(self._folder.queue)
        self._tickets: set[Ticket] = set()

    def after_fork_in_child(self) -> None:
        """Leave all that is held or waited for to the process that forked, and begin with nothing."""
        self._locks.let_go()
        self._gate.close()
        for ticket in self._tickets:
            ticket.let_go()
        self._begin()

    def _looks(self, ticket: Ticket, deadline_s: float) -> Generator[tuple[int, float], None, None]:
        """How many wait before, and the seconds until the next look: 0 for the last, long for those far behind."""
        before_count = -1
        while True:
            self._check_open()
            now_s = self._clock()
            if before_count != (before_count := ticket.count_before()):
                since_s = now_s
            pause_s = max(self._poll_s * (1 + before_count), (now_s - since_s) / _PATIENCE)
            left_s = max(deadline_s - now_s, 0.0)
            yield before_count, min(pause_s, _POLL_MOST_S, left_s)
            if not left_s:
                return

    @contextlib.contextmanager
    def _given_up_at_last(self, ticket: Ticket) -> Generator[None, None, None]:
        try:
            yield
        finally:
            self._tickets.discard(ticket)
            ticket.give_up()

    def _check_open(self) -> None:
        if self._is_closed:
            raise PoolError(f"the slots of {self._name!r} are closed; nobody can have one any more")

    def _too_late(self, timeout_s: float) -> str:
        return f"no slot of {self._name!r} became free within {round(timeout_s, 3):g} s"

    def _reason(self, before_count: int) -> str:
        """Who holds the slots, and who waits for them."""
        with self._gate.passed(self._clock() + _GATE_S):
            holders = self._locks.holders()
        told = [_told(number, holder) for number, holder in enumerate(holders[:_TOLD_MOST])]
        more = [f"and {len(holders) - _TOLD_MOST} more"] if len(holders) > _TOLD_MOST else []
        waiting = f"; {before_count} wait before this one" if before_count > 1 else "; one waits before this one"
        return ", ".join([*told, *more]) + (waiting if before_count else "")


def _told(number: int, holder: Holder | None) -> str:
    return f"slot {number} is free again" if holder is None else f"slot {number} is held by {holder}"
