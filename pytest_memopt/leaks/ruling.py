"""The ruling on a workload, from its series alone (pure): flat, growing, or not decided yet.

How sure it is (simulated by ``benchmarks/leak_series.py``): see ``docs/leaks.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import ceil, hypot, inf, sqrt
from typing import Final, NamedTuple

from ..meters.rounds import AnySignal, LeakSignal
from .series import ContainerGrowth, Levels, repeats, stretches

FLAT_ROUNDS: Final = 3
_LONGEST_PERIOD: Final = 6
_TIMES_AT_REST: Final = 2  # as often a pattern without a sum is seen before it is believed; one that adds something:
_TIMES_GROWING: Final = 3
_LEAST_GROWING: Final = 16  # a cache that each round fills by a 32nd of what is left adds less by then, at least once
_LEAST_SETTLED: Final = 12  # what is flushed more often than that is never called a leak
_STRETCHES: Final = 16
_CALM_ROUNDS: Final = 24
_SURE: Final = 7.5  # standard errors of 16 stretches: by chance once in a million
_CALM: Final = 1.0
_SIGNIFICANT: Final = 2.33
_CHANCE: Final = 2.0
ROUNDS_TO_CONFIRM: Final = 6
_EVEN_ROUNDS: Final = 4
_SHARE_TO_CONFIRM: Final = 0.5
_FILLING: Final = 0.03  # of what is left, in each round: caches that fill by more are told from leaks
_SHARE_OF_FILLING: Final = 0.5  # a cache may lose so much less by chance, as it is filled by whole elements
_IN_PLACE: Final = ("bytearray", "array.array")
# what comes and goes in clean code too
SOFT: Final[frozenset[AnySignal]] = frozenset({LeakSignal.RSS_BYTES, LeakSignal.OBJECTS})


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
    signals: tuple[AnySignal, ...] = ()
    containers: tuple[int, ...] = ()
    why: str | None = None


def is_flat(series: Sequence[Levels], *, least: int = FLAT_ROUNDS) -> bool:
    """Whether every exact signal has come to rest: nothing was added for ``least`` rounds, or what is added comes and goes.

    A signal that repeats a pattern whose sum is zero (a dict that is resized now and then) is at rest, when the pattern
    was seen twice.
    """
    return all(_rests(one.changes, least) for one in series if one.signal not in SOFT)


def rule(series: Sequence[Levels], containers: Sequence[ContainerGrowth], *, least: int = FLAT_ROUNDS) -> Ruling | None:
    """The ruling on rounds that were looked at thoroughly; ``None`` while they don't decide it.

    Args:
        series: the signals, all over the same rounds.
        containers: those that were seen to grow, over the same rounds.
        least: rounds that are wanted at least before a workload is called clean.
    """
    moved = [one for one in series if one.signal not in SOFT and one.moved]
    rounds = len(series[0].levels) - 1 if series else 0
    if rounds >= _LEAST_SETTLED and (grown := _growth(moved, containers)):
        return grown
    if any(map(_grows_in_place, containers)):
        return None  # flat memory is no rest: it comes in steps, more seldom the larger the buffer is
    if rounds >= least and is_flat(moved, least=flat_rounds(least)):
        return _at_rest(series)
    if rounds >= max(least, _CALM_ROUNDS) and all(map(_is_calm, moved)):
        return Ruling(LeakKind.CLEAN, why="it goes up and down, without a trend")
    return None


def trips_over(series: Sequence[Levels], suspects: Sequence[ContainerGrowth]) -> Ruling | None:
    """That a workload leaks, when a container that is known to leak grew in every round, and memory with it."""
    growing = tuple(one.key for one in suspects if one.bound is None and min(one.changes) > 0)
    signals = tuple(one.signal for one in series if one.signal not in SOFT and min(one.changes) > 0)
    return Ruling(LeakKind.LEAK, signals, growing) if growing and signals else None


def trips_evenly(series: Sequence[Levels], suspects: Sequence[ContainerGrowth]) -> Ruling | None:
    """The same sooner: such a container, and the blocks, grew by the same amount in each of the four newest rounds."""
    newest = [one._replace(levels=one.levels[-1 - _EVEN_ROUNDS :]) for one in series]
    lately = [one._replace(lengths=one.lengths[-1 - _EVEN_ROUNDS :]) for one in suspects]
    blocks = next((one for one in newest if one.signal is LeakSignal.BLOCKS), None)
    if blocks is None or len(blocks.changes) < _EVEN_ROUNDS or len(set(blocks.changes)) > 1:
        return None
    return trips_over(newest, [one for one in lately if len(set(one.changes)) == 1])


def grows_each_time(series: Sequence[Levels], signals: Sequence[AnySignal]) -> bool:
    """Whether each of ``signals``, of which there is one at least, grew in every round so far."""
    return bool(signals) and all(min(one.changes, default=1) > 0 for one in series if one.signal in signals)


def goes_on(series: Sequence[Levels], shown: Sequence[Levels], signals: Sequence[AnySignal]) -> bool:
    """Whether what was shown to grow grows on, in each of six rounds, by half as much at least."""
    before = {one.signal: one.per_round for one in shown}
    grown = [one for one in series if one.signal in signals]
    return bool(grown) and all(
        len(one.changes) >= ROUNDS_TO_CONFIRM
        and min(one.changes) > 0
        and one.per_round >= _SHARE_TO_CONFIRM * before[one.signal]
        for one in grown
    )


def flat_rounds(least: int) -> int:
    """For how many rounds nothing may be added, where ``least`` rounds are wanted: two thirds of them."""
    return max(FLAT_ROUNDS, least * 2 // 3)


def keeps_growing(changes: Sequence[int]) -> bool:
    """Whether something was added steadily: in a pattern that repeats, or far more than what goes up and down.

    In both cases older rounds must not have added more, or a cache that fills would be a leak.
    """
    if len(changes) < _LEAST_GROWING:
        return False
    sums = _sums(changes, _STRETCHES)
    return _repeats_growth(changes) or (_drift(sums) >= _SURE and _is_steady(sums, _lost_by_filling(len(changes))))


def _growth(moved: Sequence[Levels], containers: Sequence[ContainerGrowth]) -> Ruling | None:
    """What grows: signals, and the containers that grow along; or containers whose own memory grows now and then."""
    signals = tuple(one.signal for one in moved if keeps_growing(one.all_changes))
    if signals:
        return _by_containers([one for one in containers if _grows_along(one.changes)], signals)
    growing = [one for one in containers if keeps_growing(one.changes)]
    return _by_containers(growing, ()) if growing and _moves(moved) else None


def _at_rest(series: Sequence[Levels]) -> Ruling:
    risen = tuple(one.signal for one in series if one.signal is LeakSignal.RSS_BYTES and keeps_growing(one.all_changes))
    if risen:
        return Ruling(LeakKind.FRAGMENTATION, risen, why="bytes in use are flat, resident memory rises")
    return Ruling(LeakKind.CLEAN)


def _by_containers(growing: Sequence[ContainerGrowth], signals: tuple[AnySignal, ...]) -> Ruling:
    unbounded = tuple(one.key for one in growing if one.bound is None)
    if unbounded or not growing:
        return Ruling(LeakKind.LEAK, signals, unbounded)
    fullest = max(growing, key=lambda one: one.lengths[-1])
    why = f"a bounded {fullest.type} fills: {fullest.lengths[-1]} of at most {fullest.bound}"
    return Ruling(LeakKind.FILLING_CACHE, signals, tuple(one.key for one in growing), why)


def _rests(changes: Sequence[int], least: int) -> bool:
    if len(changes) >= least and not any(changes[-least:]):
        return True
    return any(
        not sum(changes[-period:]) and repeats(changes, period, max(_TIMES_AT_REST * period, least))
        for period in range(2, _LONGEST_PERIOD + 1)
    )


def _period_of_growth(changes: Sequence[int], times: int) -> int | None:
    """How long the pattern is that adds something and was seen so many times."""
    for period in range(1, len(changes) // times + 1):
        if repeats(changes, period, times * period) and sum(changes[-period:]) > 0:
            return period if repeats(changes, period, _rounds_wanted(changes[-period:], times)) else None
    return None


def _rounds_wanted(pattern: Sequence[int], times: int) -> int:
    """For how many rounds a pattern must last: longer where one that adds now and then, and never falls, may be a cache."""
    longer = sqrt(len(pattern)) if min(pattern) >= 0 else 1
    return max(times * len(pattern), ceil(_LEAST_GROWING * longer))


def _repeats_growth(changes: Sequence[int]) -> bool:
    """Whether a pattern that adds something is repeated, and the rounds before it added no more, but for chance.

    Or surely not so much more as they would to a cache: blocks that find gaps a little too large at first settle so.
    """
    period = _period_of_growth(changes, _TIMES_GROWING)
    if period is None:
        return False
    pattern = changes[-period:]
    older = _tamed(changes[: -_rounds_wanted(pattern, _TIMES_GROWING)])
    loss, chance = _mean(older) - _mean(pattern), _CHANCE * _error(older)
    return loss <= chance or loss + chance <= _SHARE_OF_FILLING * _lost_by_filling(len(changes)) * _mean(older)


def _sums(changes: Sequence[int], least: int) -> list[float]:
    """What stretches of equal length added, of which there are so many at least; bursts are tamed."""
    return _tamed(stretches(changes, len(changes) // (len(changes) // least)))


def _tamed(values: Sequence[int]) -> list[float]:
    """The values, none of them more than twice the upper quartile: a burst is no growth, nor does it hide any."""
    most = max(0.0, 2.0 * sorted(values)[len(values) * 3 // 4]) if values else 0.0
    return [min(one, most) for one in values]


def _drift(sums: Sequence[float]) -> float:
    """How many standard errors the mean lies above zero (Student's t)."""
    mean, error = _mean(sums), _error(sums)
    if not error:
        return inf if mean > 0 else 0.0
    return mean / error


def _is_steady(sums: Sequence[float], lost: float) -> bool:
    """Whether the newer half is smaller than the older by chance at most, and surely by less than the share ``lost``."""
    half = len(sums) // 2
    older, newer = sums[:half], sums[half:]
    loss, chance = _mean(older) - _mean(newer), _CHANCE * hypot(_error(older), _error(newer))
    return loss <= chance and loss + chance <= lost * _mean(older)


def _lost_by_filling(rounds: int) -> float:
    """The share by which newer rounds add less than older ones, their middles half of ``rounds`` apart, to a cache."""
    return 1 - float((1 - _FILLING) ** (rounds / 2))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _error(values: Sequence[float]) -> float:
    """The standard error of the mean; no bound for a single value."""
    if len(values) == 1:
        return inf
    mean = _mean(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / max(1, len(values) * (len(values) - 1)))


def _grows_along(changes: Sequence[int]) -> bool:
    """Whether a container grows in each quarter of the rounds: so it has to do with what grows steadily."""
    return min(stretches(changes, 4)) > 0


def _grows_in_place(one: ContainerGrowth) -> bool:
    """Whether a buffer took something in each round: whatever memory it asks for, and when."""
    return one.type in _IN_PLACE and min(one.changes, default=0) > 0


def _moves(moved: Sequence[Levels]) -> bool:
    """Whether anything changed in the newest rounds."""
    return any(any(one.changes[-FLAT_ROUNDS:]) for one in moved)


def _is_calm(one: Levels) -> bool:
    """Whether a signal shows no trend: neither in all its rounds, nor in the newer half, nor in the order of its levels."""
    changes = one.changes
    if _period_of_growth(changes, _TIMES_AT_REST):
        return False
    parts = (one.all_changes, changes[len(changes) // 2 :])
    return all(_drift(_sums(part, _STRETCHES // 2)) < _CALM for part in parts) and not _rises(one.levels)


def _rises(levels: Sequence[int]) -> bool:
    """Whether later levels are higher more often than by chance (Mann-Kendall, one-sided, 1 %)."""
    count = len(levels)
    risen = sum((after > before) - (after < before) for index, after in enumerate(levels) for before in levels[:index])
    return risen >= _SIGNIFICANT * sqrt(count * (count - 1) * (2 * count + 5) / 18)
