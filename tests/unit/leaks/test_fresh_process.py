"""What surrounds a hunt in a process of its own: its environment, its patience, its answer."""

from __future__ import annotations

import json

import pytest

from pytest_memopt.leaks.fresh_process import (
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
