"""The pool for threads: decides under its lock who gets what, waits and calls user code outside of it."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from .arguments import NO_ARGUMENTS, Arguments
from .desk import PoolDesk, blank_lease
from .hooks import PoolHooks
from .inventory import Demand, Permit
from .lease import Lease
from .recipe import ResourceType, make_type
from .resource import PooledResource
from .stats import Eviction
from .trouble import TroubleKind

T = TypeVar("T")


class MemoryPool(PoolDesk[T]):
    """Resources of one type, built when they are needed, lent to one borrower at a time, reset and lent again.

    Thread-safe. Borrowers who have to wait are served in the order in which they came. In a forked child the pool starts
    empty. Errors of ``reset``, ``validate`` and ``close`` don't reach borrowers: the resource is replaced, and the trouble
    is told, by a `PoolWarning` unless a listener was given.

    Args:
        factory: builds a resource.
        name: what messages call the type; by default the factory's name.
        options: the callables and rules of a resource type, see `make_type` and `make_policy`.

    Raises:
        ResourceTypeError: for an option that makes no sense.
    """

    def __init__(self, factory: Callable[..., T], *, name: str | None = None, **options: Any) -> None:
        super().__init__(
            make_type(str(name or getattr(factory, "__name__", "resource")), factory, **options), PoolHooks()
        )

    @classmethod
    def of(cls, kind: ResourceType, hooks: PoolHooks) -> MemoryPool[Any]:
        """The pool of a resource type in surroundings of its own."""
        pool: MemoryPool[Any] = cls.__new__(cls)
        PoolDesk.__init__(pool, kind, hooks)
        return pool

    def borrow(
        self, arguments: Arguments | None = None, *, timeout_s: float | None = None, label: str | None = None
    ) -> Lease[T]:
        """Lend a resource: an idle one, a new one, or the first that comes free.

        Args:
            arguments: what it is built with, see `arguments_of`; ``None`` for none.
            timeout_s: how long to wait, 0 for not at all; by default what the type says.
            label: who borrows, for messages.

        Raises:
            PoolTimeout: when none came free in time.
            PoolClosed: when the pool is closed.
        """
        now_s = self._clock()
        stock = self._stock
        taken: PooledResource[T] | Permit | None
        with self._lock:
            if arguments is None and self._quick_shelf:
                taken = member = self._next()
                if now_s < member.quick_until_s:
                    member.lease = lease = blank_lease(Lease)
                    lease.pool, lease.member, lease.resource, lease.borrowed_at_s = self, member, member.resource, now_s
                    member.use_count += 1
                    stock.lent_count = in_use = stock.lent_count + 1
                    if in_use > stock.peak_in_use:  # noqa: PLR1730 - a call would cost as much as all the rest of the line
                        stock.peak_in_use = in_use
                    return lease
            else:
                arguments = arguments or NO_ARGUMENTS
                taken = stock.take(arguments.key)
        return self._borrow_with_care(taken, arguments or NO_ARGUMENTS, now_s, timeout_s, label)

    def give_back(self, lent: Lease[T] | T) -> None:
        """Take back a lease, or the resource that was lent.

        Raises:
            ReturnError: when it was given back before, was never this pool's, or comes from another thread where the type
                forbids that.
        """
        with self._lock:
            lease = lent if lent.__class__ is Lease else self._lease_of(lent)
            member = lease.member
            if member is None or lease.pool is not self:
                self._refuse(lease)
                return
            if self._restores:
                self._begin_return(lease, member)
            else:
                member.lease = lease.member = None
                stock = self._stock
                now_s = self._clock()
                if member.key is None and now_s < member.ends_at_s and not stock.demands:
                    stock.lent_count -= 1
                    member.last_used_at_s = now_s
                    stock.shelf.append(member)
                    return
                stock.put(member, now_s)
        if self._restores:
            self._restore(member, lease)
        self._close_doomed()

    def maintain(self) -> None:
        """One round of upkeep: close what is too old, tell of leases held too long or lost, keep ``min_idle`` ready.

        Call it now and then: the pool starts no thread of its own.
        """
        self._expire()
        self._close_doomed()
        while self._reserve_ready():
            try:
                member = self._build(NO_ARGUMENTS)
            except Exception as error:  # noqa: BLE001 - user code
                self._works.tell(TroubleKind.UPKEEP_FAILED, f"{type(error).__name__}: {error}")
                return
            with self._lock:
                self._stock.add(member, self._clock())
            self._close_doomed()

    def drain(self) -> None:
        """Replace all members: idle ones are closed now, lent ones when they come back."""
        with self._lock:
            self._stock.drain()
        self._close_doomed()

    def close(self) -> None:
        """Close all idle members, and the lent ones when they come back; end every wait with `PoolClosed`.

        Failures are told, and don't keep it from going on. A second call does nothing.
        """
        self._begin_close()
        self._close_doomed()

    def __enter__(self) -> MemoryPool[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _borrow_with_care(
        self,
        taken: PooledResource[T] | Permit | None,
        arguments: Arguments,
        began_s: float,
        timeout_s: float | None,
        label: str | None,
    ) -> Lease[T]:
        if taken is None:
            taken = self._wait(arguments, self.kind.policy.timeout_s if timeout_s is None else timeout_s, began_s)
        borrower = self._note_borrower(label) if self._follows else None
        while isinstance(taken, PooledResource):
            if (reason := self._unfit(taken)) is None:
                return self._lend(taken, borrower, began_s)
            taken = self._exchange(taken, reason)
        self._close_doomed()
        return self._lend(self._build(arguments), borrower, None)

    def _wait(self, arguments: Arguments, timeout_s: float | None, began_s: float) -> PooledResource[T] | Permit:
        self._reclaim_lost()
        gate = allocate_lock()
        gate.acquire()
        demand: Demand[T] = Demand(arguments.key, gate.release)
        taken, ahead_count = self._queue(demand)
        if taken is not None:
            return taken
        try:
            gate.acquire(timeout=-1 if timeout_s is None else max(timeout_s, 0.0))
        except BaseException:
            with self._lock:
                self._stock.withdraw(demand, self._clock())
            self._close_doomed()
            raise
        return self._granted(demand, ahead_count, began_s)

    def _build(self, arguments: Arguments) -> PooledResource[T]:
        """A new member for which there is a place; if it fails the place is given up."""
        began_s = self._clock()
        try:
            member = self._works.build(arguments)
        except BaseException:
            self._note_failed_build()
            raise
        self._note_built(member, began_s)
        return member

    def _unfit(self, member: PooledResource[T]) -> Eviction | None:
        """Why a member can't be lent, or ``None``."""
        if (reason := member.outlived(self._clock(), self.kind.policy.idle_ttl_s)) is not None:
            return reason
        try:
            is_valid = self._works.is_valid(member)
        except BaseException:
            with self._lock:
                self._stock.part(member, Eviction.INVALID)
            self._close_doomed()
            raise
        return None if is_valid else self._note_invalid()

    def _restore(self, member: PooledResource[T], lease: Lease[T]) -> None:
        began_s = self._clock()
        self._tell_overdue_return(lease, began_s)
        reason: Eviction | None = Eviction.RESET_FAILED
        try:
            reason = self._works.restore(member, lease.borrower)
        finally:
            self._end_return(member, reason, began_s)

    def _close_doomed(self) -> None:
        for member in self._take_doomed():
            if not self._works.close(member):
                self._note_failed_close()
