"""What a pool decides without waiting and without calling user code: the half that both twins share."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from . import wording
from .adaptive_yield import AdaptiveYield
from .forks import FORKS
from .hooks import PoolHooks
from .inventory import Demand, Inventory, Permit
from .lease import Borrower, Lease
from .policy import Order
from .recipe import ResourceType
from .resource import PooledResource, ResourceState
from .stack import note_stack
from .stats import Eviction, PoolStats
from .supervision import find_lost, find_overdue, has_gil
from .trouble import TroubleKind
from .workshop import Workshop

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")


def write_lease(
    pool: PoolDesk[T], member: PooledResource[T], now_s: float, lease_class: type[Lease[Any]] = Lease
) -> Lease[T]:
    """A lease of ``member``; the pool for threads does the same in place, for its quickest path."""
    lease: Lease[T] = lease_class()
    lease.pool, lease.member, lease.resource, lease.borrowed_at_s = pool, member, member.resource, now_s
    return lease


class PoolDesk(Generic[T]):
    """Keeps the stock under a lock, writes the leases, and refuses what is wrong.

    Attributes:
        kind: the resource type.
        keeps_shared: whether pools of this class are for types that processes share.
        sized_at: the account when its size was set last; an empty one where it has the size of its type.
        awaits: whether they await what the type's callables return.
    """

    keeps_shared: ClassVar[bool] = False
    awaits: ClassVar[bool] = False
    _lease_class: ClassVar[type[Lease[Any]]] = Lease

    def __init__(self, kind: ResourceType, hooks: PoolHooks) -> None:
        if kind.shared is not self.keeps_shared:
            raise wording.wrong_pool(kind, type(self).__name__)
        if kind.awaited and not self.awaits:
            raise wording.awaited(kind, kind.awaited[0])
        self.kind = kind
        self._hooks = hooks
        self._clock = hooks.clock
        policy = kind.policy
        self._follows = hooks.follows or policy.leak_threshold_s is not None or policy.same_thread
        self._works: Workshop[T] = Workshop(kind, hooks)
        self._restores = self._works.checks_after or self._follows
        self._lock = threading.RLock()  # one that its holder may take again: a finalizer may run anywhere
        self._stock: Inventory[T] = Inventory(policy, None if hooks.pools and policy.keep_idle else Eviction.UNPOOLED)
        shelf = self._stock.shelf
        self._next = shelf.pop if policy.order is Order.LIFO else shelf.popleft
        is_quick = has_gil() and not (self._works.checks_before or self._follows)
        self._quick_shelf: Sequence[object] = shelf if is_quick else ()
        self._is_quick_back = has_gil() and not self._restores
        self._yields = AdaptiveYield()
        self._is_closed = False
        self.sized_at = PoolStats()
        self._is_kept = False
        self._inherited: list[PooledResource[T]] = []
        FORKS.add(self)

    def get_stats(self) -> PoolStats:
        """What the pool did so far, and has now."""
        with self._lock:
            return self._stock.stats()

    def pop_stats(self) -> PoolStats:
        """The same, and count anew from here; peaks begin with what there is now."""
        with self._lock:
            stats = self.get_stats()
            self._stock.clear_counters()
            self.sized_at = PoolStats()
            return stats

    def stats_at_size(self) -> PoolStats:
        """The same since its size was set last; peaks and durations are those of the whole time."""
        with self._lock:
            return self.get_stats().since(self.sized_at)

    @property
    def size(self) -> int:
        """Members, lent, idle and being built."""
        return self._stock.size

    @property
    def is_closed(self) -> bool:
        """Whether the pool was closed."""
        return self._is_closed

    def leases(self) -> list[Lease[T]]:
        """The leases that are held now."""
        with self._lock:
            return [lease for member in self._stock.lent() if (lease := member.lease) is not None]

    def idle_resources(self) -> list[T]:
        """The resources that are idle now, the least recently used first."""
        with self._lock:
            return [member.resource for member in self._stock.idle()]

    def revoke(self, lease: Lease[T], fate: str) -> None:
        """End a lease in the borrower's place; the resource is left to whoever still has it, and never lent again.

        Args:
            lease: one of `leases`.
            fate: what a late borrower is told, as "was taken back at the end of test_x".
        """
        with self._lock:
            member, lease.member = lease.member, None  # one step: the pool for threads gives back without the lock
            if member is None:
                return
            lease.end(fate)
            member.lease = None
            self._stock.forfeit(member, Eviction.LOST)

    def after_fork_in_child(self) -> None:
        """Start empty: what was built before is the parent's, and kept alive so that nothing closes it here."""
        self._lock = threading.RLock()
        for lease in self.leases():
            lease.end(wording.FORKED)
        self._inherited += self._stock.forget()
        self._works.calls.forget()
        self.sized_at = PoolStats()
        self._is_kept = False

    def __repr__(self) -> str:
        state = "closed, " if self._is_closed else ""
        return (
            f"<{type(self).__name__} of {self.kind.name!r}: "
            f"{state}{self._stock.lent_count} lent, {self._stock.idle_count} idle>"
        )

    def _lend(self, member: PooledResource[T], borrower: Borrower | None, began_s: float | None) -> Lease[T]:
        """Lend a member that is held since ``began_s``, or was built for this borrower (``None``)."""
        now_s = self._clock()
        with self._lock:
            counters = self._stock.counters
            if began_s is None:
                counters.misses += 1
            else:
                counters.borrow.add(now_s - began_s)
            member.allow_quick(now_s, self.kind.policy.idle_ttl_s)
            member.lease = lease = write_lease(self, member, now_s, self._lease_class)
            self._stock.lend(member)
        if borrower is not None:
            lease.note_borrower(borrower)
        return lease

    def _granted(self, demand: Demand[T], ahead_count: int, began_s: float) -> PooledResource[T] | Permit:
        now_s = self._clock()
        with self._lock:
            counters = self._stock.counters
            counters.waited_s += now_s - began_s
            grant = demand.grant
            if grant is None:
                self._stock.withdraw(demand, now_s)
                counters.timeouts += 1
                raise wording.exhausted(
                    self.kind, now_s - began_s, self._stock.lent(), ahead_count, now_s, self._works.calls
                )
        if isinstance(grant, BaseException):
            raise grant
        return grant

    def _exchange(self, member: PooledResource[T], reason: Eviction) -> PooledResource[T] | Permit:
        with self._lock:
            self._stock.discard(member, reason)
            return self._stock.pick_again(member.key)

    def _note_borrower(self, label: str | None) -> Borrower:
        if label is None and self._hooks.label is not None:
            label = self._hooks.label()
        return Borrower(label, note_stack(), threading.get_ident())

    def _lease_of(self, resource: object) -> Lease[T]:
        member = self._stock.members.get(id(resource))
        if member is None or member.lease is None:
            raise wording.foreign(self.kind, resource)
        return member.lease

    def _refuse(self, lease: Lease[T]) -> None:
        if lease.fate == wording.FORKED:
            return  # the parent gives it back
        if lease.pool is not self:
            raise wording.foreign(self.kind, lease)
        raise wording.returned_before(self.kind, lease)

    def _begin_return(self, lease: Lease[T], member: PooledResource[T]) -> None:
        here = threading.get_ident()
        if self.kind.policy.same_thread and lease.borrower is not None and lease.borrower.thread_id != here:
            raise wording.wrong_thread(self.kind, lease.borrower.thread_id)
        member.lease = lease.member = None
        member.special_state = ResourceState.RETURNING

    def _end_return(self, member: PooledResource[T], reason: Eviction | None, began_s: float) -> None:
        now_s = self._clock()
        with self._lock:
            counters = self._stock.counters
            if self._works.checks_after:
                counters.resets += 1
                counters.reset.add(now_s - began_s)
            member.special_state = None
            if reason is None:
                self._stock.put(member, now_s)
                return
            if reason is Eviction.RESET_FAILED:
                counters.failed_resets += 1
            self._stock.reject(member, reason)

    def _begin_close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._stock.close(lambda: wording.closed(self.kind))

    def _queue(self, demand: Demand[T]) -> tuple[PooledResource[T] | Permit | None, int]:
        """Stand in the queue behind how many, unless there is something to take by now."""
        with self._lock:
            if self._is_closed:
                raise wording.closed(self.kind)
            if (taken := self._stock.take(demand.key)) is not None:
                return taken, 0
            ahead_count = self._stock.waiting_count
            self._stock.wait(demand)
            self._stock.counters.waits += 1
        return None, ahead_count

    def _note_built(self, member: PooledResource[T], began_s: float) -> None:
        """A member was built; one whose resource is a member already is refused, and its place given up."""
        with self._lock:
            counters = self._stock.counters
            counters.built += 1
            counters.build.add(self._clock() - began_s)
            if self._stock.enrol(member):
                return
        raise wording.twin(self.kind, member.resource)

    def _note_failed_build(self) -> None:
        with self._lock:
            self._stock.counters.errors += 1
            self._stock.give_up_place()

    def _note_invalid(self) -> Eviction:
        with self._lock:
            self._stock.counters.failed_validations += 1
        return Eviction.INVALID

    def _take_doomed(self) -> list[PooledResource[T]]:
        with self._lock:
            doomed = self._stock.take_doomed()
        for member in doomed:
            member.special_state = ResourceState.CLOSED
        return doomed

    def _note_failed_close(self) -> None:
        with self._lock:
            self._stock.counters.errors += 1

    def _expire(self) -> None:
        """Doom what is too old, and tell of leases held too long or lost."""
        policy = self.kind.policy
        now_s = self._clock()
        with self._lock:
            self._stock.expire(now_s, policy.min_idle)
            overdue = find_overdue(self._stock.lent(), now_s, policy.leak_threshold_s)
        for lease, held_s in overdue:
            self._tell(TroubleKind.OVERDUE, f"for {held_s:.3g} s, threshold {policy.leak_threshold_s:.3g} s", lease)
        for call in self._works.calls.find_slow(now_s, policy.leak_threshold_s):
            self._works.tell(TroubleKind.SLOW, f"{call.spell(now_s)}, threshold {policy.leak_threshold_s:.3g} s")
        self._reclaim_lost()

    def _reserve_ready(self) -> bool:
        """A place for a member to be kept ready, if more should be."""
        with self._lock:
            is_wanted = not self._is_closed and self._stock.idle_count < self.kind.policy.min_idle
            return is_wanted and self._stock.reserve()

    def _tell_overdue_return(self, lease: Lease[T], now_s: float) -> None:
        threshold_s = self.kind.policy.leak_threshold_s
        held_s = now_s - lease.borrowed_at_s
        if threshold_s is not None and held_s > threshold_s:
            self._tell(TroubleKind.OVERDUE, f"{held_s:.3g} s, threshold {threshold_s:.3g} s; it came back now", lease)

    def _reclaim_lost(self) -> None:
        """Free the places of leases that nobody holds any more."""
        with self._lock:
            lost = find_lost(self._stock.lent())
        for lease in lost:
            self.revoke(lease, "was lost")
            self._tell(TroubleKind.LOST, "its lease was dropped, so it can't come back; use `with`", lease)

    def _tell(self, kind: TroubleKind, told: str, lease: Lease[T]) -> None:
        self._works.tell(kind, told, lease.borrower)
