"""The analysis in processes of its own: real growth, real objects, a real heap full of holes, a real fork."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pytest_memopt.meters.allocators import Allocators
from pytest_memopt.meters.glibc_heap import GlibcHeap

exact = pytest.mark.skipif(Allocators().read().in_use_bytes is None, reason="bytes in use can't be counted here")
MB = 1_000_000

GROWTH = """
    import json
    from pytest_memopt import analyze_memory_usage

    class Session:
        pass

    analyze_memory_usage()
    cache = bytearray(165_400_000)
    sessions = [Session() for _ in range(16_080)]
    print(json.dumps(analyze_memory_usage()))
"""

RISE = """
    import json
    from pytest_memopt import analyze

    kept, words = [], []
    for _ in range(20):
        words.append(analyze().trend.verdict.value)
        kept.append(bytearray(3 * 10**6))
    print(json.dumps(words))
"""

# 200 000 blocks of random size, of which every 17th is kept; what else the process has in use is counted before
HOLES = """
    import gc, json, random, sys
    from pytest_memopt import take_profile

    take_profile()
    rng = random.Random(17)
    gc.collect()
    others_bytes = take_profile().in_use_bytes
    blocks = [bytes(rng.randint(1, 4000)) for _ in range(200_000)]
    kept = blocks[::17]
    del blocks
    profile = take_profile()
    kept_bytes = sum(map(sys.getsizeof, kept)) + sys.getsizeof(kept)
    held_bytes = profile.allocators.held_bytes
    print(json.dumps([profile.fragmentation_ratio, 1 - (others_bytes + kept_bytes) / held_bytes]))
"""

FORK = """
    import json, os, sys, threading
    from pytest_memopt import MemoryMonitor, analyze

    analyze()
    with MemoryMonitor(interval_s=0.001) as monitor:
        while monitor.samples_count < 3:
            pass
        pid = os.fork()
        if not pid:
            analyze()
            empty = (monitor.is_running, monitor.samples_count, threading.active_count())
            monitor.stop()
            with monitor:
                pass
            # one at its beginning, one at its end, and those that a busy machine leaves time for in between
            os._exit(0 if empty == (False, 0, 1) and monitor.samples_count >= 2 else 1)
        _, status = os.waitpid(pid, 0)
        before = monitor.samples_count
        while monitor.samples_count < before + 3:
            pass
    print(json.dumps([os.waitstatus_to_exitcode(status), threading.active_count()]))
"""

OFF = """
    import json
    from pytest_memopt import analyze_memory_usage, get_memory_stats

    print(json.dumps([analyze_memory_usage(), get_memory_stats()]))
"""


def answer_of(lines, **environment):
    """What a script printed, as JSON."""
    script = "\n".join(line[4:] for line in lines.splitlines())
    # coverage allocates for each new line
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "ENABLE_MEMORY_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], env=kept | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@exact
def test_a_growth_of_165_mb_is_found_and_named():
    """165.4 MB that a program takes are told as excessive growth, to within a hundredth, with 16 080 objects of a type."""
    found = answer_of(GROWTH)
    growth = {issue["kind"]: issue["measured"] for issue in found["issues"]}["excessive growth"]
    assert growth == pytest.approx(165.4 * MB + 16_080 * 64, rel=0.01)
    counts = {use["type"]: use["count"] for use in found["current_profile"]["types"]}
    assert counts["__main__.Session"] == 16_080
    first = found["recommendations"][0]
    assert first["saves_bytes"] == growth
    assert "+16 080 __main__.Session" in first["evidence"]
    assert found["growth_rate_mb_per_minute"] > 0


def test_a_program_that_goes_on_growing_is_increasing():
    """After six looks at a program that keeps more each time the word is "increasing", and stays so."""
    words = answer_of(RISE)
    assert words == ["too few samples"] * 5 + ["increasing"] * 15


@exact
@pytest.mark.skipif(GlibcHeap().held_bytes() is None, reason="the C library doesn't tell what it holds")
def test_fragmentation_is_that_of_a_direct_count():
    """On a heap of holes the share that is free agrees with a count of what is kept, to within two hundredths."""
    told, counted = answer_of(HOLES)
    assert counted > 0.5
    assert told == pytest.approx(counted, rel=0.02)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_monitor_survives_a_fork():
    """The child finds the monitor stopped, empty and ready to start; the parent's samples on, and ends."""
    assert answer_of(FORK) == [0, 1]


def test_analysis_can_be_switched_off():
    """With the flag off the public calls give the same keys, without a figure."""
    analysis, stats = answer_of(OFF, ENABLE_MEMORY_ANALYSIS="false")
    assert set(analysis) >= {
        "current_profile",
        "memory_trend",
        "growth_rate_mb_per_minute",
        "issues",
        "recommendations",
    }
    assert {"current_memory_mb", "object_count", "pools", "gc"} <= set(stats)
    assert not any((*analysis.values(), *stats.values()))
