"""The estimate of the collections that a suite was spared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.collection_counter import CollectionStatistics
from pytest_memopt.optimize.collections_spared import CollectorUse, Settled, Stretch
from pytest_memopt.optimize.collector_effect import SPARED_LEAST_S, collector_effect
from pytest_memopt.optimize.effect import Effect

PLAIN, TUNED = (700, 10, 10), (10_000, 1, 10)


def counted(young=0, middle=0, full=0, seconds=(0.0, 0.0, 0.0), new=0, found=0):
    """Collections of a second."""
    return CollectionStatistics((young, middle, full), seconds, new, found, 1.0)


def plain(**facts):
    """A stretch in which nothing was changed yet."""
    return Stretch(counted(**facts), is_plain=True, is_frozen=False)


def tuned(**facts):
    """A stretch under higher thresholds."""
    return Stretch(counted(**facts), is_plain=False, is_frozen=False)


def frozen(**facts):
    """A stretch in which what is old is frozen."""
    return Stretch(counted(**facts), is_plain=False, is_frozen=True)


def test_nothing_was_done():
    """Without a stretch there is nothing that was made or spared."""
    use = CollectorUse()
    assert (use.collections_count, use.collections_s, use.spared_count, use.spared_s) == (0, 0.0, 0, 0.0)


def test_what_was_made_is_counted():
    """The collections of all stretches are added up, with their seconds."""
    use = CollectorUse(
        PLAIN,
        TUNED,
        (plain(young=20, seconds=(0.1, 0, 0)), frozen(young=1, middle=2, full=3, seconds=(0.1, 0.2, 0.3))),
    )
    assert use.collections_count == 26
    assert use.collections_s == pytest.approx(0.7)


def test_full_collections_pass_over_what_is_frozen():
    """Each full one would have taken what the timed one took, which is taken off once; those before the freeze did."""
    use = CollectorUse(PLAIN, PLAIN, (plain(full=7), frozen(full=11)), Settled(100_000, 0.05))
    assert use.spared_s == pytest.approx(10 * 0.05)


def test_objects_that_stay_in_tests_make_full_collections():
    """A quarter as many new ones as there are old, twice and a bit: two full collections, one of which paid the freeze."""
    made = frozen(new=55_000, found=4000)
    assert CollectorUse(PLAIN, PLAIN, (made,), Settled(100_000, 0.05)).spared_s == pytest.approx(0.05)


def test_a_freeze_that_nobody_needed_cost_what_it_took():
    """One collection made, none spared: that is not below nothing, it is nothing."""
    assert CollectorUse(PLAIN, PLAIN, (frozen(),), Settled(100_000, 0.05)).spared_s == 0.0


def test_young_collections_are_spared_by_the_rate_that_was_measured():
    """What a new object cost before, times the new ones, less what was taken all the same."""
    before = plain(young=20, seconds=(0.14, 0.0, 0.0), new=14_000)
    after = tuned(young=10, seconds=(0.3, 0.1, 0.0), new=100_000)
    use = CollectorUse(PLAIN, TUNED, (before, after))
    assert use.spared_s == pytest.approx(1.0 - 0.4)
    assert use.spared_count == round(100_000 / 700) - 10


def test_young_collections_in_tests_claim_nothing():
    """They free garbage too, which takes its time however often it is done."""
    before = plain(young=20, seconds=(0.14, 0.0, 0.0), new=14_000)
    assert CollectorUse(PLAIN, TUNED, (before, frozen(young=80, seconds=(9.0, 0, 0), new=10**6))).spared_s == 0.0


def test_a_heap_that_grows_is_looked_at_with_each_quarter():
    """From 10 000 to 20 000 objects the interpreter would have looked three times, at a quarter more each time."""
    use = CollectorUse(PLAIN, TUNED, (tuned(new=11_000, found=1000), frozen(full=1)), Settled(20_000, 2.0))
    looked = 10_000 * (1.25 + 1.25**2 + 1.25**3) / 20_000
    assert use.spared_s == pytest.approx(2.0 * looked)


stretches = st.builds(
    lambda numbers, seconds, new, kind: kind(
        young=numbers[0], middle=numbers[1], full=numbers[2], seconds=seconds, new=new, found=new // 2
    ),
    st.tuples(*[st.integers(0, 1000)] * 3),
    st.tuples(*[st.floats(0, 10)] * 3),
    st.integers(0, 10**7),
    st.sampled_from([plain, tuned, frozen]),
)


@given(
    st.lists(stretches, max_size=4),
    st.none() | st.builds(Settled, st.integers(1, 10**7), st.floats(0, 10)),
    st.sampled_from([PLAIN, TUNED]),
)
def test_an_estimate_is_never_below_nothing(made, settled, chosen):
    """Whatever was counted, nothing negative is claimed, and what helped not is told without a figure."""
    use = CollectorUse(PLAIN, chosen, tuple(made), settled)
    assert use.spared_s >= 0
    assert use.spared_count >= 0
    effect = collector_effect(use)
    assert (effect.effect is Effect.HELPED) is (use.spared_s >= SPARED_LEAST_S)
    if effect.effect is not Effect.HELPED:
        assert (effect.spared_s, effect.spared_count) == (0, 0)


def test_the_effect_names_what_was_changed():
    """Objects frozen and thresholds are told, or why nothing was frozen."""
    made = (plain(young=20, seconds=(2.0, 0, 0), new=14_000), tuned(new=1_000_000), frozen())
    assert collector_effect(CollectorUse(PLAIN, TUNED, made, Settled(123_456, 0.01))).why == (
        "123 456 objects were frozen when all was collected; thresholds 10000, 1, 10 instead of 700, 10, 10"
    )
    assert "somebody else has frozen" in collector_effect(CollectorUse(PLAIN, TUNED, made)).why
    assert "thresholds" not in collector_effect(CollectorUse(PLAIN, PLAIN, made, Settled(1, 0.0))).why


def test_a_collector_that_is_off_is_told():
    """Where it was switched off before, there was nothing to tune."""
    effect = collector_effect(CollectorUse())
    assert (effect.effect, effect.applied_count) == (Effect.NO_EFFECT, 0)
    assert "switched off" in effect.why
