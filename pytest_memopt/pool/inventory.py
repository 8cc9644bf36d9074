"""Who gets which member: decided here, without locks, clocks or calls into user code; pools do the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
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

    While anybody waits there is no idle member: each that comes free is offered first. Not for several threads at once: the
    pool calls it under its lock, and closes the `doomed` outside of it. Only the `shelf` is for all: what stands there may
    be gone the next moment, and another one may have come.

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
        self._kept_keys: set[Hashable] = {None}
        self.demands: deque[Demand[T]] = deque()
        self.size = 0
        self.lent_count = self.peak_in_use = 0
        self.members: dict[int, PooledResource[T]] = {}
        self.doomed: list[PooledResource[T]] = []
        self.counters = Counters()
        self.refuses = refuses

    def keep_shelf(self, key: Hashable) -> deque[PooledResource[T]]:
        """The shelf of a key, which stays when it is empty, until it is abandoned."""
        self._kept_keys.add(key)
        return self._shelves.setdefault(key, deque())

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
        if (member := self._unshelve(shelf)) is None:
            return Permit.BUILD
        self.give_up_place()
        return member

    def wait(self, demand: Demand[T]) -> None:
        """Stand in the queue; what was put on the shelf just before is granted at once."""
        self.demands.append(demand)
        self._serve()

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

    def settle(self, member: PooledResource[T], now_s: float) -> None:
        """Make up for what another thread did while a member was put on the shelf without the lock."""
        if (reason := self._unwelcome(member, now_s)) is not None:
            self._doom(member, reason)
        self._serve()

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
        self.lent_count = in_use = self.lent_count + 1
        if in_use > self.peak_in_use:  # noqa: PLR1730 - in a call, another thread could have come to more
            self.peak_in_use = in_use

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
        for key in [key for key, shelf in self._shelves.items() if not shelf and key not in self._kept_keys]:
            del self._shelves[key]

    def release(self, least: int = 0) -> None:
        """Doom the idle members but ``least`` of them, the least recently used first."""
        for member in sorted(self.idle(), key=lambda member: member.last_used_at_s):
            if self.idle_count > least:
                self._doom(member, Eviction.RELEASED)

    def resize(self, max_size: int) -> None:
        """From now on ``max_size`` members at the most: who waits gets the places that came, or what is too many leaves."""
        self._max_size = max_size
        self._serve()
        self.release(max(0, self.idle_count - (self.size - max_size)))
        for member in self.lent()[: max(0, self.size - max_size)]:
            member.ends_at_s = member.quick_until_s = ENDED_S

    def empty(self, reason: Eviction) -> None:
        """Doom every idle member."""
        for member in list(self.idle()):
            self._doom(member, reason)

    def abandon(self, is_gone: Callable[[Hashable], bool], reason: Eviction) -> None:
        """Doom the idle members whose key nobody can ask for any more, and forget their shelves."""
        for key in [key for key in self._shelves if is_gone(key)]:
            for member in list(self._shelves[key]):
                self._doom(member, reason)
            del self._shelves[key]
            self._kept_keys.discard(key)

    def drain(self) -> None:
        """Doom every idle member now, and every lent one when it comes back."""
        self.empty(Eviction.DRAINED)
        for member in self.members.values():
            member.ends_at_s = member.quick_until_s = ENDED_S

    def close(self, make_error: Callable[[], BaseException]) -> None:
        """Doom every member, now or when it comes back, and end every wait with an error of its own."""
        self.refuses = Eviction.DRAINED
        self._max_size = 0
        self.drain()
        while self.demands:
            self.demands.popleft().give(make_error())

    def forget(self) -> list[PooledResource[T]]:
        """Give up all members and waits, and the account, without closing or waking anything: they belong to another process."""
        left = list(self.members.values())
        self.shelf.clear()
        self._shelves = {None: self.shelf}
        self._kept_keys = {None}
        self.demands.clear()
        self.members = {}
        self.doomed = []
        self.size = self.lent_count = 0
        self.clear_counters()  # or borrowers of the parent's would be counted without the members that they had
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
            yield from list(shelf)

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

    def doom_again(self, members: Sequence[PooledResource[T]]) -> None:
        """Members that were taken to be closed, and were not."""
        self.doomed += members

    def take_doomed(self) -> list[PooledResource[T]]:
        """Those to be closed."""
        doomed, self.doomed = self.doomed, []
        return doomed

    def _use_count(self) -> int:
        return sum(member.use_count for member in self.members.values())

    def _pick(self, key: Hashable) -> PooledResource[T] | Permit | None:
        shelf = self._shelves.get(key)
        if shelf and (member := self._unshelve(shelf)) is not None:
            return member
        if self.size < self._max_size:
            self._grow()
            return Permit.BUILD
        while fronts := [member for shelf in self._shelves.values() for member in list(shelf)[:1]]:
            # full, but with members of other arguments: the one that was not used for the longest time makes room
            if self._leave(min(fronts, key=lambda member: member.last_used_at_s), Eviction.MADE_ROOM):
                return Permit.BUILD
        return None

    def _unshelve(self, shelf: deque[PooledResource[T]]) -> PooledResource[T] | None:
        try:
            return shelf.pop() if self._is_lifo else shelf.popleft()
        except IndexError:  # another thread was quicker
            return None

    def _grow(self) -> None:
        self.size += 1
        self.counters.peak_size = max(self.counters.peak_size, self.size)

    def _offer(self, member: PooledResource[T], now_s: float) -> None:
        """Give a member to the first who waits, or put it on its shelf; one that can't be kept is doomed."""
        if (reason := self._unwelcome(member, now_s)) is not None:
            self.part(member, reason)
        elif self.demands and self.demands[0].key == member.key:
            self.demands.popleft().give(member)
        else:
            self._shelves.setdefault(member.key, deque()).append(member)
            self._serve()

    def _unwelcome(self, member: PooledResource[T], now_s: float) -> Eviction | None:
        """Why a member that comes back can't be kept, or ``None``."""
        if self.refuses is not None or now_s < member.ends_at_s:
            return self.refuses
        return Eviction.LIFETIME if member.ends_at_s > ENDED_S else Eviction.DRAINED

    def _serve(self) -> None:
        """Grant what can be granted, in the order in which they came."""
        while self.demands and (grant := self._pick(self.demands[0].key)) is not None:
            self.demands.popleft().give(grant)

    def _doom(self, member: PooledResource[T], reason: Eviction) -> None:
        if self._leave(member, reason):
            self.give_up_place()

    def _leave(self, member: PooledResource[T], reason: Eviction) -> bool:
        """Doom a member on its shelf; ``False`` when it was lent this very moment."""
        try:
            self._shelves[member.key].remove(member)
        except ValueError:
            return False
        self.discard(member, reason)
        return True

    def _retire(self, member: PooledResource[T], reason: Eviction) -> None:
        del self.members[id(member.resource)]
        self.counters.retire(member.use_count, reason)
