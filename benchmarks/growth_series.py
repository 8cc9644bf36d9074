"""How often the verdict on a trend is wrong: series of memory are drawn by chance, and each is judged as a monitor's is.

``python -m benchmarks.growth_series --series 10000`` prints a table by kind and ends with 1 when a target is missed: of
the series that are flat or noisy at most 1 % may be called increasing, of those that rise by three deviations of their
noise over their time at least 99 % must be. The same seed gives the same table. What nobody can tell from one series (a
random walk rises without a cause) is listed without a target.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import accumulate
from statistics import median
from typing import Final, NamedTuple

from pytest_memopt.bounded_series import BoundedSeries
from pytest_memopt.optimize.growth import MemoryTrend, TrendVerdict, judge_series

FALSE_ALARMS_MOST: Final = 0.01
DETECTED_LEAST: Final = 0.99
RATE_ERROR_MOST: Final = 0.05
RISE_DEVIATIONS: Final = 3.0
_LEVEL_BYTES: Final = 100e6
_NOISE_BYTES: Final = 1e6
_LENGTHS: Final = (60, 120, 600)
_SPIKES: Final = 0.05

Rng = random.Random
Series = list[float]


class Truth(Enum):
    """What a kind of series is, and so what is wanted of the verdict."""

    FLAT = "flat"
    RISING = "rising"
    OPEN = "open"


class Kind(NamedTuple):
    """A kind of series.

    Attributes:
        name: for the table.
        truth: what it is.
        draw: makes one of so many samples, in units of its noise.
    """

    name: str
    truth: Truth
    draw: Callable[[Rng, int], Series]


def still(_: Rng, count: int) -> Series:
    """Memory that doesn't move."""
    return [0.0] * count


def bell(rng: Rng, count: int) -> Series:
    """Normal noise."""
    return [rng.gauss(0, 1) for _ in range(count)]


def even(rng: Rng, count: int) -> Series:
    """Uniform noise of deviation 1."""
    return [rng.uniform(-1.732, 1.732) for _ in range(count)]


def two_levels(rng: Rng, count: int) -> Series:
    """Something large that is there or not."""
    return [rng.choice((-1.0, 1.0)) for _ in range(count)]


def spiked(rng: Rng, count: int) -> Series:
    """Normal noise, and in one sample of twenty a peak of thirty deviations."""
    return [rng.gauss(0, 1) + 30 * (rng.random() < _SPIKES) for _ in range(count)]


def sawtooth(rng: Rng, count: int) -> Series:
    """Garbage that is collected after every 5 to 20 samples."""
    period, start = rng.randint(5, 20), rng.random()
    return [3.4 * ((place / period + start) % 1) + rng.gauss(0, 0.2) for place in range(count)]


def remembering(alike: float) -> Callable[[Rng, int], Series]:
    """Noise of deviation 1 that takes over a part of itself from sample to sample."""

    def draw(rng: Rng, count: int) -> Series:
        fresh = (1 - alike**2) ** 0.5
        values = accumulate((rng.gauss(0, 1) for _ in range(count)), lambda last, new: alike * last + fresh * new)
        return list(values)

    return draw


def one_step(rng: Rng, count: int) -> Series:
    """A cache that is filled once, at any time, beside normal noise."""
    at, size = rng.randrange(count), rng.uniform(3, 100)
    return [rng.gauss(0, 1) + size * (place >= at) for place in range(count)]


def walk(rng: Rng, count: int) -> Series:
    """Each sample adds to the last, or takes off: memory without a level."""
    return list(accumulate(rng.gauss(0, 1) for _ in range(count)))


def steps(rng: Rng, count: int) -> Series:
    """An allocator that takes or gives back an arena in one sample of ten."""
    return list(accumulate(rng.choices((0, -1, 1), (18, 1, 1))[0] for _ in range(count)))


def rising(noise: Callable[[Rng, int], Series], by: float = RISE_DEVIATIONS) -> Callable[[Rng, int], Series]:
    """The noise on a line that rises by so many of its deviations over the whole time."""

    def draw(rng: Rng, count: int) -> Series:
        return [value + by * place / (count - 1) for place, value in enumerate(noise(rng, count))]

    return draw


