"""Hunting leaks without a test runner, with hunts that end as they are told to."""

import gc
import weakref
from pathlib import Path

import pytest

from pytest_memopt.errors import MemoryLeakFound
from pytest_memopt.leaks import check as check_module
from pytest_memopt.leaks import culprits as culprits_module
from pytest_memopt.leaks.catch import Catch
from pytest_memopt.leaks.check import assert_no_leaks, check_leaks, finding_of
from pytest_memopt.leaks.culprits import Blame
from pytest_memopt.leaks.finding import Culprit, NoLine
from pytest_memopt.leaks.ruling import LeakKind, Ruling
from pytest_memopt.leaks.series import Levels
from pytest_memopt.meters.frozen_heap import is_heap_frozen
from pytest_memopt.meters.rounds import LeakSignal


class Cycle:
    """Something that can hold itself, and be referred to weakly."""


KEPT = Culprit("list", 1, 64, "app.KEPT", "list", "app.KEPT[*]", "app.py:4 in put")


def catch(kind, *levels, why=None):
    """What a hunt brought in which the blocks had these levels."""
    ruling = Ruling(kind, (LeakSignal.BLOCKS,), why=why)
    series = (Levels(LeakSignal.BLOCKS, levels or (0, 1)), Levels(LeakSignal.FDS, (5, 5)))
    return Catch(ruling, 7, series, (), (), (), 1.23456)


@pytest.fixture
def hunts(monkeypatch):
    """Has every hunt end with one of these; notes with which patience it began."""
    patience = []

    class Hunt:
        elapsed_s = 2.5

        def __init__(self, run, meter, wanted, *, first_run):
            patience.append((wanted.least, wanted.budget_s))

        def pursue(self):
            raise NotImplementedError

    def told(found):
        monkeypatch.setattr(Hunt, "pursue", lambda self: found)
        return patience

    monkeypatch.setattr(check_module, "Hunt", Hunt)
    monkeypatch.setattr(culprits_module, "name_culprits", lambda run, caught, clues: Blame((KEPT,)))
    return told


@pytest.mark.parametrize(("rounds", "patience"), [(None, (3, 20.0)), (30, (30, 20.0))])
def test_patience_is_handed_on(hunts, rounds, patience):
    """As many rounds as are wanted, else as few as the verdict needs."""
    asked = hunts(catch(LeakKind.CLEAN))
    check_leaks(int, rounds=rounds)
    assert asked == [patience]


@pytest.mark.parametrize("kind", [kind for kind in LeakKind if kind is not LeakKind.LEAK])
def test_only_leaks_have_culprits(hunts, kind):
    """What is no leak is told with its reason, and isn't run again to name anybody; it raises nothing."""
    hunts(catch(kind, why="so it is"))
    finding = assert_no_leaks(lambda: 1 / 0)
    assert (finding.verdict, finding.culprits, finding.signature, finding.why) == (kind, (), None, "so it is")


def test_a_leak_raises_with_its_culprit(hunts):
    """The message is the headline, with the evidence below, and the line that made it."""
    hunts(catch(LeakKind.LEAK))
    with pytest.raises(MemoryLeakFound, match=r"leaks 1 list held by app\.KEPT: ") as caught:
        assert_no_leaks(int)
    assert "allocated at app.py:4 in put" in str(caught.value)


@pytest.mark.parametrize(
    ("ignore", "passes"), [(["app.KEPT"], True), (["list"], True), (["app.OTHER"], False), ([], False)]
)
def test_what_is_ignored_may_grow(hunts, ignore, passes):
    """A leak whose culprits all match is returned and not raised."""
    hunts(catch(LeakKind.LEAK))
    if passes:
        assert assert_no_leaks(int, ignore=ignore).is_leak
    else:
        with pytest.raises(MemoryLeakFound):
            assert_no_leaks(int, ignore=ignore)


def test_what_the_last_run_raises_comes_through(hunts, monkeypatch):
    """Nothing is hidden when the workload fails while the culprit is looked for."""
    hunts(catch(LeakKind.LEAK))
    monkeypatch.setattr(culprits_module, "name_culprits", lambda run, caught, clues: run())
    with pytest.raises(ZeroDivisionError):
        check_leaks(lambda: 1 / 0)


@pytest.mark.parametrize("was_frozen", [True, False])
def test_the_collector_is_left_as_it_was(hunts, was_frozen):
    """What was frozen before is frozen after, and nothing is when nothing was: Python 3.12 freezes a little by itself."""
    hunts(catch(LeakKind.CLEAN))
    gc.unfreeze()
    gc.collect()
    if was_frozen:
        gc.freeze()
    try:
        check_leaks(int)
        assert is_heap_frozen() is was_frozen
    finally:
        gc.unfreeze()


def test_garbage_of_a_hunt_is_not_frozen(hunts, monkeypatch):
    """What became garbage while it was hunted is gone, not frozen for ever with what was frozen before."""
    rests = []

    def make_garbage(self):
        cycle = Cycle()
        cycle.itself = cycle
        rests.append(weakref.ref(cycle))
        return catch(LeakKind.CLEAN)

    hunts(catch(LeakKind.CLEAN))
    monkeypatch.setattr(check_module.Hunt, "pursue", make_garbage)
    gc.freeze()
    try:
        check_leaks(int)
        assert rests[0]() is None
    finally:
        gc.unfreeze()


def test_a_finding_has_the_numbers_of_the_catch():
    """Signals that moved have their newest changes, those that grow what a round adds; seconds are rounded."""
    finding = finding_of(catch(LeakKind.LEAK, *range(0, 90, 3)), (KEPT,))
    assert (finding.rounds, finding.per_round, finding.duration_s) == (7, {"blocks": 3}, 1.235)
    assert finding.series == {"blocks": (3,) * 24}
    assert finding.signature == "app.KEPT[*] <- list"
    assert finding_of(catch(LeakKind.LEAK), ()).signature == "outside Python: memory"


def test_something_real_is_clean():
    """With nothing faked, what keeps nothing is called four times at least, and found clean."""
    calls = []
    finding = check_leaks(lambda: calls.append(1) or calls.clear(), budget_s=300)  # on a busy machine, 20 s may pass
    assert finding.verdict is LeakKind.CLEAN
    assert finding.rounds >= 4  # a tracer of this test's own lines allocates now and then


def test_a_folder_that_is_gone_is_no_error(tmp_path, monkeypatch):
    """A leak is told also where the current folder was removed by then."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert check_module._current_folder() == Path()


def test_the_time_of_naming_is_told(hunts):
    """A leak took what its hunt took and the naming of its culprit; what is no leak took its hunt."""
    hunts(catch(LeakKind.LEAK))
    assert check_leaks(int).duration_s == 2.5
    hunts(catch(LeakKind.CLEAN))
    assert check_leaks(int).duration_s == 1.235


def test_that_time_ran_out_is_told(hunts, monkeypatch):
    """The message says that the line was not found for want of time."""
    hunts(catch(LeakKind.LEAK))
    blame = Blame((KEPT._replace(site=None),), no_line=NoLine.RAN_OUT)
    monkeypatch.setattr(culprits_module, "name_culprits", lambda run, caught, clues: blame)
    with pytest.raises(MemoryLeakFound, match="time ran out before its line was found"):
        assert_no_leaks(int)
