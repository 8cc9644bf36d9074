"""A type that real processes share: how many leases at a time, in which slots, and what of those who are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from pytest_memopt import SharedMemoryPool
from pytest_memopt.errors import PoolTimeout

LONG_S = 60.0

POOL = """
import sys
from pathlib import Path
from pytest_memopt import SharedMemoryPool
from pytest_memopt.errors import PoolTimeout

class Database:
    def __init__(self, slot):
        self.name = f"test_{slot}"

rack, what = Path(sys.argv[1]), sys.argv[2]
pool = SharedMemoryPool(Database, name="db", max_size=2, timeout=60, rack_folder=rack)
"""

WORK = """
for turn in range(20):
    lease = pool.borrow(label=what)
    with noted_use(lease.slot, what):
        assert lease.resource.name == f"test_{lease.slot}"
        time.sleep(0.003)
    lease.give_back()
stats = pool.get_stats()
assert (stats.borrowed, stats.timeouts, stats.in_use) == (20, 0, 0)
assert stats.built <= 2, "what is idle in a slot is lent again"
pool.close()
"""

HOLD = """
lease = pool.borrow(label=what)
print(lease.slot, flush=True)
sys.stdin.read()
"""

FORK = """
import os
leases = [pool.borrow(label="parent"), pool.borrow(label="parent")]
reading, writing = os.pipe()
if (child := os.fork()) == 0:
    for lease in leases:
        lease.give_back()
    try:
        pool.borrow(timeout_s=0)
    except PoolTimeout as error:
        assert str(error).count(f"held by process {os.getppid()} (parent)") == 2, error
        os.write(writing, b"!")
    lease = pool.borrow()
    assert lease.slot == 1 and lease.resource is not leases[1].resource
    lease.give_back()
    pool.close()
    os._exit(0)
assert os.read(reading, 1) == b"!"
leases[1].give_back()
assert os.waitpid(child, 0)[1] == 0
assert leases[0].slot == 0
leases[0].give_back()
pool.close()
"""


@pytest.fixture
def rack_folder(tmp_path):
    """The folder where the processes of a session meet."""
    folder = tmp_path / "rack"
    folder.mkdir()
    return folder


@pytest.fixture
def start(rack_folder, use_log):
    """Starts a process that runs a program, with a pool of two slots."""
    started = []

    def begin(program, what):
        command = [sys.executable, "-c", use_log.source + POOL + program, str(rack_folder), what]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_processes_share_a_limit(start, use_log, rack_folder):
    """Of four processes never more than two have a lease, in different slots; a killed one holds up nobody."""
    killed = start(HOLD, "killed")
    assert killed.stdout.readline() == "0\n"
    workers = [start(WORK, f"worker {number}") for number in range(4)]
    while len(use_log.uses()) < 8:
        assert all(worker.poll() is None for worker in workers)
        time.sleep(0.01)
    uses_before = use_log.uses()
    assert {use.slot for use in uses_before} == {1}
    killed.kill()
    assert [worker.wait(LONG_S) for worker in workers] == [0] * 4
    use_log.assert_kept(2)
    assert Counter(use.who for use in use_log.uses()) == dict.fromkeys((f"worker {number}" for number in range(4)), 20)
    assert {use.slot for use in use_log.uses()} == {0, 1}
    assert list(rack_folder.iterdir()) == [], "the last one that closes leaves no file"


def test_who_waits_is_told_of_other_processes(start, rack_folder):
    """The message names process and label; once the holder is killed, its slot is lent."""
    holder = start(HOLD, "tests/test_a.py::test_b")
    holder.stdout.readline()
    with SharedMemoryPool(object, name="db", max_size=2, rack_folder=rack_folder) as pool, pool.borrow():
        told = (
            rf"^no slot of 'db' .*slot 0 is held by process {holder.pid} \(tests/test_a.py::test_b\), slot 1 is held by"
        )
        with pytest.raises(PoolTimeout, match=told):
            pool.borrow(timeout_s=0)
        holder.kill()
        with pool.borrow(timeout_s=LONG_S):
            assert [lease.slot for lease in pool.leases()] == [1, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes aren't forked here")
def test_a_forked_process_shares_the_limit(start, rack_folder):
    """It has none of its parent's leases, frees none of their slots, and waits for them as others do."""
    assert start(FORK, "").wait(LONG_S) == 0
    assert list(rack_folder.iterdir()) == []
