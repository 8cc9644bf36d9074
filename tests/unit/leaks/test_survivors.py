"""What a few rounds leave alive: by type, those that the collector tracks, and what only they hold."""

import gc
import sys
import weakref
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

import pytest

from pytest_memopt.leaks.survivors import EXTRA_ROUNDS, survivors


class Session:
    """Something that is kept."""


class Part:
    """Something without references, which the collector doesn't track."""

    __slots__ = ()


class Refusing(type):
    """A class that can't be hashed or compared."""

    def __eq__(cls, other):
        raise AssertionError("classes were compared")

    __hash__ = None


class Odd(metaclass=Refusing):
    """An instance of this is kept."""


@pytest.fixture(autouse=True)
def thawed():
    """Each test begins and ends with nothing frozen."""
    gc.unfreeze()
    yield
    gc.unfreeze()


def found_by(run):
    """How many survivors there are by the names of their types."""
    return {type.__dict__["__name__"].__get__(cls): len(objects) for cls, objects in survivors(run)}


def test_what_each_round_keeps_survives():
    """A round that keeps two sessions leaves two of each round."""
    kept = []
    assert found_by(lambda: kept.extend([Session(), Session()]))["Session"] == 2 * EXTRA_ROUNDS


def test_what_survivors_share_was_there_before():
    """The code of a function that each round makes is no new object, however many functions there are."""
    kept = []

    def run():
        kept.append([lambda: 1, lambda: 2, lambda: 3])

    found = found_by(run)
    assert found["function"] == 3 * EXTRA_ROUNDS
    assert "code" not in found


def test_variables_of_the_context_survive():
    """A variable that holds a plain value is tracked by nobody, and neither is what holds it: it is found in the context."""

    def run():
        ContextVar("var").set(6)

    found = copy_context().run(found_by, run)
    assert found["ContextVar"] == EXTRA_ROUNDS


def test_what_is_kept_less_often_does_not():
    """What not every round keeps, lets go of again or has kept before isn't found; garbage in cycles isn't either."""
    kept, before = [], [Session(), Session(), Session(), Session()]

    def run():
        if not kept:
            kept.append(Session())
        knot = Session()
        knot.me = knot

    assert "Session" not in found_by(run)
    assert len(before) == 4


def test_what_takes_the_place_of_others_does_not():
    """A ring whose elements are replaced in each round holds new objects, but not more of them."""
    ring = [Session()] * 3

    def run():
        ring[:] = [Session() for _ in range(3)]

    run()
    assert "Session" not in found_by(run)


def test_what_is_not_tracked_is_found_by_what_holds_it():
    """Objects that the collector doesn't see are found in those it sees; texts and numbers tell little and are left out."""
    kept = []
    found = found_by(lambda: kept.append([Part(), str(len(kept)), float(len(kept))]))
    assert found["Part"] == EXTRA_ROUNDS
    assert not {"str", "float"} & found.keys()


def test_classes_that_refuse_are_found():
    """Objects of a class that can be neither hashed nor compared are found like others."""
    kept = []
    assert found_by(lambda: kept.append(Odd()))["Odd"] == EXTRA_ROUNDS


def test_the_runner_is_none():
    """What pytest or this plugin keeps of a round is not found."""
    kept = []
    cls = type("Report", (), {"__module__": "_pytest.reports"})
    assert "Report" not in found_by(lambda: kept.append(cls()))
    assert len(kept) == EXTRA_ROUNDS


def test_nothing_is_left_frozen():
    """The collector sees all objects again afterwards, also when a round raised."""
    survivors(lambda: None)
    assert gc.get_freeze_count() == 0 or gc.get_freeze_count() < len(gc.get_objects())
    seen = Session()
    with pytest.raises(ZeroDivisionError):
        survivors(lambda: 1 / 0)
    assert any(one is seen for one in gc.get_objects())


def test_nothing_is_kept():
    """What survived goes when its holders do."""
    kept = []
    survivors(lambda: kept.append(Session()))
    last = weakref.ref(kept[-1])
    kept.clear()
    gc.collect()
    assert last() is None


def test_untracked_parts_are_counted_once():
    """A part that many survivors share is one object, and not one of each round."""
    kept, shared = [], Part()
    found = found_by(lambda: kept.append([shared]))
    assert "Part" not in found
    assert found["list"] >= EXTRA_ROUNDS


def test_what_is_printed_is_written_and_does_not_survive(hold_back):
    """What waits in standard output for its writing is nobody's."""
    written = hold_back()
    found_by(lambda: sys.stdout.write("a line "))
    assert written.getvalue().startswith(b"a line a line")


def test_rounds_that_take_too_long_in_the_block_are_run_after_it():
    """What the first one left is noted in the block, once; the others run when it is over, and all are counted."""
    kept, log = [], []

    @contextmanager
    def block():
        log.append("begin")
        yield
        log.append("end")

    def run():
        log.append("run")
        kept.append(Session())

    def note(kinds):
        log.append([len(objects) for objects in kinds if type(objects[0]) is Session])

    def has_time(done, rounds):
        log.append((done, rounds))
        return False

    found = dict(survivors(run, block(), note, has_time))
    assert log == ["begin", "run", (1, EXTRA_ROUNDS), [1], "end", *["run"] * (EXTRA_ROUNDS - 1)]
    assert len(found[Session]) == EXTRA_ROUNDS
