"""Who gets which member: decided here, without locks, clocks or calls into user code; pools do the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from enum import Enum
from typing import Final, Generic, TypeVar

from .policy import Order, PoolPolicy
from .resource import PooledResource
from .stats import Counters, Eviction, PoolStats

T = TypeVar("T")

ENDED_S: Final = float("-inf")
"""The end of a lifetime that was cut short."""


class Permit(Enum):
    """Leave to do something instead of getting a member."""

    BUILD = "build"


class Demand(Generic[T]):
    """One borrower who waits, until there is a grant.

    Attributes:
        key: which members serve.
        wake: called when there is one.
        grant: a member, the leave to build one, or the error that ends the wait.
    """

    __slots__ = ("grant", "key", "wake")

    def __init__(self, key: Hashable, wake: Callable[[], None]) -> None:
        self.key = key
        self.wake = wake
        self.grant: PooledResource[T] | Permit | BaseException | None = None

    def give(self, grant: PooledResource[T] | Permit | BaseException) -> None:
        """End the wait."""
        self.grant = grant
        self.wake()


class Inventory(Generic[T]):
    """The members of a pool: idle ones on shelves by key, lent ones, places for those being built, and who waits.

    While anybody waits there is no idle member: each that comes free is offered first. Not for several threads at once: the pool calls it under its lock, and closes the `doomed` outside of it.

    Attributes:
        size: members and places taken by members that are being built.
        shelf: the idle members that were built without arguments.
        members: all members, by the identity of their resource.
        demands: who waits, the first in front.
        lent_count: members that are lent or being reset; ``peak_in_use`` the most at one time.
        doomed: members that left, to be closed by the pool.
        counters: the running account.
        refuses: why members that come back aren't kept, or ``None`` while they are.
    """

    def __init__(self, policy: PoolPolicy, refuses: Eviction | None = None) -> None:
        self._max_size = policy.max_size
        self._idle_ttl_s = policy.idle_ttl_s
        self._is_lifo = policy.order is Order.LIFO
        self.shelf: deque[PooledResource[T]] = deque()
        self._shelves: dict[Hashable, deque[PooledResource[T]]] = {None: self.shelf}
        self.demands: deque[Demand[T]] = deque()
        self.size = 0
        self.lent_count = self.peak_in_use = 0
        self.members: dict[int, PooledResource[T]] = {}
        self.doomed: list[PooledResource[T]] = []
        self.counters = Counters()
        self.refuses = refuses

    @property
    def idle_count(self) -> int:
        """Members on shelves."""
        return sum(map(len, self._shelves.values()))

    @property
    def waiting_count(self) -> int:
        """How many borrowers wait."""
        return len(self.demands)

    def take(self, key: Hashable) -> PooledResource[T] | Permit | None:
        """An idle member, the leave to build one, or ``None`` where the borrower has to wait its turn."""
        if self.demands:
            return None
        return self._pick(key)

    def pick_again(self, key: Hashable) -> PooledResource[T] | Permit:
        """Another idle member for a borrower whose first one turned out stale, or the leave to build in its place."""
        shelf = self._shelves.get(key)
        if not shelf:
            return Permit.BUILD
        member = self._unshelve(shelf)
        self.give_up_place()
        return member

    def wait(self, demand: Demand[T]) -> None:
        """Stand in the queue."""
        self.demands.append(demand)

    def withdraw(self, demand: Demand[T], now_s: float) -> None:
        """Leave the queue; what was granted meanwhile goes to the next."""
        grant = demand.grant
        if grant is None:
            self.demands.remove(demand)
        elif isinstance(grant, PooledResource):
            self._offer(grant, now_s)
        elif grant is Permit.BUILD:
            self.give_up_place()

    def put(self, member: PooledResource[T], now_s: float) -> None:
        """A lent member comes back."""
        self.lent_count -= 1
        member.touch(now_s)
        self._offer(member, now_s)

    def add(self, member: PooledResource[T], now_s: float) -> None:
        """A member that was built to be kept ready takes its place, see `reserve`."""
        member.touch(now_s)
        self._offer(member, now_s)

    def reserve(self) -> bool:
        """A place for a member that is built to be kept ready; ``False`` if there is none."""
        if self.demands or self.size >= self._max_size:
            return False
        self._grow()
        return True

    def enrol(self, member: PooledResource[T]) -> bool:
        """Note a member that was built; ``False`` when its resource is a member already, and its place is given up."""
        if id(member.resource) in self.members:
            self.give_up_place()
            return False
        self.members[id(member.resource)] = member
        if self.refuses is not None:
            member.ends_at_s = ENDED_S
        return True

    def lend(self, member: PooledResource[T]) -> None:
        """Note that it is lent."""
        member.use_count += 1
        self.lent_count += 1
        self.peak_in_use = max(self.peak_in_use, self.lent_count)

    def forfeit(self, member: PooledResource[T], reason: Eviction) -> None:
        """A lent member doesn't come back: its place is free."""
        self.lent_count -= 1
        self._retire(member, reason)
        self.give_up_place()

    def give_up_place(self) -> None:
        """A place isn't needed: building failed, or what was taken went stale."""
        self.size -= 1
        self._serve()

    def expire(self, now_s: float, min_idle: int = 0) -> None:
        """Doom the idle members whose time is over, the least recently used first, but keep ``min_idle`` of the living."""
        for shelf in list(self._shelves.values()):
            for member in list(shelf):
                reason = member.outlived(now_s, self._idle_ttl_s)
                if reason is Eviction.LIFETIME or (reason is not None and self.idle_count > min_idle):
                    self._doom(member, reason)
        for key in [key for key, shelf in self._shelves.items() if not shelf and key is not None]:
            del self._shelves[key]

    def empty(self, reason: Eviction) -> None:
        """Doom every idle member."""
        for member in list(self.idle()):
            self._doom(member, reason)

    def drain(self) -> None:
        """Doom every idle member now, and every lent one when it comes back."""
        self.empty(Eviction.DRAINED)
        for member in self.members.values():
            member.ends_at_s = ENDED_S

    def close(self, make_error: Callable[[], BaseException]) -> None:
        """Doom every member, now or when it comes back, and end every wait with an error of its own."""
        self.refuses = Eviction.DRAINED
        self._max_size = 0
        self.drain()
        while self.demands:
            self.demands.popleft().give(make_error())

    def forget(self) -> list[PooledResource[T]]:
        """Give up all members and waits without closing or waking anything: they belong to another process."""
        left = list(self.members.values())
        self.shelf.clear()
        self._shelves = {None: self.shelf}
        self.demands.clear()
        self.members = {}
        self.doomed = []
        self.size = self.lent_count = 0
        return left

    def lent(self) -> list[PooledResource[T]]:
        """The members that are lent now."""
        return [member for member in self.members.values() if member.lease is not None]

    def stats(self) -> PoolStats:
        """The account so far, and what there is now."""
        return self.counters.stats(self._use_count(), self.lent_count, self.idle_count, self.peak_in_use)

    def clear_counters(self) -> None:
        """Start the account anew; peaks begin with what there is now."""
        self.counters.clear(self._use_count())
        self.peak_in_use, self.counters.peak_size = self.lent_count, self.size

    def idle(self) -> Iterator[PooledResource[T]]:
        """The idle members, shelf by shelf, the least recently used first."""
        for shelf in self._shelves.values():
            yield from shelf

    def reject(self, member: PooledResource[T], reason: Eviction) -> None:
        """A lent member comes back, and can't be lent again."""
        self.lent_count -= 1
        self.part(member, reason)

    def discard(self, member: PooledResource[T], reason: Eviction) -> None:
        """Doom a member that isn't on a shelf; its place stays taken."""
        self._retire(member, reason)
        self.doomed.append(member)

    def part(self, member: PooledResource[T], reason: Eviction) -> None:
        """Doom a member that isn't on a shelf; its place is free."""
        self.discard(member, reason)
        self.give_up_place()

    def take_doomed(self) -> list[PooledResource[T]]:
        """Those to be closed."""
        doomed, self.doomed = self.doomed, []
        return doomed

    def _use_count(self) -> int:
        return sum(member.use_count for member in self.members.values())

    def _pick(self, key: Hashable) -> PooledResource[T] | Permit | None:
        shelf = self._shelves.get(key)
        if shelf:
            return self._unshelve(shelf)
        if self.size < self._max_size:
            self._grow()
            return Permit.BUILD
        if any(self._shelves.values()):
            # full, but with members of other arguments: the one that was not used for the longest time makes room
            self._leave(min(self._oldest(), key=lambda member: member.last_used_at_s), Eviction.MADE_ROOM)
            return Permit.BUILD
        return None

    def _unshelve(self, shelf: deque[PooledResource[T]]) -> PooledResource[T]:
        return shelf.pop() if self._is_lifo else shelf.popleft()

    def _grow(self) -> None:
        self.size += 1
        self.counters.peak_size = max(self.counters.peak_size, self.size)

    def _oldest(self) -> Iterator[PooledResource[T]]:
        return (shelf[0] for shelf in self._shelves.values() if shelf)

    def _offer(self, member: PooledResource[T], now_s: float) -> None:
        """Give a member to the first who waits, or put it on its shelf; one that can't be kept is doomed."""
        if self.refuses is not None:
            self.part(member, self.refuses)
        elif now_s >= member.ends_at_s:
            self.part(member, Eviction.LIFETIME if member.ends_at_s > ENDED_S else Eviction.DRAINED)
        elif self.demands and self.demands[0].key == member.key:
            self.demands.popleft().give(member)
        else:
            self._shelves.setdefault(member.key, deque()).append(member)
            self._serve()

    def _serve(self) -> None:
        """Grant what can be granted, in the order in which they came."""
        while self.demands and (grant := self._pick(self.demands[0].key)) is not None:
            self.demands.popleft().give(grant)

    def _doom(self, member: PooledResource[T], reason: Eviction) -> None:
        self._leave(member, reason)
        self.give_up_place()

    def _leave(self, member: PooledResource[T], reason: Eviction) -> None:
        self._shelves[member.key].remove(member)
        self.discard(member, reason)

    def _retire(self, member: PooledResource[T], reason: Eviction) -> None:
        del self.members[id(member.resource)]
        self.counters.retire(member.use_count, reason)
