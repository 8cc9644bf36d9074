"""What is recommended, on what evidence, and in which order."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.allocators import AllocatorUse
from pytest_memopt.meters.measurement import TypeUse
from pytest_memopt.optimize.issues import find_issues
from pytest_memopt.optimize.recommendations import Action, recommend, risen_types
from pytest_memopt.optimize.recorder import FirstLook
from tests.unit.profiles import COLLECTOR, MB, PROFILE, UNREAD, course

STILL = course(50 * MB, 50 * MB)
HOLES = AllocatorUse(20 * MB, 30 * MB, 60, 60 * MB, 140 * MB)
FIRST = FirstLook(0.0, 0, {"dict": 890})


def advise(profile, trend, first=None):
    """What is recommended for the issues that are found."""
    return recommend(profile, trend, find_issues(profile, trend, first=first), first=first)


def test_a_calm_process_is_left_alone():
    """Without an issue or a trend nothing is recommended."""
    assert advise(PROFILE, STILL) == ()


def test_growth_is_told_with_what_there_is_more_of():
    """A growth is advised against by its size, with the types that rose since the first look."""
    (one,) = advise(PROFILE, course(50 * MB, 215.4 * MB, every_s=12), FIRST)
    assert (one.action, one.saves_bytes) == (Action.STOP_GROWTH, 165_400_000)
    assert one.evidence == "memory grew by 165.4 MB in 12.0 s; +400 app.Session, +10 dict"


def test_growth_without_a_first_look_is_told_alone():
    """Where there is nothing to compare types with, the growth is all that is told."""
    (one,) = advise(PROFILE, course(0, 200 * MB, every_s=0))
    assert one.evidence == "memory grew by 200.0 MB in 0.0 s"


def test_growth_of_what_is_not_tracked_is_told_as_such():
    """Where no type rose by more than a look leaves itself, it is told what that means."""
    (one,) = advise(PROFILE, course(50 * MB, 215.4 * MB), FirstLook(0.0, 0, {"dict": 891, "app.Session": 400}))
    assert one.evidence.endswith(
        "; no type that the garbage collector tracks rose: it is strings, buffers, arrays or native memory"
    )


def test_an_increasing_trend_is_advised_against_below_the_threshold():
    """Memory that goes on growing is worth a look before it has grown by 100 MB."""
    (one,) = advise(PROFILE, course(*range(0, 20 * MB, MB)))
    assert (one.action, one.saves_bytes) == (Action.STOP_GROWTH, 19 * MB)
    assert one.evidence == "memory grew by 19.0 MB in 19.0 s; increasing, 60.0 MB a minute"


def test_a_growth_of_one_step_is_not_called_a_trend():
    """Where the samples don't tell whether a growth goes on, that is said, instead of a rate."""
    (one,) = advise(PROFILE, course(*[100 * MB] * 20, *[300 * MB] * 20))
    assert one.evidence == "memory grew by 200.0 MB in 39.0 s; whether it goes on these samples can't tell"


def test_holes_can_be_given_back():
    """Fragmentation is advised against by the bytes that are free, with where they are held."""
    (one,) = advise(PROFILE._replace(allocators=HOLES), STILL)
    assert (one.action, one.saves_bytes) == (Action.COMPACT, 150 * MB)
    assert one.evidence == (
        "150.0 MB of 200.0 MB held are free; arenas of small blocks take 60.0 MB, the C heap 140.0 MB"
    )


def test_many_objects_are_named():
    """Where there are many objects, the most frequent type is named with what its objects take."""
    (one,) = advise(PROFILE._replace(objects_count=200_000), STILL)
    assert (one.action, one.saves_bytes) == (Action.SHRINK_TYPE, 90_000)
    assert one.evidence == "900 dict take 0.1 MB by their own sizes"


def test_one_type_is_named_once():
    """The type that is both the heaviest and the most frequent is told once; two types are told apart."""
    full = PROFILE._replace(objects_count=200_000, allocators=UNREAD, rss_bytes=2000 * MB)
    assert [one.saves_bytes for one in advise(full, STILL)] == [90_000]
    heavy = full._replace(types=(*full.types, TypeUse("numpy.ndarray", 3, 900 * MB)))
    assert [one.saves_bytes for one in advise(heavy, STILL)] == [900 * MB, 90_000]
    assert advise(full._replace(types=()), STILL) == ()


def test_collections_save_nothing_that_was_measured():
    """Advice whose saving isn't known comes last, without a figure."""
    profile = PROFILE._replace(objects_count=200_000, collector=COLLECTOR._replace(collections=(9, 9, 204)))
    advice = advise(profile, STILL)
    assert [(one.action, one.saves_bytes) for one in advice] == [
        (Action.SHRINK_TYPE, 90_000),
        (Action.COLLECT_LESS, None),
    ]


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**6)), st.lists(st.integers(1, 10**6), max_size=6))
def test_rises_are_true_and_sorted(before, counts):
    """Each type that is named rose by what is said, the largest rise first, and none by less than a hundredth of it or 10."""
    uses = tuple(TypeUse(name, count, 0) for name, count in zip("abcdef", counts, strict=False))
    rises = risen_types(FirstLook(0.0, 0, before), PROFILE._replace(types=uses))
    now = {use.type: use.count for use in uses}
    assert all(rise == now[name] - before.get(name, 0) > 0 for name, rise in rises)
    sizes = [rise for _, rise in rises]
    assert sizes == sorted(sizes, reverse=True)
    assert not sizes or sizes[-1] >= max(10, sizes[0] / 100)


def test_what_watching_itself_keeps_is_not_a_rise():
    """The points of our own monitor are nobody's growth; what is in the program's pools is."""
    uses = TypeUse("pytest_memopt.bounded_series.Point", 400, 0), TypeUse("pytest_memopt.pool.lease.Lease", 300, 0)
    rises = risen_types(FirstLook(0.0, 0, {}), PROFILE._replace(types=uses))
    assert rises == (("pytest_memopt.pool.lease.Lease", 300),)
