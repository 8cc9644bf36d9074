"""Pool against no pool: the figures, the verdict, and errors that name the operation."""

from __future__ import annotations

import json
import math
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memopt.errors import ComparisonError, UsageError
from pytest_memopt.optimize.pool_comparison import PoolComparison, PoolVerdict, compare_pool
from pytest_memopt.pool.arguments import arguments_of
from pytest_memopt.pool.recipe import make_type


def compared(anew_s, pooled_s):
    """A comparison with these times."""
    return PoolComparison("db", tuple(anew_s), tuple(pooled_s), 0, 12, 4096, "")


def steady(anew_s, pooled_s):
    """A comparison whose twelve pairs are all alike."""
    return compared([anew_s] * 12, [pooled_s] * 12)


durations_s = st.floats(1e-9, 1e3)
comparisons = st.lists(st.tuples(durations_s, durations_s), min_size=6, max_size=20).map(
    lambda pairs: compared(*zip(*pairs, strict=True))
)


@pytest.mark.parametrize(
    ("anew_s", "pooled_s", "verdict", "break_even"),
    [
        (0.02, 0.0002, PoolVerdict.FASTER, 2),
        (0.02, 0.015, PoolVerdict.FASTER, 4),
        (0.01, 0.02, PoolVerdict.SLOWER, None),
        (0.02, 0.02, PoolVerdict.NO_DIFFERENCE, None),
    ],
)
def test_the_verdict_is_that_of_the_ratio(anew_s, pooled_s, verdict, break_even):
    """Twice as long is slower, half as long faster, alike no difference; it pays off when the first build is paid."""
    found = steady(anew_s, pooled_s)
    assert (found.verdict, found.break_even_count) == (verdict, break_even)
    assert found.ratio == pytest.approx((anew_s / pooled_s,) * 3)
    assert found.saved_share.value == pytest.approx(1 - pooled_s / anew_s)


def test_noise_is_no_difference():
    """Pairs of which about as many speak for as against pooling show no difference."""
    noise = [1.0, 1.4, 0.8, 1.2, 0.9, 1.1, 0.7, 1.3, 0.6, 1.5]
    assert compared(noise, [1.0] * 10).verdict is PoolVerdict.NO_DIFFERENCE


def test_drift_of_the_machine_is_in_both_sides():
    """A machine that gets ten times slower while pairs are taken doesn't move their ratios."""
    speeds = [1 + place for place in range(10)]
    found = compared([0.2 * speed for speed in speeds], [0.1 * speed for speed in speeds])
    assert found.ratio == pytest.approx((2, 2, 2))


def test_the_first_build_is_part_of_the_whole():
    """Over 100 uses the pool's member is built and closed once, which counts as one use without a pool."""
    found = steady(0.02, 0.0002)
    assert found.pooled_over_s(100) == pytest.approx(0.04)
    assert found.saved_over(100) == pytest.approx(0.98)


@settings(max_examples=30)
@given(comparisons)
def test_the_figures_agree(found):
    """Share, ratio, verdict and break-even count say the same, whatever the times."""
    assert found.ratio.low <= found.ratio.value <= found.ratio.high
    assert found.saved_share.low <= found.saved_share.value <= found.saved_share.high < 1 + 1e-9
    is_faster = found.verdict is PoolVerdict.FASTER
    assert is_faster == (found.ratio.low > 1)
    assert (found.break_even_count is not None) == is_faster
    assert found.break_even_count is None or found.break_even_count >= 1


@settings(max_examples=30)
@given(comparisons)
def test_a_comparison_is_stored_as_it_is(found):
    """What goes through JSON comes back the same."""
    assert PoolComparison.from_wire(json.loads(json.dumps(found.to_wire()))) == found


def test_no_time_by_the_clock_is_no_division_by_zero():
    """Where the clock didn't move on either side, there is no difference."""
    found = steady(0.0, 0.0)
    assert found.verdict is PoolVerdict.NO_DIFFERENCE
    assert math.isfinite(found.saved_over(100))


class Thing:
    """A resource that counts in its class what is done."""

    built = closed = 0

    def __init__(self, *positional, **named):
        self.given = (positional, named)
        self.payload = bytearray(200_000)
        type(self).built += 1

    def close(self):
        type(self).closed += 1


@pytest.fixture
def thing():
    """A class of resources with counts of its own."""
    return type("Thing", (Thing,), {})


