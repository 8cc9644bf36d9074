"""The simulation of trends: what it counts, and when a target is missed."""

from benchmarks.growth_series import KINDS, Tally, Truth, is_missed, rate_errors, report, share, simulate
from pytest_memopt.optimize.growth import TrendVerdict

FEW = tuple(kind for kind in KINDS if kind.name in {"still", "normal noise", "rise in normal noise", "random walk"})


def tallies_of(flat, rising):
    """Tallies in which so many of a hundred flat, and of a hundred rising series were called increasing."""
    kinds = {Truth.FLAT: KINDS[0], Truth.RISING: KINDS[6]}
    found = {}
    for truth, increasing in ((Truth.FLAT, flat), (Truth.RISING, rising)):
        tally = Tally()
        tally.words.update({TrendVerdict.INCREASING: increasing, TrendVerdict.FLAT: 100 - increasing})
        found[kinds[truth]] = tally
    return found


def test_a_few_series_meet_the_targets():
    """Of 30 series of each truth none that is flat is called increasing, and all that rise are; the same seed gives the same."""
    tallies, errors = simulate(30, kinds=FEW), rate_errors(2)
    assert (share(tallies, Truth.FLAT), share(tallies, Truth.RISING)) == (0, 1)
    assert not is_missed(tallies, errors)
    assert report(tallies, errors) == report(simulate(30, kinds=FEW), rate_errors(2))


def test_a_missed_target_is_told():
    """Too many false alarms, too few detections or a rate too far off are each a miss."""
    assert not is_missed(tallies_of(1, 99), [0.05])
    assert is_missed(tallies_of(2, 99), [0.05])
    assert is_missed(tallies_of(1, 98), [0.05])
    assert is_missed(tallies_of(1, 99), [0.06])
