"""The ruling on a workload, from its series alone (pure): flat, growing, or not decided yet.

How sure it is (simulated by ``benchmarks/leak_series.py``): see ``docs/leaks.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import sqrt
from typing import Final, NamedTuple

from ..meters.rounds import LeakSignal
from .series import ContainerGrowth, Levels, stretches

FLAT_ROUNDS: Final = 3
_LONGEST_PERIOD: Final = 6
_GROWING_STRETCHES: Final = 8
_RARE_STRETCHES: Final = 3
_RARE_ROUNDS: Final = 12
_CALM_ROUNDS: Final = 24
_SIGNIFICANT: Final = 2.33
_STEADY_SHARE: Final = 0.7
_STEADY_SHARE_OF_NATIVE: Final = 0.8
_STEADY_SHARE_OF_RARE: Final = 0.5
_SOFT: Final = frozenset({LeakSignal.RSS_BYTES})


class LeakKind(str, Enum):
    """The word for what the rounds showed."""

    CLEAN = "clean"
    LEAK = "leak"
    FILLING_CACHE = "filling-cache"
    FRAGMENTATION = "fragmentation"
    INCONCLUSIVE = "inconclusive"


class Ruling(NamedTuple):
    """What the series say.

    Attributes:
        kind: the word.
        signals: those that grow.
        containers: the keys of the containers that grow with them.
        why: the reason, where the word alone would not do.
    """

    kind: LeakKind
    signals: tuple[LeakSignal, ...] = ()
    containers: tuple[int, ...] = ()
    why: str | None = None


def is_flat(series: Sequence[Levels], *, least: int = FLAT_ROUNDS) -> bool:
    """Whether every exact signal has come to rest: nothing was added for ``least`` rounds, or what is added comes and goes.

    A signal that repeats a pattern whose sum is zero (a dict that is resized now and then) is at rest, when the pattern
    was seen twice.
    """
    return all(_rests(one.changes, least) for one in series if one.signal not in _SOFT)


def rule(series: Sequence[Levels], containers: Sequence[ContainerGrowth], *, least: int = FLAT_ROUNDS) -> Ruling | None:
    """The ruling on rounds that were looked at thoroughly; ``None`` while they don't decide it.

    Args:
        series: the signals, all over the same rounds.
        containers: those that were seen to grow, over the same rounds.
        least: rounds that are wanted at least before a workload is called clean.
    """
    rounds = len(series[0].changes) if series else 0
    growing = tuple(one for one in containers if _keeps_growing(one.changes))
    signals = tuple(one.signal for one in series if one.signal not in _SOFT and _is_led_by(one, growing))
    if growing and (signals or _moves(series)):
        return _by_containers(growing, signals)
    if signals and not growing:
        return Ruling(LeakKind.LEAK, signals)
    rare = tuple(one for one in containers if _grows_rarely(one.changes))
    if rounds >= max(least, _RARE_ROUNDS) and (rare or any(_is_rare_leak(one) for one in series)):
        rare_signals = tuple(one.signal for one in series if one.signal not in _SOFT and _grows_rarely(one.changes))
        if rare_signals:
            return _by_containers(rare, rare_signals) if rare else Ruling(LeakKind.LEAK, rare_signals)
    if rounds >= least and is_flat(series, least=flat_rounds(least)):
        return _at_rest(series)
    if (
        rounds >= max(least, _CALM_ROUNDS)
        and not growing
        and all(_is_calm(one.levels) for one in series if one.signal not in _SOFT)
    ):
        return Ruling(LeakKind.CLEAN, why="it goes up and down, without a trend")
    return None


def flat_rounds(least: int) -> int:
    """For how many rounds nothing may be added, where ``least`` rounds are wanted: two thirds of them."""
    return max(FLAT_ROUNDS, least * 2 // 3)


def _at_rest(series: Sequence[Levels]) -> Ruling:
    risen = tuple(one.signal for one in series if one.signal in _SOFT and _keeps_growing(one.changes))
    if risen:
        return Ruling(LeakKind.FRAGMENTATION, risen, why="bytes in use are flat, resident memory rises")
    return Ruling(LeakKind.CLEAN)


def _by_containers(growing: Sequence[ContainerGrowth], signals: tuple[LeakSignal, ...]) -> Ruling:
    unbounded = tuple(one.key for one in growing if one.bound is None)
    if unbounded:
        return Ruling(LeakKind.LEAK, signals, unbounded)
    fullest = max(growing, key=lambda one: one.lengths[-1])
    why = f"a bounded {fullest.type} fills: {fullest.lengths[-1]} of at most {fullest.bound}"
    return Ruling(LeakKind.FILLING_CACHE, signals, tuple(one.key for one in growing), why)


def _is_led_by(one: Levels, growing: Sequence[ContainerGrowth]) -> bool:
    """Whether a signal grows; without a container that grows with it, it must be steadier."""
    share = _STEADY_SHARE if growing else _STEADY_SHARE_OF_NATIVE
    return _keeps_growing(one.changes, share)


def _rests(changes: Sequence[int], least: int) -> bool:
    if len(changes) >= least and not any(changes[-least:]):
        return True
    return any(_repeats(changes, period, least) for period in range(2, _LONGEST_PERIOD + 1))


def _repeats(changes: Sequence[int], period: int, least: int) -> bool:
    seen = max(2 * period, least)
    if len(changes) < seen:
        return False
    newest = changes[-seen:]
    return sum(newest[-period:]) == 0 and all(newest[index] == newest[index - period] for index in range(period, seen))


def _keeps_growing(changes: Sequence[int], steady_share: float = _STEADY_SHARE) -> bool:
    """Whether each of eight successive stretches grows, and the second half hardly less than the first."""
    if len(changes) < _GROWING_STRETCHES:
        return False
    sums = stretches(changes, _GROWING_STRETCHES)
    half = _GROWING_STRETCHES // 2
    return min(sums) > 0 and sum(sums[half:]) >= steady_share * sum(sums[:half])


def _grows_rarely(changes: Sequence[int]) -> bool:
    """Whether it never falls, and each third of the rounds grows, the last one hardly less than the first."""
    if len(changes) < _RARE_ROUNDS or min(changes) < 0:
        return False
    sums = stretches(changes, _RARE_STRETCHES)
    return min(sums) > 0 and sums[-1] >= _STEADY_SHARE_OF_RARE * sums[0]


def _is_rare_leak(one: Levels) -> bool:
    """Whether a signal alone shows a rare leak: its steps are all of one size, which those of a growing table aren't."""
    if one.signal in _SOFT or not _grows_rarely(one.changes):
        return False
    steps = {change for change in one.changes if change}
    return max(steps) <= 2 * min(steps)


def _moves(series: Sequence[Levels]) -> bool:
    """Whether anything but resident memory changed in the newest rounds."""
    return any(any(one.changes[-FLAT_ROUNDS:]) for one in series if one.signal not in _SOFT)


def _is_calm(levels: Sequence[int]) -> bool:
    """Whether the newer half of the levels shows no upward trend (Mann-Kendall, one-sided, 1 %)."""
    newer = levels[len(levels) // 2 :]
    count = len(newer)
    risen = sum((after > before) - (after < before) for index, after in enumerate(newer) for before in newer[:index])
    return risen < _SIGNIFICANT * sqrt(count * (count - 1) * (2 * count + 5) / 18)
