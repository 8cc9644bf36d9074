"""The strategy `pool`: pools that are too small get more members, and what that was good for is judged by their use since."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..units import format_count
from .lending_cost import compared, cost_of
from .outcome import Change, Timing
from .pool_advice import LEASES_LEAST, PoolSetting, PoolSuggestion, advise_pool
from .process_pools import process_manager
from .strategy import MemoryState

if TYPE_CHECKING:
    from ..pool.manager import ResourceManager
    from ..pool.pool import MemoryPool
    from ..pool.stats import PoolStats


class Raise(NamedTuple):
    """A pool that was given more members, to be judged when it has been used.

    Attributes:
        pool: the pool.
        was, now: its size before, and since.
        stats: its account at the size before.
        sized_at: since when it had that, see `MemoryPool`.
    """

    pool: MemoryPool[Any]
    was: int
    now: int
    stats: PoolStats
    sized_at: PoolStats

    @property
    def name(self) -> str:
        """The name of the resource type."""
        return self.pool.kind.name

    @property
    def leases_count(self) -> int:
        """Leases since."""
        return self.pool.stats_at_size().borrowed

    @property
    def is_needed(self) -> bool:
        """Whether there were more members than it could have had before."""
        return self.pool.get_stats().peak_size > self.was

    def timing(self) -> Timing:
        """What a lease cost before, and costs since."""
        now = self.pool.stats_at_size()
        before = cost_of(self.stats, self.stats.peak_size)
        return compared(self.name, before, cost_of(now, max(0, now.peak_size - self.stats.peak_size)))

    def undo(self) -> None:
        """Put the size back, unless somebody else has set another since."""
        if self.pool.kind.policy.max_size == self.now:
            self.pool.resize(self.was, self.sized_at)


class PoolSizing:
    """Raises ``max_size`` of the pools for threads whose borrowers wait, or whose members displace each other.

    More members show no effect before they are borrowed, so it works in two steps: one call of the optimizer raises, and
    one that comes after 20 leases or more of a raised pool compares what a lease has cost, in waiting and in building again,
    before and since. A pool that had no use of it is put back, and not raised to that size again. It compares one time
    with another one, not in pairs, and doesn't count what the members hold: where the work can be repeated,
    ``memopt optimize module:callable`` compares in pairs.

    It changes nothing else: a ``max_size`` of 1, pools that processes share, and those of async borrowers stay as they
    are; other advice is told, for people to follow.

    Attributes:
        name: ``pool``.
    """

    name: Final = "pool"

    def __init__(self, manager: Callable[[], ResourceManager | None] = process_manager) -> None:
        """Look after the pools of what ``manager`` gives, the process's own by default."""
        self._manager = manager
        self._open: list[Raise] = []
        self._proven: list[Raise] = []
        self._vain: set[tuple[str, int]] = set()

    def is_called_for(self, state: MemoryState) -> str | None:  # noqa: ARG002 - pools tell by themselves
        """Where a pool that was raised has been used since, or there is advice on one."""
        if self._ripe():
            return "pools that were given more members have been used since"
        small, remarks = self._advice()
        reasons = [f"the pool {pool.kind.name!r}: {advised}" for pool, advised in small]
        # remarks alone change nothing, and what changes nothing is reverted: with all that is in force
        return "; ".join(reasons if self._open or self._proven else reasons + remarks) or None

    def apply(self) -> Change:
        """Judge what was raised before, if it was used; else raise what is too small."""
        ripe = self._ripe()
        return self._judge(ripe) if ripe else self._raise()

    def revert(self) -> None:
        """Give every pool the size that it had at first."""
        raised, self._open, self._proven = [*self._proven, *self._open], [], []
        for one in reversed(raised):
            one.undo()

    def _ripe(self) -> list[Raise]:
        """What was raised, and used often enough since to be judged."""
        self._open = [one for one in self._open if not one.pool.is_closed]
        return [one for one in self._open if one.leases_count >= LEASES_LEAST]

    def _judge(self, ripe: list[Raise]) -> Change:
        timings = {one.name: one.timing() for one in ripe}
        good = [one for one in ripe if one.is_needed and timings[one.name].is_faster]
        vain = [one for one in ripe if one not in good]
        for one in vain:
            one.undo()
            self._vain.add((one.name, one.now))
        self._open = [one for one in self._open if one not in ripe]
        self._proven += good
        done = [f"the pool {one.name!r} keeps max_size={one.now}" for one in good]
        done += [f"the pool {one.name!r} has max_size={one.was} again" for one in vain]
        unused = [one for one in vain if not one.is_needed]
        # what a lease costs without its members being used is no merit of theirs
        shown = [timings[one.name] for one in good or ripe if one not in unused]
        timing = max(shown, key=lambda one: one.before_s - one.after_s, default=None)
        obstacle = "; ".join(
            f"the pool {one.name!r} never had more than {format_count(one.was)} members" for one in unused
        )
        is_kept = not good and (self._open or self._proven)
        kept_for = "pools that were given more members before keep them" if is_kept else ""
        return Change(tuple(done), obstacle, timing, kept_for)

    def _raise(self) -> Change:
        small, remarks = self._advice()
        done = []
        for pool, advised in small:
            one = Raise(pool, pool.kind.policy.max_size, int(advised.value), pool.stats_at_size(), pool.sized_at)
            pool.resize(one.now)
            self._open.append(one)
            done.append(f"the pool {one.name!r} has {advised}")
        kept_for = "nothing to measure yet: what more members are good for shows in the next leases" if done else ""
        return Change(tuple(done), f"left to you: {'; '.join(remarks)}" if remarks else "", kept_for=kept_for)

    def _advice(self) -> tuple[list[tuple[MemoryPool[Any], PoolSuggestion]], list[str]]:
        """The pools that are to be raised, with the advice; and what is advised beside it."""
        manager = self._manager()
        pools = {} if manager is None else manager.pools()
        small, remarks = [], []
        tried = {one.name for one in self._open}
        for name, pool in pools.items():
            for advised in advise_pool(pool.kind, pool.stats_at_size()).suggestions if name not in tried else ():
                is_size = advised.setting is PoolSetting.MAX_SIZE
                if is_size and advised.is_raise and advised.now > 1:
                    if (name, advised.value) not in self._vain:
                        small.append((pool, advised))
                elif advised.is_raise or advised.is_doubt:
                    remarks.append(f"the pool {name!r}: {advised}")
        return small, remarks
