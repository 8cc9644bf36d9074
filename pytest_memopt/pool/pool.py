"""The pool for threads: decides under its lock who gets what, waits and calls user code outside of it.

Most borrows and returns need no decision, and take no lock, which would cost as much as all the rest of them. They rest on
this: a shelf is a deque, whose ``pop`` and ``append`` are one step each; what is popped is nobody else's; and CPython with
its global lock goes from one thread to another only at a call or a jump, so that ``x += 1`` and ``mine, its = its, None`` are
one step as well (since 3.10; `has_gil` says where not). Who puts something on the shelf looks at the queue afterwards, and
who stands in the queue looks at the shelf afterwards: one of the two sees the other.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from time import sleep
from types import TracebackType
from typing import Any, TypeVar

from ..errors import one_line
from .arguments import NO_ARGUMENTS, Arguments
from .desk import PoolDesk
from .hooks import PoolHooks
from .inventory import Demand, Permit
from .keeper import KEEPER
from .lease import Lease
from .recipe import ResourceType, make_type, resized
from .resource import PooledResource
from .stats import Eviction, PoolStats
from .trouble import TroubleKind

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

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
        ResourceTypeError: for an option that makes no sense, and for a coroutine function, which takes an `AsyncMemoryPool`.
    """

    def __init__(self, factory: Callable[..., T], *, name: str | None = None, **options: Any) -> None:
        kind = make_type(str(name or getattr(factory, "__name__", "resource")), factory, **options)
        super().__init__(kind, PoolHooks(keeper=KEEPER))

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
        taken: PooledResource[T] | Permit | None = None
        if arguments is None and self._quick_shelf and not stock.demands:
            try:
                taken = member = self._next()
            except IndexError:  # another thread was quicker
                pass
            else:
                if now_s < member.quick_until_s:
                    lease: Lease[T] = Lease()
                    lease.pool, lease.member, lease.resource, lease.borrowed_at_s = self, member, member.resource, now_s
                    member.lease = lease
                    member.use_count += 1
                    stock.lent_count = in_use = stock.lent_count + 1
                    if in_use > stock.peak_in_use:  # noqa: PLR1730 - in a call, another thread could have come to more
                        stock.peak_in_use = in_use
                    return lease
        arguments = arguments or NO_ARGUMENTS
        if taken is None:
            with self._lock:
                taken = stock.take(arguments.key)
        return self._borrow_with_care(taken, arguments, now_s, timeout_s, label)

    def give_back(self, lent: Lease[T] | T) -> None:
        """Take back a lease, or the resource that was lent.

        Raises:
            ReturnError: when it was given back before, was never this pool's, or comes from another thread where the type
                forbids that.
        """
        lease = lent if lent.__class__ is Lease else self._lease_of(lent)
        if not self._is_quick_back or lease.pool is not self:
            self._give_back_with_care(lease)
            return
        member, lease.member = lease.member, None
        if member is None:
            self._refuse(lease)
            return
        member.lease = None
        now_s = self._clock()
        stock = self._stock
        if member.key is None and now_s < member.ends_at_s:
            stock.lent_count -= 1
            member.last_used_at_s = now_s
            stock.shelf.append(member)
            if now_s < member.ends_at_s and not stock.demands:
                return
            with self._lock:
                stock.settle(member, now_s)
        else:
            with self._lock:
                stock.put(member, now_s)
        self._close_doomed()

    def maintain(self) -> None:
        """One round of upkeep: close what is too old, tell of leases held too long or lost, keep ``min_idle`` ready.

        A thread that all pools share does so every ``cleanup_interval`` seconds.
        """
        try:
            self._expire()
        finally:  # whoever is told may raise
            self._close_doomed()
        while self._reserve_ready():
            try:
                member = self._build(NO_ARGUMENTS)
            except Exception as error:  # noqa: BLE001 - user code
                self._works.tell(TroubleKind.UPKEEP_FAILED, one_line(error))
                return
            with self._lock:
                self._stock.add(member, self._clock())
            self._close_doomed()

    def drain(self) -> None:
        """Replace all members: idle ones are closed now, lent ones when they come back."""
        with self._lock:
            self._stock.drain()
        self._close_doomed()

    def release_idle(self) -> int:
        """Close the idle members but ``min_idle`` of them, and give how many; who borrows next has to wait for a new one."""
        with self._lock:
            idle_count = self._stock.idle_count
            self._stock.release(self.kind.policy.min_idle)
            released_count = idle_count - self._stock.idle_count
        self._close_doomed()
        return released_count

    def resize(self, max_size: int, sized_at: PoolStats | None = None) -> None:
        """Have ``max_size`` members at the most from now on; what is too many leaves, lent ones when they come back.

        A pool that is closed stays so.

        Args:
            max_size: how many.
            sized_at: the account from which on the pool counts as of this size, see `stats_at_size`; that of now when ``None``.

        Raises:
            ResourceTypeError: when it is less than 1 or than ``min_idle``, or processes share the type: its code alone
                says how many there are.
        """
        kind = resized(self.kind, max_size)
        with self._lock:
            if self._is_closed:
                return
            self.kind = kind
            self.sized_at = self.get_stats() if sized_at is None else sized_at
            self._stock.resize(max_size)
        self._close_doomed()

    def close(self) -> None:
        """Close all idle members, and the lent ones when they come back; end every wait with `PoolClosed`.

        Failures are told, and don't keep it from going on. A second call does nothing.
        """
        self._begin_close()
        if self._is_kept and self._hooks.keeper is not None:
            self._hooks.keeper.dismiss(self)
        self._close_doomed()

    def __enter__(self) -> MemoryPool[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _give_back_with_care(self, lease: Lease[T]) -> None:
        with self._lock:
            member = lease.member
            if member is None or lease.pool is not self:
                self._refuse(lease)
                return
            self._begin_return(lease, member)
        try:
            self._restore(member, lease)
        finally:
            self._close_doomed()

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
        return self._lend(self._build(arguments), borrower, None)

    def _wait(self, arguments: Arguments, timeout_s: float | None, began_s: float) -> PooledResource[T] | Permit:
        if timeout_s != 0 and (found := self._let_others_run(arguments.key, began_s)) is not None:
            return found
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

    def _let_others_run(self, key: Hashable, began_s: float) -> PooledResource[T] | Permit | None:
        """What came free while other threads ran, for one who doesn't stand in the queue yet and overtakes nobody."""
        with self._lock:
            if not self._yields.is_worth_it():
                return None
        sleep(0)
        with self._lock:
            taken = self._stock.take(key)
            self._yields.learn(has_helped=taken is not None)
            if taken is not None:
                self._stock.counters.waits += 1
                self._stock.counters.waited_s += self._clock() - began_s
        return taken

    def _build(self, arguments: Arguments) -> PooledResource[T]:
        """A new member for which there is a place; if it fails the place is given up."""
        try:
            self._close_doomed()
            began_s = self._clock()
            member = self._works.build(arguments)
        except BaseException:
            self._note_failed_build()
            raise
        self._note_built(member, began_s)
        if not self._is_kept and self._hooks.keeper is not None:
            self._is_kept = True
            self._hooks.keeper.watch(self)
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
        reason: Eviction | None = Eviction.RESET_FAILED
        try:
            self._tell_overdue_return(lease, began_s)  # whoever listens may raise, as warnings do that are errors
            reason = self._works.restore(member, lease.borrower)
        finally:
            self._end_return(member, reason, began_s)

    def _close_doomed(self) -> None:
        """Close what left the pool, all of it: what whoever is told of a failure raises comes through at the end."""
        if doomed := self._take_doomed():
            with ExitStack() as closing:
                for member in reversed(doomed):
                    closing.callback(self._close, member)

    def _close(self, member: PooledResource[T]) -> None:
        is_closed = False
        try:
            is_closed = self._works.close(member)
        finally:
            if not is_closed:
                self._note_failed_close()
