"""What the C library keeps of environment variables."""

import os
import sys
from itertools import accumulate

import pytest

from pytest_memopt.meters import environment
from pytest_memopt.meters.environment import KeptEnvironment
from pytest_memopt.meters.glibc_chunk import chunk_bytes
from pytest_memopt.meters.heap import CHeap

TEXTS = [chunk_bytes(len(environment._TRIAL) + length + 2) for length in environment._TRIALS]


@pytest.fixture
def values(monkeypatch):
    """What variables were set to, by a ``putenv`` that keeps nothing."""
    values = []

    def note(name, value=None):
        if not os.fsdecode(name).startswith("PYTEST_CURRENT"):  # which pytest sets meanwhile
            values.append((name, value))

    monkeypatch.setattr(os, "putenv", note)
    monkeypatch.setattr(os, "unsetenv", note)
    return values


def reading(steps):
    """A meter of the C heap that rises by these steps."""
    levels = iter(accumulate(steps, initial=1000))
    return lambda: next(levels)


@pytest.fixture
def kept(values):
    """An environment whose library keeps 32 bytes beside the text of each value."""
    made = KeptEnvironment(reading([text + 32 for text in TEXTS]))
    values.clear()
    yield made
    made.unwatch()


@pytest.mark.parametrize(("size_bytes", "taken_bytes"), [(0, 32), (24, 32), (25, 48), (40, 48), (41, 64)])
def test_chunks_come_in_steps(size_bytes, taken_bytes):
    """A block takes eight bytes more than asked for, in steps of sixteen, and thirty-two at least."""
    assert chunk_bytes(size_bytes) == taken_bytes


@pytest.mark.parametrize(
    ("steps", "is_kept"),
    [
        ([text + 32 for text in TEXTS], True),
        (TEXTS, True),
        ([0] * len(TEXTS), False),
        ([TEXTS[0] + 999, *(text + 32 for text in TEXTS[1:])], True),
        ([text + 16 * number for number, text in enumerate(TEXTS)], False),
        ([text + 4096 for text in TEXTS], False),
    ],
)
def test_a_trial_shows_whether_values_are_kept(values, steps, is_kept):
    """Most values, whatever their lengths, must cost the same beside their texts, and not much; the trial leaves no variable."""
    assert KeptEnvironment(reading(steps)).is_kept is is_kept
    assert values[-1] == (environment._TRIAL, None)


def test_without_a_heap_nothing_is_counted(values):
    """Where the C heap can't be read there is nothing to take off, and ``os.putenv`` stays what it was."""
    plain, made = os.putenv, KeptEnvironment(None)
    made.watch()
    assert (made.is_kept, os.putenv, values) == (False, plain, [])


def test_each_value_counts_once(kept, values):
    """A value that a variable had before is not kept a second time, whether as text or as bytes."""
    kept.watch()
    for value in ("/tmp/a", "/tmp/b", "/tmp/a", b"/tmp/a"):
        os.putenv("HOME", value)
    assert kept.kept[0] == 2 * (chunk_bytes(len("HOME=/tmp/a") + 1) + 32)
    assert values == [("HOME", "/tmp/a"), ("HOME", "/tmp/b"), ("HOME", "/tmp/a"), ("HOME", b"/tmp/a")]


def test_watching_ends(kept, values):
    """Afterwards ``os.putenv`` is the one that was found, and nothing is counted; watching twice is watching once."""
    plain = os.putenv
    kept.watch()
    kept.watch()
    kept.unwatch()
    os.putenv("HOME", "/tmp/c")
    assert (os.putenv, kept.kept[0], len(values)) == (plain, 0, 1)


def test_somebody_else_s_putenv_stays(kept, values):
    """What was put over ours meanwhile is not taken away."""
    kept.watch()
    mine = os.putenv
    os.putenv = other = lambda *_: None
    kept.unwatch()
    assert os.putenv is other
    os.putenv = mine


def test_a_full_table_counts_no_more(kept, monkeypatch):
    """What can't be remembered isn't counted, for it might be counted twice."""
    monkeypatch.setattr(environment, "_FULL", 2)
    kept.watch()
    for number in range(5):
        os.putenv("HOME", f"/tmp/{number}")
    assert kept.kept[0] == 2 * (chunk_bytes(len("HOME=/tmp/0") + 1) + 32)


@pytest.mark.skipif(not CHeap().available or sys.platform != "linux", reason="no C heap to look at")
def test_the_library_agrees():
    """On this machine, what is counted is what the C heap shows, to within a few values."""
    heap = CHeap()
    made = KeptEnvironment(heap.read)
    made.watch()
    try:
        before_bytes, name = heap.read(), "PYTEST_MEMOPT_AGREES"
        for number in range(200):
            os.environ[name] = f"/tmp/{os.getpid()}/{number}".ljust(150, "x")
        grown_bytes = heap.read() - before_bytes
    finally:
        made.unwatch()
        del os.environ[name]
    assert abs(grown_bytes - made.kept[0]) < 0.1 * grown_bytes + 2000
