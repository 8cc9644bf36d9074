"""What a pool did: counted while it works, handed out frozen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from .durations import Durations, DurationStats


class Eviction(str, Enum):
    """Why a member left the pool."""

    IDLE_TTL = "idle"
    LIFETIME = "lifetime"
    MADE_ROOM = "made room"
    INVALID = "invalid"
    RESET_FAILED = "reset failed"
    SOILED = "soiled"
    LOST = "lost"
    DRAINED = "drained"
    RELEASED = "released"
    UNPOOLED = "unpooled"
    LOOP_CLOSED = "loop closed"

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong."""
        return self in (Eviction.INVALID, Eviction.RESET_FAILED, Eviction.SOILED, Eviction.LOST)


_DISTRIBUTIONS: Final = ("build", "borrow", "reset")
_COUNTS: Final = (
    *("built", "borrowed", "hits", "misses", "waits", "waited_s", "timeouts"),
    *("resets", "failed_resets", "failed_validations", "errors"),
)


class PoolStats(NamedTuple):
    """The account of one resource type; those of several processes can be added.

    Attributes:
        built: resources that the factory built.
        borrowed: leases given out; ``hits`` of them with a resource that was there, ``misses`` with one built for it.
        waits: borrowers that had to wait, for ``waited_s`` seconds together.
        timeouts: borrowers that went away without.
        resets: times that ``reset`` ran; ``failed_resets`` of them raised.
        failed_validations: members that ``validate`` refused.
        errors: failures of the factory and of ``close``.
        evicted: members that left the pool, by reason.
        in_use, idle: members now.
        peak_in_use, peak_size: the most at one time.
        build, borrow, reset: how long the factory took; a borrower from asking to getting an existing resource; ``reset``
            with its checks.
    """

    built: int = 0
    borrowed: int = 0
    hits: int = 0
    misses: int = 0
    waits: int = 0
    waited_s: float = 0.0
    timeouts: int = 0
    resets: int = 0
    failed_resets: int = 0
    failed_validations: int = 0
    errors: int = 0
    evicted: Mapping[Eviction, int] = MappingProxyType({})
    in_use: int = 0
    idle: int = 0
    peak_in_use: int = 0
    peak_size: int = 0
    build: DurationStats = DurationStats()
    borrow: DurationStats = DurationStats()
    reset: DurationStats = DurationStats()

    @property
    def hit_ratio(self) -> float:
        """The share of leases that needed no building, 0 to 1; 0 of nothing."""
        return self.hits / self.borrowed if self.borrowed else 0.0

    @property
    def lent_s(self) -> float:
        """What pooling took for its hits: getting, resetting and checking them, in seconds."""
        return self.hits * self.borrow.mean_s + self.reset.total_s

    @property
    def saved_s(self) -> float:
        """The time that building anew for each hit would have taken, less what lending took; negative for a loss."""
        return self.hits * self.build.mean_s - self.lent_s if self.build.number else 0.0

    def plus(self, other: PoolStats) -> PoolStats:
        """Both together; peaks are added too, for the processes may have had theirs at the same time."""
        mine, others = self._asdict(), other._asdict()
        added: dict[str, Any] = {
            name: mine[name] + others[name] for name in mine if isinstance(mine[name], (int, float))
        }
        reasons = {**self.evicted, **other.evicted}
        added["evicted"] = {reason: self.evicted.get(reason, 0) + other.evicted.get(reason, 0) for reason in reasons}
        for name in _DISTRIBUTIONS:
            added[name] = mine[name].plus(others[name])
        return PoolStats(**added)

    def since(self, earlier: PoolStats) -> PoolStats:
        """What came after an earlier account of the same pool; members, peaks and durations are those of now."""
        counts = {name: getattr(self, name) - getattr(earlier, name) for name in _COUNTS}
        evicted = {reason: count - earlier.evicted.get(reason, 0) for reason, count in self.evicted.items()}
        return self._replace(**counts, evicted=evicted)

    def to_wire(self) -> dict[str, Any]:
        """As plain JSON."""
        wire = self._asdict()
        wire["evicted"] = {reason.value: count for reason, count in self.evicted.items()}
        for name in _DISTRIBUTIONS:
            wire[name] = {**wire[name]._asdict(), "buckets": [list(pair) for pair in wire[name].buckets]}
        return wire

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PoolStats:
        """The account that `to_wire` wrote."""
        read = dict(wire)
        read["evicted"] = {Eviction(reason): count for reason, count in wire["evicted"].items()}
        for name in _DISTRIBUTIONS:
            buckets = tuple((index, count) for index, count in wire[name]["buckets"])
            read[name] = DurationStats(**{**wire[name], "buckets": buckets})
        return cls(**read)


class Counters:
    """The running account of one pool, changed under the pool's lock."""

    __slots__ = (
        "borrow",
        "build",
        "built",
        "errors",
        "evicted",
        "failed_resets",
        "failed_validations",
        "misses",
        "peak_size",
        "reset",
        "resets",
        "retired_uses",
        "timeouts",
        "waited_s",
        "waits",
    )

    def __init__(self) -> None:
        self.build, self.borrow, self.reset = Durations(), Durations(), Durations()
        self.peak_size = self.retired_uses = 0
        self.clear(0)

    def clear(self, use_count: int) -> None:
        """Start anew; ``use_count`` is how many times the living members were lent until now."""
        self.retired_uses = -use_count
        self.built = self.misses = self.waits = self.timeouts = 0
        self.resets = self.failed_resets = self.failed_validations = self.errors = 0
        self.waited_s = 0.0
        self.evicted: dict[Eviction, int] = {}
        for durations in (self.build, self.borrow, self.reset):
            durations.clear()

    def retire(self, use_count: int, reason: Eviction) -> None:
        """Count a member that leaves, having been lent ``use_count`` times."""
        self.retired_uses += use_count
        self.evicted[reason] = self.evicted.get(reason, 0) + 1

    def stats(self, use_count: int, in_use: int, idle: int, peak_in_use: int) -> PoolStats:
        """The account so far, with what is in the pool now; ``use_count`` is that of the living members together."""
        borrowed = self.retired_uses + use_count
        return PoolStats(
            built=self.built,
            borrowed=borrowed,
            hits=borrowed - self.misses,
            misses=self.misses,
            waits=self.waits,
            waited_s=self.waited_s,
            timeouts=self.timeouts,
            resets=self.resets,
            failed_resets=self.failed_resets,
            failed_validations=self.failed_validations,
            errors=self.errors,
            evicted=dict(self.evicted),
            in_use=in_use,
            idle=idle,
            peak_in_use=peak_in_use,
            peak_size=self.peak_size,
            build=self.build.stats(),
            borrow=self.borrow.stats(),
            reset=self.reset.stats(),
        )