def test_both_sides_do_what_they_say(thing):
    """Without a pool each use builds and closes; the pool builds one, resets it each time, and closes it."""
    done = []
    kind = make_type("thing", thing, reset=lambda one: done.append("reset"))
    found = compare_pool(kind, use=lambda one: done.append("use"), pairs=6, seed=3)
    uses = done.count("use")
    assert len(found.anew_s) == len(found.pooled_s) == 6
    assert min(*found.anew_s, *found.pooled_s) > 0
    assert found.rebuilt_count == 0
    assert done.count("reset") == found.pooled_count
    assert thing.built == thing.closed == uses - found.pooled_count + 1
    assert found.type_name == "thing"


def test_what_is_held_idle_is_counted(thing):
    """The heap's bytes that an idle member takes, to within a page."""
    found = compare_pool(make_type("thing", thing), pairs=6)
    assert found.held_why == ""
    assert found.held_bytes == pytest.approx(200_000, abs=8192)


def test_what_has_no_close_is_dropped():
    """Resources without a close of their own or of the type's are compared too."""
    assert len(compare_pool(make_type("list", list), pairs=6).anew_s) == 6


def test_arguments_and_slots_reach_the_factory(thing):
    """Resources are built with the arguments on both sides, and a factory that wants a slot gets none."""
    seen = []

    def factory(number, slot):
        seen.append((number, slot))
        return thing()

    compare_pool(make_type("thing", factory), arguments=arguments_of("thing", (5,), {}), pairs=6)
    assert set(seen) == {(5, None)}


def test_a_shared_type_has_slots_of_its_own(thing, tmp_path, monkeypatch):
    """Of a shared type the pool is in the first slot and what is built anew in the last; nobody else's slots are taken."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen = []

    def factory(slot):
        seen.append(slot)
        return thing()

    found = compare_pool(make_type("thing", factory, max_size=3, shared=True), pairs=6)
    assert found.rebuilt_count == 0
    assert seen.count(0) == 1
    assert set(seen) == {0, 2}
    assert list(tmp_path.iterdir()) == []


def test_members_that_are_refused_are_counted(thing):
    """A validate that refuses has the pool build each time, which is told."""
    found = compare_pool(make_type("thing", thing, validate=lambda one: False), pairs=6)
    assert found.rebuilt_count == found.pooled_count - 1


def broken(*_):
    """What a user's function may do."""
    raise LookupError("nothing there")


def ended(*_):
    """What a user's function may do, too."""
    raise SystemExit


BEGIN = "resource type 'thing' can't be compared with its pool: its"


@pytest.mark.parametrize(
    ("parts", "use", "told"),
    [
        ({"factory": broken}, None, f"{BEGIN} factory raised LookupError: nothing there"),
        ({"factory": ended}, None, f"{BEGIN} factory raised SystemExit"),
        ({"close": broken}, None, f"{BEGIN} close raised LookupError: nothing there"),
        ({}, broken, f"{BEGIN} use raised LookupError: nothing there"),
        ({"reset": broken}, None, "resource 'thing' could not be reset: LookupError: nothing there"),
        ({"validate": broken}, None, "resource 'thing' could not be validated: LookupError"),
        ({"fingerprint": lambda one: one.uses}, None, "its factory or fingerprint raised AttributeError"),
    ],
    ids=["factory", "exit", "close", "use", "reset", "validate", "fingerprint"],
)
def test_failures_name_type_and_operation(thing, parts, use, told):
    """Whatever fails, on either side, is one clear error."""
    kind = make_type("thing", **{"factory": thing, **parts})
    with pytest.raises(ComparisonError) as caught:
        compare_pool(kind, use=use, pairs=6)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_factory_that_fails_later_is_named(thing):
    """The pool's own build may be the one that fails."""
    answers = iter([thing()])
    kind = make_type("thing", lambda: next(answers))
    with pytest.raises(ComparisonError, match="its factory raised StopIteration"):
        compare_pool(kind, pairs=6)


def test_a_close_that_fails_in_the_end_is_named(thing):
    """The pool closes its member after all pairs; a failure there is told too."""
    kind = make_type("thing", thing, close=lambda one: broken() if one.uses > 2 else None)

    def use(one):
        one.uses = getattr(one, "uses", 0) + 1

    with pytest.raises(ComparisonError, match="'thing' could not be closed: LookupError"):
        compare_pool(kind, use=use, pairs=6)


def test_few_pairs_are_refused():
    """Fewer than six pairs can't tell anything from noise."""
    with pytest.raises(UsageError, match="pairs=5 is too few"):
        compare_pool(make_type("thing", dict), pairs=5)