def in_arenas(rng: Rng, count: int) -> Series:
    """A leak that shows in arenas: it rises in equal steps, a dozen or more of them."""
    each = count / rng.randint(12, 40)
    return [float(place // each) for place in range(count)]


KINDS: Final = (
    Kind("still", Truth.FLAT, still),
    Kind("normal noise", Truth.FLAT, bell),
    Kind("uniform noise", Truth.FLAT, even),
    Kind("two levels", Truth.FLAT, two_levels),
    Kind("noise with spikes", Truth.FLAT, spiked),
    Kind("sawtooth", Truth.FLAT, sawtooth),
    Kind("rise in normal noise", Truth.RISING, rising(bell)),
    Kind("rise in uniform noise", Truth.RISING, rising(even)),
    Kind("rise in noise with spikes", Truth.RISING, rising(spiked)),
    Kind("rise on two levels", Truth.RISING, rising(two_levels)),
    Kind("rise in arenas", Truth.RISING, in_arenas),
    Kind("noise alike by 0.5", Truth.OPEN, remembering(0.5)),
    Kind("noise alike by 0.8", Truth.OPEN, remembering(0.8)),
    Kind("noise alike by 0.95", Truth.OPEN, remembering(0.95)),
    Kind("one step in noise", Truth.OPEN, one_step),
    Kind("random walk", Truth.OPEN, walk),
    Kind("arenas taken and given", Truth.OPEN, steps),
    Kind("rise in a sawtooth", Truth.OPEN, rising(sawtooth)),
    Kind("rise in noise alike by 0.5", Truth.OPEN, rising(remembering(0.5))),
    Kind("rise in noise alike by 0.8", Truth.OPEN, rising(remembering(0.8))),
    Kind("rise by 10 in noise alike by 0.8", Truth.OPEN, rising(remembering(0.8), 10)),
    Kind("rise by 100 in noise", Truth.OPEN, rising(bell, 100)),
)


class Tally:
    """How the series of one kind were judged."""

    def __init__(self) -> None:
        self.words: Counter[TrendVerdict] = Counter()

    @property
    def count(self) -> int:
        """Series."""
        return sum(self.words.values())


def judge(values: Series) -> MemoryTrend:
    """The verdict on a series in units of noise, one sample a second, kept as a monitor keeps it."""
    series = BoundedSeries()
    for place, value in enumerate(values):
        series.append(float(place), _LEVEL_BYTES + _NOISE_BYTES * value)
    return judge_series(series)


def simulate(series: int, seed: int = 1, kinds: Sequence[Kind] = KINDS) -> dict[Kind, Tally]:
    """Judge about so many series that are flat, as many that rise, and as many open ones; as many of each kind."""
    tallies = {kind: Tally() for kind in kinds}
    alike = Counter(kind.truth for kind in kinds)
    for kind, tally in tallies.items():
        rng = Rng(f"{seed} {kind.name}")  # a kind's own, so that another kind doesn't change it
        for place in range(-(-series // alike[kind.truth])):
            tally.words[judge(kind.draw(rng, _LENGTHS[place % len(_LENGTHS)])).verdict] += 1
    return tallies


def share(tallies: Mapping[Kind, Tally], truth: Truth) -> float:
    """The share of the series of that kind of truth that was called increasing."""
    chosen = [tally for kind, tally in tallies.items() if kind.truth is truth]
    series = sum(tally.count for tally in chosen)
    return sum(tally.words[TrendVerdict.INCREASING] for tally in chosen) / series if series else 0.0


def rate_errors(series: int, seed: int = 1) -> list[float]:
    """How far the growth rate is off, relative to what was put in: 200 samples that rise by 100 deviations, with spikes."""
    rng, errors = Rng(f"{seed} rates"), []
    for _ in range(series):
        rate = judge(rising(spiked, 100)(rng, 200)).rate_bytes_per_s or 0.0
        errors.append(abs(rate * 199 / (100 * _NOISE_BYTES) - 1))
    return errors


def is_missed(tallies: Mapping[Kind, Tally], errors: Sequence[float]) -> bool:
    """Whether a target was missed."""
    return (
        share(tallies, Truth.FLAT) > FALSE_ALARMS_MOST
        or share(tallies, Truth.RISING) < DETECTED_LEAST
        or max(errors) > RATE_ERROR_MOST
    )


def report(tallies: Mapping[Kind, Tally], errors: Sequence[float]) -> str:
    """The table, and what is measured against the targets."""
    words = list(TrendVerdict)[:4]
    lines = [f"{'kind':<34}{'truth':>8}{'series':>8}" + "".join(f"{word.value:>14}" for word in words)]
    for kind, tally in tallies.items():
        shares = "".join(f"{tally.words[word] / tally.count:>14.2%}" for word in words)
        lines.append(f"{kind.name:<34}{kind.truth.value:>8}{tally.count:>8}{shares}")
    return "\n".join(
        [
            *lines,
            "",
            f"flat, and called increasing: {share(tallies, Truth.FLAT):.3%} (target: at most {FALSE_ALARMS_MOST:.0%})",
            f"rising, and called so: {share(tallies, Truth.RISING):.3%} (target: at least {DETECTED_LEAST:.0%})",
            f"growth rate off by {median(errors):.2%} at the median (target: at most {RATE_ERROR_MOST:.0%}), {max(errors):.2%} at most",
        ]
    )


def main() -> int:
    """Simulate, print, and say whether the targets were met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000, help="series of each truth (10000)")
    parser.add_argument("--seed", type=int, default=1, help="another draw (1)")
    options = parser.parse_args()
    tallies, errors = simulate(options.series, options.seed), rate_errors(max(options.series // 20, 1), options.seed)
    print(report(tallies, errors))
    return int(is_missed(tallies, errors))


if __name__ == "__main__":
    sys.exit(main())
