"""What surrounds a hunt in a process of its own: its environment, its patience, its answer."""

from __future__ import annotations

import json
import subprocess

import pytest

from pytest_memopt.leaks import fresh_process
from pytest_memopt.leaks.fresh_process import (
    Wait,
    calm_environment,
    fresh_place,
    inconclusive,
    leave_answer,
    patience_s,
)
from pytest_memopt.leaks.ruling import LeakKind


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "glibc.malloc.tcache_count=0"),
        ({"GLIBC_TUNABLES": "glibc.malloc.check=3"}, "glibc.malloc.check=3:glibc.malloc.tcache_count=0"),
        ({"GLIBC_TUNABLES": "glibc.malloc.tcache_count=2"}, "glibc.malloc.tcache_count=2"),
    ],
)
def test_threads_keep_no_freed_blocks(before, after):
    """The caches of threads are switched off beside what is tuned already, but not over what the user said of them."""
    variables = {"PATH": "/bin", **before}
    assert calm_environment(variables) == {"PATH": "/bin", "GLIBC_TUNABLES": after}
    assert variables == {"PATH": "/bin", **before}


def test_patience_follows_the_budget():
    """A process is waited for longer, the longer a hunt in it may take."""
    assert patience_s(1.0) < patience_s(20.0)
    assert patience_s(20.0) > 2 * 20.0


class Process:
    """A process that ends after it was waited for so many seconds, by a clock that only waiting moves."""

    def __init__(self, lasts_s):
        self.lasts_s = lasts_s
        self.now_s = 0.0
        self.waits_s = []

    def wait(self, timeout_s):
        self.waits_s.append(timeout_s)
        if self.now_s + timeout_s < self.lasts_s:
            self.now_s += timeout_s
            raise subprocess.TimeoutExpired("it", timeout_s)
        self.now_s = self.lasts_s
        return 3


@pytest.fixture
def waited(monkeypatch):
    """Waits for a process that takes so long, for so long at most; gives the exit code, what was told, and the single waits."""

    def wait(lasts_s, timeout_s, *, is_told=True):
        process, told = Process(lasts_s), []
        monkeypatch.setattr(fresh_process.time, "monotonic", lambda: process.now_s)
        on_wait = (lambda *seconds: told.append(seconds)) if is_told else None
        return Wait(timeout_s, on_wait).until_ended(process), told, process.waits_s

    return wait


def test_a_wait_is_told_now_and_then(waited):
    """Each half second who waits hears how long it was, and how much is left, until the process ends."""
    code, told, _ = waited(1.2, 10.0)
    assert (code, told) == (3, [(0.5, 9.5), (1.0, 9.0)])
    assert waited(0.2, 10.0) == (3, [], [0.5])


def test_a_wait_that_nobody_hears_of_is_one(waited):
    """Without anybody to tell, the process is waited for once, for the whole time."""
    assert waited(1.2, 10.0, is_told=False) == (3, [], [10.0])


def test_a_wait_ends_with_its_time(waited):
    """When the time is up nothing more is told: the process is given up."""
    for is_told in (True, False):
        with pytest.raises(subprocess.TimeoutExpired):
            waited(99.0, 1.2, is_told=is_told)


def test_a_hunt_that_came_to_nothing_is_inconclusive():
    """It says where it was made, and why there is nothing."""
    finding = inconclusive("it was ended by signal 11 (SIGSEGV)")
    assert (finding.verdict, finding.isolated, finding.rounds) == (LeakKind.INCONCLUSIVE, True, 0)
    assert finding.why == "in a process of its own it was ended by signal 11 (SIGSEGV)"


def test_an_answer_is_whole_or_not_there(tmp_path):
    """What can't be written as JSON leaves no file behind that could be taken for an answer."""
    target = tmp_path / "answer.json"
    with pytest.raises(TypeError):
        leave_answer(target, {"leak": object()})
    assert not target.exists()
    leave_answer(target, {"leak": {"rounds": 4}})
    assert json.loads(target.read_text(encoding="utf-8")) == {"leak": {"rounds": 4}}
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_goes_with_its_hunt():
    """The folder is there while the hunt lasts, and no longer, whatever ends it."""
    seen = []

    def interrupted():
        with fresh_place() as place:
            seen.append((place.folder, place.folder.is_dir(), place.answer.parent))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == [(seen[0][0], True, seen[0][0])]
    assert not seen[0][0].exists()
