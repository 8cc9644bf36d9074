"""A pool in use takes no more memory: a hundred thousand borrows leave as many blocks as there were."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

BORROWS = """
import json, sys, threading
from pytest_memopt import MemoryPool, measure_block
from pytest_memopt.pool.arguments import arguments_of

# CPython 3.10 keeps a frame with each function, in its own size, and gives it two more blocks with its 1 024th call: on the
# way of those who wait, which is taken now and then, that comes late
WINDOWS = 4 if sys.version_info >= (3, 11) else 12
KEYS = [arguments_of("thing", (name,), {}) for name in "abc"]

class Thing:
    def __init__(self, name=""):
        pass

def borrow(pool, count):
    for _ in range(count):
        with pool.borrow():
            pass

def borrow_with_arguments(pool, count):
    for number in range(count):
        with pool.borrow(KEYS[number % 3]):
            pass

def contend(pool, count):
    threads = [threading.Thread(target=borrow, args=(pool, count // 8)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

WAYS = {
    "plain": (borrow, {}),
    "reset": (borrow, {"reset": lambda thing: None}),
    "followed": (borrow, {"leak_threshold": 1000.0}),
    "arguments": (borrow_with_arguments, {}),
    "arguments that make room": (borrow_with_arguments, {"max_size": 2}),
    "contended": (contend, {"max_size": 4}),
}
run, options = WAYS[sys.argv[1]]
COUNT = int(sys.argv[2])
pool = MemoryPool(Thing, name="thing", **options)
run(pool, COUNT // 10)
run(pool, COUNT // 10)
grown = []
for _ in range(WINDOWS):
    with measure_block() as use:
        run(pool, COUNT)
    grown.append([use.blocks, use.objects])
    if use.blocks <= 0 and use.objects <= 0:
        break
json.dump([grown, pool.get_stats().borrowed], sys.stdout)
"""
WAYS = {
    "plain": 100_000,
    "reset": 100_000,
    "followed": 100_000,
    "arguments": 100_000,
    "arguments that make room": 10_000,  # each of them builds
    "contended": 100_000,
}


@pytest.mark.parametrize("way", WAYS)
def test_borrowing_leaves_nothing_behind(way):
    """After a warm-up, 100 000 borrows (10 000 that build) add no block and no object, whatever the pool does for each of them.

    What ends with another number of floats or thread states than it began with may be off by a few; a leak is never 0.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTHON"))}
    command = [sys.executable, "-c", BORROWS, way, str(WAYS[way])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=kept, timeout=120)
    grown, borrowed = json.loads(done.stdout)
    assert borrowed >= WAYS[way]
    blocks, objects = grown[-1]
    assert (max(blocks, 0), max(objects, 0)) == (0, 0), f"blocks and objects of each {WAYS[way]} borrows: {grown}"
