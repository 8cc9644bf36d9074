"""What a profile tells of itself, and how it is taken."""

import gc
import sys

import psutil
import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.meters import resident_sources
from pytest_memopt.meters.measurement import TypeUse
from pytest_memopt.optimize import profile_meters
from pytest_memopt.optimize.profile_meters import ProfileMeters, process_meters, resident_reader, unshared_bytes
from pytest_memopt.optimize.take import collector_state, count_types, take_profile
from tests.unit.profiles import CALM, MB, PROFILE, UNREAD

METERS = ProfileMeters(lambda: CALM, lambda: (70 * MB, None), lambda: None, lambda: 3, lambda: 9)


class Source:
    """Resident memory as it is told, or an error."""

    def __init__(self, now=0, high=None, error=None):
        self._answer, self._error = (now, high), error

    def look(self):
        if self._error is not None:
            raise self._error
        return self._answer


def a_class():
    """Another class of the same name each time."""

    class Session:
        __slots__ = ()

    return Session


def test_the_size_of_a_process_is_exact_where_it_can_be():
    """Memory in use is the allocators' count, else resident memory, else unknown."""
    assert PROFILE.size_bytes == PROFILE.in_use_bytes == 50 * MB
    assert PROFILE._replace(allocators=UNREAD).size_bytes == 70 * MB
    assert PROFILE._replace(allocators=UNREAD, rss_bytes=None).size_bytes is None


def test_holes_are_told_as_a_share():
    """Of 60 MB that are held, 50 in use, a sixth is free."""
    assert PROFILE.fragmentation_ratio == pytest.approx(1 / 6)


def test_a_type_that_is_not_told_has_no_count():
    """A type that isn't among the most frequent has an unknown count, not 0."""
    assert (PROFILE.count_of("app.Session"), PROFILE.count_of("app.Unknown")) == (400, None)


def test_types_of_one_name_are_counted_together():
    """Classes that a function makes anew each time are one type, whose objects and sizes are summed up."""
    objects = [a_class()(), a_class()(), a_class()(), [], []]
    name = f"{__name__}.a_class.<locals>.Session"
    assert count_types(objects) == (
        TypeUse(name, 3, sum(map(sys.getsizeof, objects[:3]))),
        TypeUse("list", 2, 2 * (count_types([[]])[0].bytes)),
    )


def test_a_profile_holds_what_the_meters_read():
    """Each figure is where it belongs, and what a meter can't read stays unknown."""
    profile = take_profile(top=1, pools=lambda: {"db": {"idle_count": 2}}, meters=METERS)
    assert (profile.allocators, profile.rss_bytes, profile.peak_rss_bytes) == (CALM, 70 * MB, None)
    assert (profile.uss_bytes, profile.threads_count, profile.fds_count) == (None, 3, 9)
    assert (len(profile.types), profile.pools) == (1, {"db": {"idle_count": 2}})


def test_objects_of_a_type_are_counted_exactly():
    """16 080 objects of a type are 16 080, however many others there are."""
    cls = type("Counted", (), {})
    kept = [cls() for _ in range(16_080)]
    profile = take_profile(meters=METERS)
    assert profile.count_of(f"{__name__}.Counted") == len(kept)


@pytest.mark.usefixtures("frozen")
def test_frozen_objects_are_counted_though_not_told():
    """After a freeze all objects are still in the count, and the profile says how many are frozen."""
    profile = take_profile(meters=METERS)
    assert profile.collector.frozen_count > 1000
    assert profile.objects_count > profile.collector.frozen_count
    assert sum(use.count for use in profile.types) < 1000


def test_the_collector_is_told_as_it_is():
    """Thresholds, collections and whether it runs are the interpreter's own; the oldest generation comes last."""
    before = collector_state()
    gc.collect()
    after = collector_state()
    assert (after.is_enabled, after.thresholds) == (gc.isenabled(), gc.get_threshold())
    assert after.full_collections == before.full_collections + 1


@pytest.mark.parametrize(
    ("source", "read"),
    [
        (None, (None, None)),
        (Source(70, 90), (70, 90)),
        (Source(70, None), (70, None)),
        (Source(70, 60), (70, 70)),
        (Source(error=MeterError("gone")), (None, None)),
        (Source(error=OSError("gone")), (None, None)),
    ],
)
def test_resident_memory_that_cannot_be_read_is_unknown(source, read):
    """Without a source, or with one that fails, both figures are unknown; a peak is never below what is there now."""
    assert resident_reader(source)() == read


def test_unshared_memory_that_is_denied_is_unknown():
    """Where the system doesn't tell what is unshared, it isn't made up."""

    class Denied:
        def memory_full_info(self):
            raise psutil.AccessDenied

    class Short:
        def memory_full_info(self):
            return object()

    assert unshared_bytes(Denied()) is None
    assert unshared_bytes(Short()) is None


@pytest.mark.parametrize("error", [OSError, psutil.NoSuchProcess(1), MeterError("gone")])
def test_a_count_that_fails_is_unknown(monkeypatch, error):
    """A count of threads or descriptors that fails, as without /proc, is unknown."""

    def fail():
        raise error

    assert profile_meters.or_none(fail)() is None


def test_a_platform_without_resident_memory_is_lived_with(monkeypatch):
    """Where resident memory has no source, the rest is read."""

    def fail():
        raise OSError

    monkeypatch.setattr(resident_sources, "source_of_platform", fail)
    assert process_meters.__wrapped__().resident() == (None, None)


def test_the_meters_of_the_process_are_made_once():
    """They are chosen once, and what they read is there or unknown."""
    meters = process_meters()
    assert process_meters() is meters
    profile = take_profile(top=None)
    assert profile.objects_count > 10_000
    assert profile.threads_count is None or profile.threads_count >= 1
    assert profile.rss_bytes is None or profile.rss_bytes > MB
