"""Slots shared by real processes: how many at a time, in which order, and what of those that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from pytest_memopt.errors import PoolTimeout
from pytest_memopt.pool.slots import SlotRack, remove_rack_files

LONG_S = 60.0

# Each line that it reads is one thing to do; each that it writes tells one thing done.
BORROWER = """
import json, os, sys, time
from pathlib import Path
from pytest_memopt.pool.slots import SlotRack

folder, slot_count = Path(sys.argv[1]), int(sys.argv[2])

def tell(*what):
    print(json.dumps(what), flush=True)

def nap(seconds):
    if not told:
        told.append(tell("waiting"))
    time.sleep(seconds)

told = ["nothing yet: others may be making the same rack"]
rack = SlotRack(folder, "db", slot_count, sleep=nap)
told.clear()
tell("ready")
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "take":
        slot = rack.acquire(60, label=rest)
        tell("has", slot.number)
    elif word == "pass":
        with (folder / "order").open("a") as order:
            order.write(rest)
        slot.release()
        tell("passed")
    elif word == "borrow":
        told.append("nothing more")
        for turn in range(int(rest)):
            slot = rack.acquire(60, prefer=(turn % slot_count,))
            start_s = time.monotonic()
            mark = folder / f"in-use-{slot.number}"
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            time.sleep(0.004)
            mark.unlink()
            tell("interval", slot.number, start_s, time.monotonic())
            slot.release()
    elif word == "fork":
        if os.fork() == 0:
            forked_has = slot.is_held
            slot.release()
            tell("forked", forked_has, rack.try_acquire() is not None)
            sys.stdin.read()
            os._exit(0)
rack.close()
tell("closed")
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes aren't forked here")


class Borrower:
    """A process that takes slots when it is told to."""

    def __init__(self, folder, slot_count):
        self.process = subprocess.Popen(
            [sys.executable, "-c", BORROWER, str(folder), str(slot_count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def do(self, *words):
        self.process.stdin.write(f"{' '.join(map(str, words))}\n")

    def tells(self, *expected):
        """Read its next line, which begins so; the rest of it."""
        told = json.loads(self.process.stdout.readline())
        assert told[: len(expected)] == list(expected)
        return told[len(expected) :]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def finish(self):
        """Have it end by itself; all that it had still to tell."""
        self.process.stdin.close()
        told = [json.loads(line) for line in self.process.stdout]
        self.process.stdout.close()
        assert self.process.wait() == 0
        assert told.pop() == ["closed"]
        return told


@pytest.fixture
def session(tmp_path):
    """The folder of a session."""
    folder = tmp_path / "session"
    folder.mkdir()
    return folder


@pytest.fixture
def start(session):
    """Starts so many processes that share some slots, and waits until they are ready."""
    started = []

    def begin(count, slot_count):
        new = [Borrower(session, slot_count) for _ in range(count)]
        started.extend(new)
        for borrower in new:
            borrower.tells("ready")
        return new

    yield begin
    for borrower in started:
        borrower.kill()
        borrower.process.stdin.close()
        borrower.process.stdout.close()


@pytest.fixture
def rack(session):
    """The rack of one slot in this process."""
    rack = SlotRack(session, "db", 1)
    yield rack
    rack.close()


def test_no_more_than_the_limit_at_one_time(start, session):
    """Four processes, three slots: never more than three leases, each slot with one lease at a time, none lost."""
    borrowers = start(4, slot_count=3)
    for borrower in borrowers:
        borrower.do("borrow", 20)
    intervals = [tuple(told[1:]) for borrower in borrowers for told in borrower.finish()]
    assert len(intervals) == 80
    changes = sorted(change for _, start_s, end_s in intervals for change in ((start_s, 1), (end_s, -1)))
    held_counts = [sum(change for _, change in changes[: place + 1]) for place in range(len(changes))]
    assert max(held_counts) <= 3
    for number in range(3):
        of_slot = sorted((start_s, end_s) for slot, start_s, end_s in intervals if slot == number)
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(of_slot))
    assert list(session.iterdir()) == [], "the last one that closes removes the files"


def test_the_slot_of_a_killed_process_is_free(start, rack):
    """The kernel takes the lock back; until then the one who waits is told who has it, and for what."""
    (holder,) = start(1, slot_count=1)
    holder.do("take", "tests/test_x.py::test_y")
    holder.tells("has", 0)
    with pytest.raises(PoolTimeout, match=rf"process {holder.process.pid} \(tests/test_x.py::test_y\)$"):
        rack.acquire(0)
    holder.kill()
    assert rack.acquire(LONG_S).number == 0


def test_waiters_are_served_in_the_order_of_their_arrival(start, rack, session):
    """Who came first is served first, and one that was killed while it waited holds up nobody."""
    lease = rack.acquire(0)
    borrowers = start(4, slot_count=1)
    for borrower in (borrowers[place] for place in (2, 0, 3, 1)):
        borrower.do("take")
        borrower.tells("waiting")
    borrowers[0].kill()
    lease.release()
    assert rack.try_acquire() is None
    for place in (2, 3, 1):
        borrowers[place].tells("has", 0)
        borrowers[place].do("pass", place)
    for place in (2, 3, 1):
        borrowers[place].tells("passed")
    assert (session / "order").read_text() == "231"
    assert rack.acquire(LONG_S).is_held


def test_a_killed_waiter_alone_is_forgotten(start, rack):
    """When nobody else waits, the next one finds an empty queue."""
    lease = rack.acquire(0)
    (waiter,) = start(1, slot_count=1)
    waiter.do("take")
    waiter.tells("waiting")
    waiter.kill()
    lease.release()
    assert rack.try_acquire().is_held


@forks
def test_a_forked_process_neither_frees_nor_holds(start, rack):
    """What its parent holds stays the parent's alone: it is free once that one is killed, though the child lives."""
    (parent,) = start(1, slot_count=1)
    parent.do("take")
    parent.tells("has", 0)
    parent.do("fork")
    assert parent.tells("forked") == [False, False]
    assert rack.try_acquire() is None
    os.kill(parent.process.pid, signal.SIGKILL)
    assert rack.acquire(LONG_S).is_held


def test_threads_share_the_slots_of_their_process(session):
    """Six threads, two slots: never more than two at a time, and each has its turns."""
    rack, count_lock, held, counts = SlotRack(session, "db", 2), threading.Lock(), set(), []

    def borrow():
        for _ in range(5):
            slot = rack.acquire(LONG_S)
            with count_lock:
                assert slot.number not in held
                held.add(slot.number)
                counts.append(len(held))
            time.sleep(0.002)
            with count_lock:
                held.discard(slot.number)
            slot.release()

    threads = [threading.Thread(target=borrow) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rack.close()
    assert len(counts) == 30
    assert max(counts) <= 2


def test_no_file_is_left(start, session):
    """After the end of the session nothing is there, whoever was killed or still holds a slot."""
    killed, holder = start(2, slot_count=2)
    for borrower in (killed, holder):
        borrower.do("take")
        borrower.tells("has")
    killed.kill()
    remove_rack_files(session)
    assert not session.exists()
    remove_rack_files(session)
