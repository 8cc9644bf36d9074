"""The flags of the environment, each switched off alone: what it stands for is off, everything else works, and nothing raises."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pytest_memopt.flags import Flag

SURFACE = """
import gc, json
from pytest_memopt import (
    MemoryOptimizer, MemoryPool, ResourceManager, analyze, analyze_memory_usage, get_memory_stats, get_pooled_resource,
    optimize_memory, register_resource_type, take_profile, with_pooled_resource,
)
from pytest_memopt.optimize.cleanup import Cleanup

class Thing: ...

register_resource_type("thing", Thing)
seen = []
for _ in range(2):
    with with_pooled_resource("thing", "one of them") as thing:
        seen.append(thing)

@with_pooled_resource("thing", "decorated")
def decorated():
    return get_pooled_resource("thing")

seen.append(decorated())
with ResourceManager() as manager:
    manager.register("own", Thing)
    for _ in range(2):
        with manager.borrow("own") as thing:
            seen.append(thing)
with MemoryPool(Thing) as pool:
    for _ in range(2):
        with pool.borrow() as thing:
            seen.append(thing)

analysis, typed, stats = analyze_memory_usage(), analyze(), get_memory_stats()
cache = {number: [number] for number in range(200_000)}
optimizer = MemoryOptimizer([Cleanup()])
optimizer.register_cache("cache", cache.clear)
thresholds = gc.get_threshold()
with optimizer.applied() as applied, optimizer.watch() as counter:
    is_counting = counter.is_counting
result = optimize_memory()
print(json.dumps({
    "pools by name": seen[0] is seen[1] is seen[2] and seen[3] is seen[4],
    "pools by hand": seen[5] is seen[6],
    "analysis": [bool(analysis["current_profile"]), typed.profile is not None, stats["current_memory_mb"] is not None],
    "keys": [sorted(analysis), sorted(stats)],
    "profile": take_profile(top=0).objects_count > 0,
    "optimization": [result["enabled"], applied.is_enabled, not cache, is_counting],
    "result": [sorted(result), result["total_memory_saved_mb"] >= 0],
    "pool": stats["pools"].get("thing", {}).get("borrowed"),
    "restored": gc.get_threshold() == thresholds or result["strategies_applied"] != [],
}))
"""


def surface(off=None):
    """What the whole library does in a process of its own, with one flag switched off, or none."""
    names = {flag.value for flag in Flag}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    environ = kept | ({} if off is None else {off.value: "false"})
    done = subprocess.run([sys.executable, "-c", SURFACE], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def all_on():
    """With nothing switched off."""
    return surface()


def test_all_is_on_by_default(all_on):
    """Every part works where the environment says nothing."""
    assert (all_on["pools by name"], all_on["pools by hand"], all_on["profile"], all_on["pool"]) == (
        True,
        True,
        True,
        3,
    )
    assert all_on["analysis"] == [True] * 3
    assert all_on["optimization"] == [True] * 4
    assert all_on["restored"]


@pytest.mark.parametrize("off", Flag)
def test_a_flag_switches_off_its_part_alone(off, all_on):
    """The calls of that part give the same keys and do nothing; those of the others do what they did."""
    told = surface(off)
    assert told["keys"] == all_on["keys"]
    assert told["result"] == all_on["result"]
    assert told["pools by name"] is (off is not Flag.POOLING)
    assert told["pools by hand"]
    assert told["analysis"] == [off is not Flag.ANALYSIS] * 3
    assert told["optimization"] == [off is not Flag.OPTIMIZATION] * 4
    assert told["pool"] == (None if off is Flag.ANALYSIS else 3)
    assert told["profile"]
    assert told["restored"]
