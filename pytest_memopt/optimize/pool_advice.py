"""How a pool would be set up better, from what one run saw of it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from math import ceil
from typing import Any, Final, NamedTuple

from ..pool.policy import PoolPolicy
from ..pool.recipe import ResourceType
from ..pool.stats import Eviction, PoolStats
from ..units import format_count, format_duration

LEASES_LEAST: Final = 20
"""Of fewer leases nothing is concluded."""
LENDINGS_LEAST: Final = 5
"""So many timed lendings are needed to say what lending takes; they are timed 100 times a second at the most."""
WAITS_LEAST: Final = 3
"""Fewer borrowers who waited are chance."""
REPLACED_LEAST: Final = 3
"""Fewer members that had to be replaced are chance."""
HEADROOM: Final = 0.25
"""What is added to the most borrowers at one time, as a share of them; one at least."""
GROWTH: Final = 2
"""By what a limit is raised that was too low: how much would have been enough can't be seen from below."""
CLOSING: Final = 2.0
"""Building anew must take less than lending by this factor: closing, which a pool saves too, isn't timed."""

_UNFORESEEN: Final = (Eviction.LIFETIME, Eviction.INVALID, Eviction.RESET_FAILED, Eviction.SOILED, Eviction.LOST)


class PoolSetting(Enum):
    """What is advised on."""

    MAX_SIZE = "max_size"
    MIN_IDLE = "min_idle"
    IDLE_TTL = "idle_ttl"
    POOLING = "pooling"


class PoolSuggestion(NamedTuple):
    """One value that would be better.

    Attributes:
        setting: of what.
        now: what it was in the run.
        value: members for ``MAX_SIZE`` and ``MIN_IDLE``, seconds for ``IDLE_TTL``; 0 for ``POOLING``: don't.
        why: one sentence with the figures it rests on.
    """

    setting: PoolSetting
    now: float
    value: float
    why: str

    @property
    def is_raise(self) -> bool:
        """Whether it is more than it was in the run."""
        return self.value > self.now

    @property
    def is_doubt(self) -> bool:
        """Whether it is against pooling the type at all."""
        return self.setting is PoolSetting.POOLING

    def __str__(self) -> str:
        if self.is_doubt:
            return self.why
        return f"{self.setting.value}={self.value:g} instead of {self.now:g}: {self.why}"


class PoolAdvice(NamedTuple):
    """What is suggested for one resource type; at most one value for each setting.

    Attributes:
        type_name: the type's name.
        suggestions: in the order of the settings.
    """

    type_name: str
    suggestions: tuple[PoolSuggestion, ...] = ()

    def value_of(self, setting: PoolSetting) -> float | None:
        """What is suggested for ``setting``; ``None`` where nothing is."""
        return next((one.value for one in self.suggestions if one.setting is setting), None)

    def updated_by(self, newer: PoolAdvice) -> PoolAdvice:
        """This advice with what a later run suggested in place of it; what that was silent on stays, for it may rest on this."""
        known = {one.setting: one for one in (*self.suggestions, *newer.suggestions)}
        return self._replace(suggestions=tuple(known[setting] for setting in PoolSetting if setting in known))

    def to_wire(self) -> dict[str, Any]:
        """As plain JSON."""
        suggestions = [{**one._asdict(), "setting": one.setting.value} for one in self.suggestions]
        return {"type_name": self.type_name, "suggestions": suggestions}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PoolAdvice:
        """The advice that `to_wire` wrote; settings that this version doesn't know are left out."""
        known = {setting.value for setting in PoolSetting}
        return cls(
            wire["type_name"],
            tuple(
                PoolSuggestion(PoolSetting(one["setting"]), one["now"], one["value"], one["why"])
                for one in wire["suggestions"]
                if one["setting"] in known
            ),
        )


def advise_pool(kind: ResourceType, stats: PoolStats) -> PoolAdvice:
    """What ``stats`` suggests for a type; nothing where there is too little to go by, pooling was off, or all is well.

    Args:
        kind: the type, with the policy that the pool had.
        stats: of one pool in one process, from its start: sums over processes don't tell how many borrowed at one time
            in each (see `widest`).
    """
    if stats.borrowed < LEASES_LEAST or stats.evicted.get(Eviction.UNPOOLED):
        return PoolAdvice(kind.name)
    if (doubt := _doubt(stats)) is not None:
        return PoolAdvice(kind.name, (doubt,))
    # how many there are of a shared type its code knows, and none can be kept ready before it has a slot
    counts = () if kind.shared else (_size(kind.policy, stats), _reserve(kind.policy, stats))
    found = (*counts, _patience(kind.policy, stats))
    return PoolAdvice(kind.name, tuple(one for one in found if one is not None))


def widest(advice: Sequence[PoolAdvice]) -> PoolAdvice:
    """One for all processes that had a pool of the type, at least one: of each setting the largest value.

    What is less than it was in the run counts only where all of them suggest it.
    """
    chosen = []
    for setting in PoolSetting:
        found = [one for each in advice for one in each.suggestions if one.setting is setting]
        largest = max(found, key=lambda one: one.value, default=None)
        if largest is not None and (largest.is_raise or len(found) == len(advice)):
            chosen.append(largest)
    return PoolAdvice(advice[0].type_name, tuple(chosen))


