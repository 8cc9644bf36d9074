"""What a monitor costs: processor time of its thread, and memory over ten million samples.

``python -m benchmarks.monitor_cost`` prints both and ends with 1 when a target is missed: at most 0.5 % of a core at ten
samples a second, and no growth from the first hundred thousand samples to the last of ten million.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from typing import Final, NamedTuple

from pytest_memopt.meters.allocators import Allocators
from pytest_memopt.optimize.monitor import MemoryMonitor
from pytest_memopt.optimize.samples import Sample, Samples

CORE_RATIO_MOST: Final = 0.005
GROWTH_MOST_BYTES: Final = 64 * 1024
_WARM_UP: Final = 100_000
_PEAK_AT: Final = 0.37
_PEAK_BYTES: Final = 10**9


class Endurance(NamedTuple):
    """What many samples left.

    Attributes:
        points_count: points that are kept of resident memory.
        growth_bytes: bytes in use after all samples, against those after the first hundred thousand.
        keeps_peak: whether the one high sample is still among them.
        cost_s: seconds for each sample to be taken in.
    """

    points_count: int
    growth_bytes: int
    keeps_peak: bool
    cost_s: float


def endure(samples_count: int) -> Endurance:
    """Feed so many samples, with one peak among them."""
    allocators, samples = Allocators(), Samples()
    peak_at, before_bytes = round(samples_count * _PEAK_AT), 0
    began_s = time.perf_counter()
    for place in range(samples_count):
        if place == _WARM_UP:
            before_bytes = _in_use(allocators)
        rss_bytes = _PEAK_BYTES if place == peak_at else 10**8 + place * 7919 % 1_000_003
        samples.add(place * 0.1, Sample(rss_bytes, 10**5 + place % 977))
    cost_s = (time.perf_counter() - began_s) / samples_count
    points = samples.rss()
    keeps_peak = any(point.value == _PEAK_BYTES for point in points)
    count = len(points)
    del points
    return Endurance(count, _in_use(allocators) - before_bytes, keeps_peak, cost_s)


def watch(interval_s: float, duration_s: float) -> float:
    """The share of a core that a monitor takes while this process is busy with objects."""
    kept: list[list[int]] = []
    with MemoryMonitor(interval_s) as monitor:
        ends_s = time.perf_counter() + duration_s
        while time.perf_counter() < ends_s:
            kept = [list(range(50)) for _ in range(2000)]
            time.sleep(0.02)
    del kept
    return monitor.cost.core_ratio


def _in_use(allocators: Allocators) -> int:
    gc.collect()
    return allocators.read().in_use_bytes or 0


def main() -> int:
    """Measure, print, and say whether the targets were met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000_000, help="samples to feed (10000000)")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds to watch (20)")
    options = parser.parse_args()
    core_ratio = watch(0.1, options.seconds)
    found = endure(options.samples)
    print(
        f"ten samples a second for {options.seconds:.0f} s: {core_ratio:.3%} of a core (target: at most {CORE_RATIO_MOST:.1%})"
    )
    print(
        f"{options.samples:,} samples: {found.points_count} points kept, {found.growth_bytes:+,} bytes since the first"
        f" {_WARM_UP:,}, peak {'kept' if found.keeps_peak else 'LOST'}, {found.cost_s * 1e6:.1f} µs a sample"
    )
    return int(core_ratio > CORE_RATIO_MOST or found.growth_bytes > GROWTH_MOST_BYTES or not found.keeps_peak)


if __name__ == "__main__":
    sys.exit(main())
