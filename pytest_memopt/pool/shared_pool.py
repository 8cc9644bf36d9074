"""The pool for threads of a type whose leases are limited for all processes of the machine together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import sleep  # a test may put something else in the place of time.sleep
from typing import TYPE_CHECKING, Any, TypeVar

from .arguments import NO_ARGUMENTS, Arguments
from .hooks import PoolHooks
from .keeper import KEEPER
from .lease import Lease
from .pool import MemoryPool
from .recipe import ResourceType, make_type
from .resource import PooledResource
from .shared_desk import SharedDesk
from .waiting import sleep_through

if TYPE_CHECKING:
    from .slots import SlotRack

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")


class SharedMemoryPool(SharedDesk[T], MemoryPool[T]):
    """A `MemoryPool` of which at most ``max_size`` resources are lent at one time on the whole machine.

    Each lease has a `slot`, 0 to ``max_size - 1``, which nobody else on the machine has meanwhile; a factory with a
    parameter ``slot`` gets it. Borrowers of all processes are served in the order in which they came. What is idle holds
    no slot: another process may use the same number then. The lease of a process that was killed is free at once.

    Args:
        factory: builds a resource.
        name: what tells the type from others; processes with the same name, folder and ``max_size`` share it.
        rack_folder: where they meet, a local folder that is there; by default one of the user's own, see `user_folder`.
        options: the callables and rules of a resource type, see `make_type` and `make_policy`.

    Raises:
        ResourceTypeError: for an option that makes no sense, and for a coroutine function.
        PoolError: when the folder is missing, or can't be written.
    """

    def __init__(
        self, factory: Callable[..., T], *, name: str, rack_folder: Path | None = None, **options: Any
    ) -> None:
        hooks = PoolHooks(keeper=KEEPER, rack_folder=rack_folder)
        self._set_up(make_type(name, factory, shared=True, **options), hooks)

    @classmethod
    def of(cls, kind: ResourceType, hooks: PoolHooks, rack: SlotRack | None = None) -> SharedMemoryPool[Any]:
        """The pool of a resource type in surroundings of its own, which may give it a rack as well."""
        pool: SharedMemoryPool[Any] = cls.__new__(cls)
        pool._set_up(kind, hooks, rack)
        return pool

    def borrow(
        self, arguments: Arguments | None = None, *, timeout_s: float | None = None, label: str | None = None
    ) -> Lease[T]:
        """Lend a resource: one that is idle in a free slot, or a new one; or the first for which a slot comes free.

        Args:
            arguments: what it is built with, see `arguments_of`; ``None`` for none.
            timeout_s: how long to wait, 0 for not at all; by default what the type says.
            label: who borrows, for messages, also those of other processes.

        Raises:
            PoolTimeout: when no slot came free in time.
            PoolClosed: when the pool is closed.
            PoolError: when the files by which processes share can't be used.
        """
        began_s = self._clock()
        arguments = arguments if arguments is not None else NO_ARGUMENTS
        if label is None and self._hooks.label is not None:
            label = self._hooks.label()
        slot = sleep_through(self._slot_wait(arguments, began_s, timeout_s, label or ""), sleep)
        try:
            in_slot = arguments.in_slot(slot.number)
            with self._lock:
                taken = self._stock.take(in_slot.key)
            # who has a slot has a place: this waits for nothing but the news that the pool is closed
            lease = self._borrow_with_care(taken, in_slot, began_s, 0.0, label)
        except BaseException:
            self._release(slot)
            raise
        self._note_lent(lease, slot)
        return lease

    def give_back(self, lent: Lease[T] | T) -> None:
        """Take back a lease, or the resource that was lent, and let others have its slot once it is reset or closed.

        Raises:
            ReturnError: when it was given back before, was never this pool's, or comes from another thread where the type
                forbids that.
        """
        with self._lock:
            lease: Lease[T] = lent if isinstance(lent, Lease) else self._lease_of(lent)
            member = lease.member
        try:
            super().give_back(lease)
        finally:
            if member is not None:
                self._release_slot_if_idle(member)

    def close(self) -> None:
        """Close all idle members, and the lent ones when they come back; end every wait with `PoolClosed`.

        Slots are kept for as long as they are lent. Failures are told, and don't keep it from going on.
        """
        try:
            super().close()
        finally:  # whoever is told of a failure may raise
            self._leave_at_last()
            self._reclaim_lost()  # nobody would ever release their slots

    def _close(self, member: PooledResource[T]) -> None:
        try:
            super()._close(member)
        finally:
            self._release_slots_of([member])
