"""The optimizer on real heaps: what it says that it freed is what the kernel shows, and all that it altered comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

FRAGMENTED = """
import gc, json, random, sys
from pytest_memopt import MemoryOptimizer, Compaction

def resident_bytes():
    with open("/proc/self/smaps_rollup") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Rss:"))

optimizer = MemoryOptimizer([Compaction()])
optimizer.optimize()  # what it allocates once
largest = int(sys.argv[1])
random.seed(5)
blocks = [bytes(random.randrange(16, largest)) for _ in range(200_000)]
kept = blocks[::17]
del blocks
gc.collect()
before = resident_bytes()
first = optimizer.optimize()
after = resident_bytes()
second = optimizer.optimize()
json.dump({
    "shown": before - after,
    "first": first.to_dict(),
    "second": second.to_dict(),
    "held": sum(map(sys.getsizeof, kept)),
}, sys.stdout)
"""
ALL_AT_ONCE = """
import functools, gc, json, linecache, sys
from pytest_memopt import optimize_memory
from pytest_memopt.optimize.optimizer import process_optimizer

def state():
    return [gc.get_threshold(), gc.isenabled(), len(gc.callbacks), gc.get_freeze_count()]

gc.collect()
heap = [[number] for number in range(200_000)]
cache = {number: bytes(1000) for number in range(20_000)}
process_optimizer().register_cache("sizes", cache.clear, lambda: len(cache))
gc.collect()
before = state()
told = optimize_memory()
in_force = [process_optimizer().kept, gc.get_freeze_count()]
process_optimizer().revert()
gc.collect()
json.dump({"before": before, "after": state(), "in_force": in_force, "told": told}, sys.stdout)
"""


def run_script(code, *arguments, **variables):
    """What a fresh interpreter prints as JSON."""
    # coverage allocates in the midst of what is measured
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "COV_CORE"))}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=kept | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["4000", "500"])
def fragmented(request):
    """What was told of a heap of which every 17th block was kept, of 16 bytes to this size."""
    if sys.platform != "linux":
        pytest.skip("the oracle is Linux' /proc")
    return run_script(FRAGMENTED, request.param)


def test_freed_memory_is_what_the_kernel_shows(fragmented):
    """On a fragmented heap the bytes that compaction says it gave back are missing in /proc, within the noise."""
    (outcome,) = fragmented["first"]["outcomes"]
    assert outcome["effect"] == "helped"
    assert outcome["rss_saved_bytes"] == fragmented["first"]["rss_saved_bytes"] > 1_000_000
    assert abs(outcome["rss_saved_bytes"] - fragmented["shown"]) <= 512 * 1024
    assert outcome["fragmentation_before"] > 0.7
    assert "arenas of small blocks" in outcome["why"]


def test_once_more_has_no_effect(fragmented):
    """What was given back can't be given back again: the second time nothing is tried, or has no effect, and counts 0."""
    assert [one["effect"] for one in fragmented["second"]["outcomes"]] in ([], ["no effect"])
    assert fragmented["second"]["total_memory_saved_mb"] == 0


def test_all_of_it_helps_and_comes_back():
    """A registered cache is cleared and counted, the heap is frozen, and reverting leaves the collector as it was."""
    told = run_script(ALL_AT_ONCE)
    effects = {one["strategy"]: one["effect"] for one in told["told"]["outcomes"]}
    assert (effects["cleanup"], effects["gc"]) == ("helped", "helped")
    assert 20 <= told["told"]["total_memory_saved_mb"] < 40
    kept, frozen_count = told["in_force"]
    assert {"cleanup", "gc"} <= set(kept)
    assert frozen_count > 200_000
    assert told["after"] == told["before"]


def test_switched_off_by_the_environment_nothing_is_altered():
    """With ENABLE_MEMORY_OPTIMIZATION=false the same calls work, give nothing and change nothing."""
    told = run_script(ALL_AT_ONCE, ENABLE_MEMORY_OPTIMIZATION="false")
    assert (told["told"]["outcomes"], told["told"]["total_memory_saved_mb"]) == ([], 0)
    assert told["in_force"][0] == []
    assert told["after"] == told["before"]