def policy_with(policy: PoolPolicy, advice: PoolAdvice) -> PoolPolicy:
    """The policy with what is advised, as far as the code lets it: its values are the least, and ``None`` stays.

    A ``max_size`` of 1 stays: who writes that means one at a time. `PoolSetting.POOLING` is for people to decide.
    """
    max_size, min_idle, idle_ttl_s = policy.max_size, policy.min_idle, policy.idle_ttl_s
    if max_size > 1:
        max_size = max(max_size, int(advice.value_of(PoolSetting.MAX_SIZE) or 0))
    min_idle = min(max(min_idle, int(advice.value_of(PoolSetting.MIN_IDLE) or 0)), max_size)
    if idle_ttl_s is not None:
        idle_ttl_s = max(idle_ttl_s, advice.value_of(PoolSetting.IDLE_TTL) or 0.0)
    return policy._replace(max_size=max_size, min_idle=min_idle, idle_ttl_s=idle_ttl_s)


def type_with(kind: ResourceType, advice: PoolAdvice) -> ResourceType:
    """The type with the policy that is advised, see `policy_with`; how many there are of a shared type its code alone says."""
    policy = policy_with(kind.policy, advice)
    if kind.shared:
        policy = policy._replace(max_size=kind.policy.max_size, min_idle=kind.policy.min_idle)
    return kind._replace(policy=policy)


def _size(policy: PoolPolicy, stats: PoolStats) -> PoolSuggestion | None:
    """As many as were in use, and some."""
    size = policy.max_size
    if (why := _too_small(policy, stats)) is not None:
        return PoolSuggestion(PoolSetting.MAX_SIZE, size, GROWTH * size, why)
    peak = max(stats.peak_in_use, stats.peak_size)
    enough = peak + max(ceil(peak * HEADROOM), 1)
    if enough >= size:
        return None
    why = f"of {format_count(size)} at most {format_count(peak)} were there at one time; a closer limit finds leases that are kept"
    return PoolSuggestion(PoolSetting.MAX_SIZE, size, enough, why)


def _too_small(policy: PoolPolicy, stats: PoolStats) -> str | None:
    timeouts = stats.timeouts
    if policy.timeout_s != 0 and (timeouts or stats.waits >= WAITS_LEAST):
        vain = f", {format_count(timeouts)} of them in vain" if timeouts else ""
        return (
            f"{format_count(stats.waits)} borrowers waited for {format_duration(stats.waited_s)} together{vain}, "
            f"while all {format_count(policy.max_size)} were lent"
        )
    displaced = stats.evicted.get(Eviction.MADE_ROOM, 0)
    if displaced < REPLACED_LEAST:
        return None
    return f"{format_count(displaced)} members were closed to make room for others, of {format_count(policy.max_size)} in all"


def _reserve(policy: PoolPolicy, stats: PoolStats) -> PoolSuggestion | None:
    """As many ready as the most borrowers at one time are expected to find missing."""
    left = {reason: stats.evicted[reason] for reason in _UNFORESEEN if stats.evicted.get(reason)}
    missed = min(sum(left.values()), stats.misses)
    if missed < REPLACED_LEAST:
        return None
    ready = min(max(ceil(missed / stats.borrowed * stats.peak_in_use), 1), policy.max_size)
    if ready <= policy.min_idle:
        return None
    reasons = ", ".join(f"{reason.value}: {format_count(count)}" for reason, count in left.items())
    why = (
        f"members left ({reasons}), and {format_count(missed)} of {format_count(stats.borrowed)} borrowers had to wait "
        f"{format_duration(stats.build.mean_s)} for a new one"
    )
    return PoolSuggestion(PoolSetting.MIN_IDLE, policy.min_idle, ready, why)


def _patience(policy: PoolPolicy, stats: PoolStats) -> PoolSuggestion | None:
    """Longer, where what was closed for being idle was wanted again."""
    closed = stats.evicted.get(Eviction.IDLE_TTL, 0)
    missed = min(closed, stats.misses - stats.peak_in_use)
    if policy.idle_ttl_s is None or missed < REPLACED_LEAST:
        return None
    why = (
        f"{format_count(closed)} members were closed after {format_duration(policy.idle_ttl_s)} without a borrower, and "
        f"{format_count(missed)} of the next had to wait {format_duration(stats.build.mean_s)} for a new one"
    )
    return PoolSuggestion(PoolSetting.IDLE_TTL, policy.idle_ttl_s, GROWTH * policy.idle_ttl_s, why)


def _doubt(stats: PoolStats) -> PoolSuggestion | None:
    """Whether even the slowest build takes clearly less than the quickest lending with a usual reset."""
    if stats.waits or not stats.build.number or stats.borrow.number < LENDINGS_LEAST:
        return None
    lending_s = stats.borrow.least_s + stats.reset.median_s
    if stats.build.most_s * CLOSING > lending_s:
        return None
    why = (
        f"don't pool this: building takes {format_duration(stats.build.most_s)} at the most, "
        f"lending and resetting {format_duration(lending_s)}"
    )
    return PoolSuggestion(PoolSetting.POOLING, 1, 0, why)
