"""How a hunt stands, from its table of readings."""

from pytest_memopt.leaks.standing import standing_of
from pytest_memopt.meters.rounds import SIGNALS, LeakSignal


def row_of(**values):
    """One row of readings; what isn't named is 10."""
    return [values.get(signal.value, 10) for signal in SIGNALS]


def standing(*rows):
    """The standing after these rows."""
    levels = [value for row in rows for value in row]
    return standing_of(levels, len(rows) - 1, rounds=len(rows), elapsed_s=3.0, budget_s=20.0)


def test_growth_is_told_per_round():
    """What grew over all rounds and in the newest is told as the mean; what came to rest, or fell, is not."""
    one = standing(
        row_of(blocks=0, fds=3, threads=4),
        row_of(blocks=1, fds=4, threads=3),
        row_of(blocks=4, fds=4, threads=4),
    )
    assert (dict(one.per_round), one.is_flat, one.judged, one.left_s) == ({"blocks": 2.0}, False, 2, 17.0)


def test_flat_is_what_did_not_move():
    """A round that added nothing is flat, whatever resident memory and the count of objects did."""
    assert standing(row_of(), row_of(rss_bytes=4096, objects=12)).is_flat
    assert not standing(row_of(), row_of(heap_bytes=9)).is_flat


def test_before_the_first_comparison_nothing_is_known():
    """A hunt that warms up is neither flat nor growing, and time that is over is no debt."""
    one = standing_of(row_of(), 0, rounds=1, elapsed_s=21.0, budget_s=20.0)
    assert (one.is_flat, dict(one.per_round), one.left_s, set(one.newest)) == (False, {}, 0.0, {0})
    assert len(one.added) == len(LeakSignal)
