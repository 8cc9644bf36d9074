"""What came of a strategy over a whole suite, from several processes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.suite_effect import StrategyEffect, merged

COUNTS = st.integers(0, 10**6)
SECONDS = st.floats(0, 1000)
EFFECTS = st.builds(
    StrategyEffect,
    st.sampled_from(["gc", "compact"]),
    st.sampled_from(Effect),
    st.text(),
    applied_count=COUNTS,
    collections_count=COUNTS,
    collections_s=SECONDS,
    spared_s=SECONDS,
    took_s=SECONDS,
    spared_count=COUNTS,
    freed_rss_bytes=COUNTS,
    cleared_count=COUNTS,
)


@given(EFFECTS)
def test_an_effect_survives_the_wire(effect):
    """What a worker sends as JSON is what it had."""
    assert StrategyEffect.from_wire(json.loads(json.dumps(effect.to_wire()))) == effect


@given(st.lists(EFFECTS))
def test_processes_are_summed_up(effects):
    """Each strategy is told once, with the figures of all processes; it helped where it helped in one of them."""
    told = {one.strategy: one for one in merged(effects)}
    assert set(told) == {one.strategy for one in effects}
    for name, one in told.items():
        of_it = [effect for effect in effects if effect.strategy == name]
        assert one.freed_rss_bytes == sum(effect.freed_rss_bytes for effect in of_it)
        assert one.spared_count == sum(effect.spared_count for effect in of_it)
        assert (one.effect is Effect.HELPED) is any(effect.effect is Effect.HELPED for effect in of_it)


def test_the_reason_is_that_of_the_process_in_which_it_helped():
    """Where it helped in one worker, that one says how; a failure shows only where all failed."""
    idle = StrategyEffect("gc", Effect.NO_EFFECT, "little to spare")
    helped = StrategyEffect("gc", Effect.HELPED, "frozen")
    failed = StrategyEffect("gc", Effect.FAILED, "broken")
    assert merged([idle, failed, helped])[0].why == "frozen"
    assert merged([failed, idle])[0].effect is Effect.NO_EFFECT
