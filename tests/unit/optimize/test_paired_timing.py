"""Pairs: interleaved, in random order, as many as fit, and no collection inside."""

from __future__ import annotations

import gc

import pytest

from pytest_memopt.optimize.paired_timing import PAIRS_LEAST, PAIRS_MOST, REPEATS_MOST, Pacer, Patience, timed


class Sides:
    """Two ways that take the time that a test says, and a record of who was called."""

    def __init__(self, clock, one_s, other_s):
        self.calls = []
        self.clock = clock
        self.one_s, self.other_s = one_s, other_s
        self.checks = 0

    def one(self):
        self.calls.append(1)
        self.clock.pass_by(self.one_s)

    def other(self):
        self.calls.append(2)
        self.clock.pass_by(self.other_s)

    def check(self):
        self.checks += 1

    def pace(self, patience=Patience(), seed=1):  # noqa: B008 - frozen
        return Pacer(patience, seed, self.check, self.clock).pace(
            timed(self.one, self.clock), timed(self.other, self.clock)
        )


def test_each_pair_has_both_in_random_order(clock):
    """Both sides are called once in each pair; who begins differs, and is the same for the same seed."""
    orders = []
    for seed in (1, 1, 2):
        sides = Sides(clock, 0.02, 0.01)
        times = sides.pace(Patience(pairs_count=40), seed)
        assert (len(times.one_s), len(times.other_s)) == (40, 40)
        paired = sides.calls[-80:]
        pairs = [tuple(paired[place : place + 2]) for place in range(0, 80, 2)]
        assert set(pairs) == {(1, 2), (2, 1)}
        orders.append(pairs)
    assert orders[0] == orders[1] != orders[2]


def test_times_are_those_of_one_call(clock):
    """What is repeated within a pair is told as the time of one call."""
    times = Sides(clock, 0.02, 1.6e-5).pace()
    assert (times.one_repeats, times.other_repeats) == (1, 13)
    assert times.one_s == pytest.approx([0.02] * len(times.one_s))
    assert times.other_s == pytest.approx([1.6e-5] * len(times.other_s))


def test_sides_that_are_close_are_repeated_alike(clock):
    """Where both take about as long they are repeated as often: the first call, which is slower, weighs alike."""
    times = Sides(clock, 1.1e-4, 6e-5).pace()
    assert times.one_repeats == times.other_repeats == 4


def test_an_interruption_isnt_taken_for_slowness(clock):
    """A side that was kept waiting when it was first timed is repeated all the same."""
    sides = Sides(clock, 0.02, 1.6e-5)
    quick, waits_s = sides.other, [0.01, 0.0, 0.03]

    def other():
        quick()
        clock.pass_by(waits_s.pop() if waits_s else 0.0)

    sides.other = other
    assert sides.pace().other_repeats == 13


def test_what_is_slow_is_timed_once_before_the_pairs(clock):
    """Of what takes a second each, no more than one call goes before the pairs."""
    sides = Sides(clock, 1.0, 1.0)
    sides.pace(Patience(pairs_count=6))
    assert len(sides.calls) == 2 + 12


def test_what_takes_no_time_is_repeated_up_to_a_limit(clock):
    """Where the clock doesn't move, repeating ends."""
    sides = Sides(clock, 0.0, 1e-9)
    times = sides.pace(Patience(pairs_count=6))
    assert times.one_repeats == times.other_repeats == REPEATS_MOST
    assert times.one_s == (0.0,) * 6


@pytest.mark.parametrize(
    ("side_s", "budget_s", "count"), [(0.001, 5.0, PAIRS_MOST), (0.025, 5.0, 100), (10.0, 5.0, PAIRS_LEAST)]
)
def test_as_many_pairs_as_fit(clock, side_s, budget_s, count):
    """So many as the budget gives, not fewer than ten, not more than two hundred."""
    times = Sides(clock, side_s, side_s).pace(Patience(budget_s=budget_s))
    assert len(times.one_s) == pytest.approx(count, abs=1)


def test_so_many_pairs_as_were_asked_for(clock):
    """A number that was asked for is taken, whatever the budget."""
    assert len(Sides(clock, 10.0, 10.0).pace(Patience(7, 1.0)).one_s) == 7
    assert len(Sides(clock, 0.01, 0.01).pace(Patience(300, 1.0)).one_s) == 300


def test_each_side_is_checked(clock):
    """After each side it is checked whether all went well; what that raises ends the pairs, and gives the collector back."""
    sides = Sides(clock, 0.02, 0.01)
    sides.pace(Patience(pairs_count=6))
    assert sides.checks == len(sides.calls)

    def broken():
        raise LookupError

    sides.check = broken
    with pytest.raises(LookupError):
        sides.pace()
    assert gc.isenabled()
    assert gc.get_threshold()[0] > 0


class Ring:
    """Garbage that only a collection finds; tells when."""

    found: list[str]

    def __init__(self, found):
        self.itself = self
        self.found = found

    def __del__(self):
        self.found.append("collected")


@pytest.mark.parametrize("was_enabled", [True, False])
def test_no_side_pays_for_garbage(clock, was_enabled):
    """Garbage is collected between the sides, never within; afterwards the collector is as it was."""
    events = []

    def one():
        assert not gc.isenabled()
        events.append("begin")
        Ring(events)
        clock.pass_by(0.02)
        events.append("end")

    (gc.enable if was_enabled else gc.disable)()
    try:
        frozen_count = gc.get_freeze_count()
        Pacer(Patience(pairs_count=6), 1, lambda: None, clock).pace(timed(one, clock), timed(one, clock))
        assert gc.isenabled() == was_enabled
        assert gc.get_freeze_count() <= frozen_count
    finally:
        gc.enable()
    gc.collect()
    assert events == ["begin", "end", "collected"] * (len(events) // 3)
    assert len(events) // 3 > 12


@pytest.mark.parametrize("is_frozen", [True, False])
def test_what_was_frozen_stays_frozen(clock, is_frozen):
    """Whoever has frozen what is alive finds it so again; where nobody has, all is thawed."""
    gc.unfreeze()
    if is_frozen:
        gc.freeze()
    try:
        Sides(clock, 0.02, 0.01).pace(Patience(pairs_count=6))
        assert (gc.get_freeze_count() > len(gc.get_objects())) == is_frozen
    finally:
        gc.unfreeze()
