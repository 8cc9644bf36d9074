"""What pytest's own book-keeping weighs."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.runner_prices import _AGREEING, LEARNING_WINDOWS, RunnerPrices
from pytest_memopt.meters.weight import Weight

SHAPES = st.tuples(st.integers(0, 3), st.text(max_size=2))
WEIGHTS = st.builds(Weight, blocks=st.integers(), small_bytes=st.integers(), heap_bytes=st.just(0))


@given(known=st.dictionaries(SHAPES, WEIGHTS, max_size=20), shape=SHAPES)
def test_a_price_is_the_one_that_was_learned_last(known, shape):
    """Each shape has the weight last learned for it; others have that of the last ones at all."""
    prices = RunnerPrices()
    for one, weight in known.items():
        prices.learn(one, Weight(blocks=1))
        prices.learn(one, weight)
    last = list(known.values())[-1] if known else Weight()
    assert prices.knows(shape) == (shape in known)
    assert prices.price(shape) == known.get(shape, last)


def test_what_is_learned_is_bounded():
    """Reports of ever new shapes don't make the table grow for ever, and the known ones are still kept true."""
    prices = RunnerPrices()
    for blocks in range(5000):
        prices.learn(blocks, Weight(blocks=blocks))
    assert (prices.knows(0), prices.knows(4999)) == (True, False)
    prices.learn(0, Weight(blocks=7))
    assert prices.price(0) == Weight(blocks=7)


@given(readings=st.lists(st.integers(-5000, 5000), min_size=1, max_size=6))
def test_of_several_readings_of_the_heap_the_smallest_counts(readings):
    """What others did to the C heap meanwhile only adds to a reading, so the one that is nearest to nothing is kept."""
    prices = RunnerPrices()
    for number, heap_bytes in enumerate(readings):
        prices.learn("shape", Weight(blocks=number, heap_bytes=heap_bytes))
    price = prices.price("shape")
    assert price.blocks == len(readings) - 1
    assert abs(price.heap_bytes) == min(map(abs, readings))


def test_what_agrees_is_settled():
    """When the last readings of a shape are the same, more are no use; one that differs begins the count anew."""
    prices, usual, odd = RunnerPrices(), Weight(blocks=5), Weight(blocks=6)
    assert not prices.is_settled("shape")
    for weight in (usual, usual, odd, *[usual] * _AGREEING):
        prices.learn("shape", weight)
        assert not prices.is_settled("shape")
    prices.learn("shape", usual)
    assert (prices.is_settled("shape"), prices.is_settled("other")) == (True, False)


@given(blocks=st.lists(st.integers(0, 3), min_size=LEARNING_WINDOWS, max_size=LEARNING_WINDOWS))
def test_what_never_agrees_is_settled_in_the_end(blocks):
    """Reports that weigh something else each time aren't looked at closely for ever."""
    prices = RunnerPrices()
    for count in blocks:
        prices.learn("shape", Weight(blocks=count))
    assert prices.is_settled("shape")
