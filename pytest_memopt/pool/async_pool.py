"""The pool for tasks of asyncio: decides at once who gets what, and awaits user code and its waits in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, TypeVar, cast, overload

from ..errors import ResourceTypeError, one_line
from . import wording
from .arguments import Arguments
from .async_lease import AsyncLease, Borrowing
from .async_workshop import AsyncWorkshop
from .closings import Closings, all_done
from .desk import PoolDesk
from .event_loops import Home, LoopDemand, LoopKey, loop_of, running_loop
from .hooks import PoolHooks
from .inventory import Permit
from .keeper import KEEPER
from .lease import Lease
from .loop_upkeep import LoopUpkeep
from .policy import Order
from .recipe import ResourceType, make_type
from .resource import PooledResource
from .stats import Eviction
from .trouble import TroubleKind

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")


class AsyncMemoryPool(PoolDesk[T]):
    """Resources of one type, built when they are needed, lent to one task at a time, reset and lent again.

    For asyncio, and for anyio on its asyncio backend; trio isn't supported. ``factory``, ``validate``, ``reset``,
    ``fingerprint`` and ``close`` may be coroutine functions, or return something that can be awaited. Without ``close``
    a resource's own ``aclose()`` is called, else its own ``close()``.

    A resource is lent only in the event loop that it was built in. Several loops may use the pool, one after the other
    (as each test of a suite has its own) or at the same time in several threads; ``max_size`` holds for all together.
    What a closed loop left behind is told of and replaced, so close or drain the pool before its loop ends.

    ``reset`` and ``validate`` run in the borrower's task: cancelling it reaches them, so that one that hangs can be ended,
    and a resource that was half reset is discarded. Resources are closed in tasks of their own, which go on when the one
    that waits for them is cancelled: nobody else would close the rest.

    Args:
        factory: builds a resource.
        name: what messages call the type; by default the factory's name.
        options: the callables and rules of a resource type, see `make_type` and `make_policy`.

    Raises:
        ResourceTypeError: for an option that makes no sense.
    """

    awaits: ClassVar[bool] = True
    _lease_class: ClassVar[type[Lease[Any]]] = AsyncLease

    @overload
    def __init__(self, factory: Callable[..., Awaitable[T]], *, name: str | None = None, **options: Any) -> None: ...

    @overload
    def __init__(self, factory: Callable[..., T], *, name: str | None = None, **options: Any) -> None: ...

    def __init__(self, factory: Callable[..., Any], *, name: str | None = None, **options: Any) -> None:
        kind = make_type(str(name or getattr(factory, "__name__", "resource")), factory, **options)
        self._open(kind, PoolHooks(keeper=KEEPER))

    @classmethod
    def of(cls, kind: ResourceType, hooks: PoolHooks) -> AsyncMemoryPool[Any]:
        """The pool of a resource type in surroundings of its own.

        Raises:
            ResourceTypeError: for a type that is shared by processes.
        """
        pool: AsyncMemoryPool[Any] = cls.__new__(cls)
        pool._open(kind, hooks)
        return pool

    def _open(self, kind: ResourceType, hooks: PoolHooks) -> None:
        if kind.shared:
            raise ResourceTypeError(f"{kind.subject}: shared=True is not possible in an async pool; leave it out")
        PoolDesk.__init__(self, kind, hooks)
        self._craft: AsyncWorkshop[T] = AsyncWorkshop(kind, self._works)
        self._is_quick = not (self._works.checks_before or self._follows)
        self._homes: dict[asyncio.AbstractEventLoop, Home[T]] = {}
        self._closings: Closings[T] = Closings(self._craft, self._works.tell, self._note_failed_close)

    def borrow(
        self, arguments: Arguments | None = None, *, timeout_s: float | None = None, label: str | None = None
    ) -> Borrowing[T]:
        """Lend a resource: an idle one, a new one, or the first that comes free.

        ``async with pool.borrow() as resource`` gives it back; ``await pool.borrow()`` returns an `AsyncLease`. Nothing is
        lent before one of the two is done.

        Args:
            arguments: what it is built with, see `arguments_of`; ``None`` for none.
            timeout_s: how long to wait, 0 for not at all; by default what the type says.
            label: who borrows, for messages.

        Raises (when awaited):
            PoolTimeout: when none came free in time.
            PoolClosed: when the pool is closed.
            PoolError: outside of an asyncio event loop.
        """
        return Borrowing(partial(self._borrow, arguments, timeout_s, label))

    async def give_back(self, lent: AsyncLease[T] | T) -> None:
        """Take back a lease, or the resource that was lent.

        Raises:
            ReturnError: when it was given back before, was never this pool's, or comes from another event loop or, where
                the type forbids that, from another thread.
        """
        try:
            home = self._homes[asyncio.get_running_loop()]
        except (KeyError, RuntimeError):
            home = self._home()
        with self._lock:
            lease = lent if lent.__class__ is AsyncLease else self._lease_of(lent)
            member = lease.member
            if member is None or lease.pool is not self:
                self._refuse(lease)
                return
            is_orphan = member.key is not home.key and self._is_orphan(member, home.key.loop)
            restores = self._restores and not is_orphan
            if restores:
                self._begin_return(lease, member)
            else:
                member.lease = lease.member = None
                if is_orphan:
                    self._stock.reject(member, Eviction.LOOP_CLOSED)
                    self._abandon_closed_loops()
                else:
                    self._put(member, home)
        if restores:
            await self._restore(member, lease)
        if self._stock.doomed:
            await self._close_doomed()

    async def maintain(self) -> None:
        """One round of upkeep: close what is too old, tell of leases held too long or lost, keep ``min_idle`` ready.

        ``min_idle`` counts what is idle in all event loops; what is missing is built in this one. A task in each event loop
        that the pool lends in does so every ``cleanup_interval`` seconds.
        """
        arguments = self._home().arguments
        try:
            self._expire()
        finally:  # whoever is told may raise
            self._abandon_closed_loops()
            await self._close_doomed()
        while self._reserve_ready():
            try:
                member = await self._build(arguments)
            except Exception as error:  # noqa: BLE001 - user code
                self._works.tell(TroubleKind.UPKEEP_FAILED, one_line(error))
                return
            with self._lock:
                self._stock.add(member, self._clock())
            await self._close_doomed()

    async def drain(self) -> None:
        """Replace all members: idle ones are closed now, each in its own event loop, lent ones when they come back."""
        self._abandon_closed_loops()
        with self._lock:
            self._stock.drain()
        await self._close_all()

    def refuse(self) -> None:
        """Lend no more, and end every wait with `PoolClosed`; `close` does the same, and closes what there is."""
        self._begin_close()

    async def close(self) -> None:
        """Close all idle members, and the lent ones when they come back; end every wait with `PoolClosed`.

        Waits until all that is being closed in this event loop is closed; members of other event loops are closed there,
        which isn't waited for. Failures are told, and don't keep it from going on. A second call does nothing more.
        """
        self._abandon_closed_loops()
        self._begin_close()
        await self._close_all()

    async def __aenter__(self) -> AsyncMemoryPool[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def after_fork_in_child(self) -> None:
        """Start empty: what was built before is the parent's, and so are its event loops."""
        super().after_fork_in_child()
        self._homes = {}
        self._closings.forget()

    async def _borrow(self, arguments: Arguments | None, timeout_s: float | None, label: str | None) -> AsyncLease[T]:
        now_s = self._clock()
        try:
            home = self._homes[asyncio.get_running_loop()]
        except (KeyError, RuntimeError):
            home = self._home()
        stock = self._stock
        taken: PooledResource[T] | Permit | None
        with self._lock:
            if arguments is None and home.shelf:
                taken = home.next()
                if self._is_quick and now_s < taken.quick_until_s:
                    lease: AsyncLease[T] = AsyncLease()
                    taken.lease = lease
                    lease.pool, lease.member, lease.resource, lease.borrowed_at_s = self, taken, taken.resource, now_s
                    taken.use_count += 1
                    stock.lent_count = in_use = stock.lent_count + 1
                    if in_use > stock.peak_in_use:  # noqa: PLR1730 - a call would cost as much as all the rest of the line
                        stock.peak_in_use = in_use
                    return lease
                arguments = home.arguments
            else:
                arguments = home.placed(arguments)
                taken = stock.take(arguments.key)
        if taken is None:
            taken = await self._wait(arguments, self.kind.policy.timeout_s if timeout_s is None else timeout_s, now_s)
        return await self._borrow_with_care(taken, arguments, now_s, label)

    async def _borrow_with_care(
        self, taken: PooledResource[T] | Permit, arguments: Arguments, began_s: float, label: str | None
    ) -> AsyncLease[T]:
        borrower = self._note_borrower(label) if self._follows else None
        while isinstance(taken, PooledResource):
            reason = taken.outlived(self._clock(), self.kind.policy.idle_ttl_s)
            if reason is None and self._works.checks_before:
                reason = await self._refused(taken)
            if reason is None:
                return cast("AsyncLease[T]", self._lend(taken, borrower, began_s))
            taken = self._exchange(taken, reason)
        return cast("AsyncLease[T]", self._lend(await self._build(arguments), borrower, None))

    async def _wait(self, arguments: Arguments, timeout_s: float | None, began_s: float) -> PooledResource[T] | Permit:
        if len(self._homes) > 1:
            self._abandon_closed_loops()
        self._reclaim_lost()
        demand: LoopDemand[T] = LoopDemand(cast("LoopKey", arguments.key), self._pass_on)
        taken, ahead_count = self._queue(demand)
        if taken is not None:
            return taken
        try:
            await demand.granted_or_late(timeout_s, self._home().alarm)
        except BaseException:
            with self._lock:
                self._withdraw(demand)
            self._begin_closing()
            raise
        return self._granted(demand, ahead_count, began_s)

    async def _build(self, arguments: Arguments) -> PooledResource[T]:
        """A new member for which there is a place; if it fails, or is cancelled, the place is given up."""
        try:
            await self._close_doomed()
            began_s = self._clock()
            member = await self._craft.build(arguments)
            try:
                await self._craft.take_fingerprint(member)
            except BaseException:
                self._closings.begin([member])
                raise
        except Exception:
            self._note_failed_build()
            raise
        except BaseException:
            with self._lock:
                self._stock.give_up_place()
            raise
        self._note_built(member, began_s)
        return member

    async def _refused(self, member: PooledResource[T]) -> Eviction | None:
        """That ``validate`` refuses a member, or ``None``."""
        try:
            is_valid = await self._craft.is_valid(member)
        except BaseException:
            with self._lock:
                self._stock.part(member, Eviction.INVALID)
            self._begin_closing()
            raise
        return None if is_valid else self._note_invalid()

    def _put(self, member: PooledResource[T], home: Home[T]) -> None:
        stock = self._stock
        now_s = self._clock()
        if member.key is home.key and now_s < member.ends_at_s and not stock.demands:
            stock.lent_count -= 1
            member.last_used_at_s = now_s
            home.shelf.append(member)
        else:
            stock.put(member, now_s)

    async def _restore(self, member: PooledResource[T], lease: AsyncLease[T]) -> None:
        began_s = self._clock()
        reason: Eviction | None = Eviction.RESET_FAILED
        try:
            self._tell_overdue_return(lease, began_s)
            reason = await self._craft.restore(member, lease.borrower)
        except BaseException:
            self._end_return(member, reason, began_s)
            self._begin_closing()
            raise
        self._end_return(member, reason, began_s)

    async def _close_doomed(self) -> None:
        await all_done(self._begin_closing())

    async def _close_all(self) -> None:
        self._begin_closing()
        await all_done(self._closings.here())

    def _begin_closing(self) -> list[asyncio.Task[None]]:
        """Start to close what left the pool; the tasks of this event loop."""
        if not self._stock.doomed or running_loop() is None:
            return []
        return self._closings.begin(self._take_doomed())

    def _home(self) -> Home[T]:
        """What the pool has in the event loop that runs."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise wording.no_loop(self.kind) from None
        home = self._homes.get(loop)
        return home if home is not None else self._move_in(LoopKey(loop))

    def _move_in(self, key: LoopKey) -> Home[T]:
        self._abandon_closed_loops()
        with self._lock:
            shelf = self._stock.keep_shelf(key)
            home = self._homes[key.loop] = Home(key, shelf, is_lifo=self.kind.policy.order is Order.LIFO)
        interval_s = self.kind.policy.cleanup_interval_s
        if interval_s is not None and self._hooks.keeper is not None:
            LoopUpkeep(self, key.loop, interval_s).start()
        return home

    def _is_orphan(self, member: PooledResource[T], here: asyncio.AbstractEventLoop) -> bool:
        loop = loop_of(member)
        if loop is not here and not loop.is_closed():
            raise wording.wrong_loop(self.kind)
        return loop is not here

    def _abandon_closed_loops(self) -> None:
        """Doom what closed event loops left idle, and forget who waited there."""
        with self._lock:
            gone = [loop for loop in self._homes if loop.is_closed()]
            for loop in gone:
                del self._homes[loop]
            if gone:
                self._stock.doom_again(self._closings.take_stranded())
                self._forget_the_deaf()
                self._stock.abandon(lambda key: isinstance(key, LoopKey) and key.loop in gone, Eviction.LOOP_CLOSED)

    def _forget_the_deaf(self) -> None:
        """Those who wait in a closed event loop don't wait any more."""
        for demand in list(self._stock.demands):
            if isinstance(demand, LoopDemand) and demand.loop.is_closed():
                self._withdraw(demand)

    def _pass_on(self, demand: LoopDemand[T]) -> None:
        """What was granted to somebody whose event loop is closed goes to the next; called under the lock."""
        self._forget_the_deaf()  # first, lest each of them pass it on to the one behind
        self._withdraw(demand)

    def _withdraw(self, demand: LoopDemand[T]) -> None:
        if not demand.is_over:  # a coroutine that waited in a closed loop comes here again when it is collected
            demand.is_over = True
            self._stock.withdraw(demand, self._clock())
