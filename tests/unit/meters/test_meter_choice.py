"""The meters of this process."""

import pytest

from pytest_memopt.meters import choice as choice_module
from pytest_memopt.meters.choice import choose_meters
from pytest_memopt.meters.status import MeterStatus


class Lacking:
    """A meter that this platform doesn't have."""

    available = False
    needs_level = False

    def __init__(self, **options):
        self.options = options

    def status(self):
        return MeterStatus(name="lacking", available=False, how="not here")


@pytest.fixture
def chosen():
    """Chooses meters, and gives back what they borrowed."""
    closing = []

    def choose(*args):
        choice = choose_meters(*args)
        closing.append(choice.resident)
        return choice

    yield choose
    for resident in closing:
        resident.close()


def test_every_meter_has_a_status(chosen, scripted, tracer):
    """Ours come first, then those of plugins, then the tracer that was chosen."""
    names = [status.name for status in chosen((scripted([1]),), tracer).statuses]
    assert names[-2:] == ["scripted", "traced peak"]
    assert len(set(names)) == len(names) == 7


def test_without_a_tracer_none_is_told(chosen):
    """A choice without plugins and tracer has the statuses of our own meters alone."""
    choice = chosen()
    assert (len(choice.statuses), choice.instruments.tracer, choice.instruments.extra) == (5, None, ())


def test_what_is_chosen_is_handed_on(chosen, scripted, tracer):
    """Plugins' meters and the tracer are read by whoever gets the instruments."""
    extra = scripted([1])
    instruments = chosen((extra,), tracer).instruments
    assert (instruments.extra, instruments.tracer) == ((extra,), tracer)
    assert instruments.threads_settled is not None


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [("CHeap", ("heap", "trim", "level")), ("ResidentMemory", ("rss",)), ("OpenDescriptors", ("fds",))],
)
def test_what_this_platform_lacks_is_left_out(monkeypatch, kind, lacking):
    """A meter that can't be used is told as missing, and is not read."""
    monkeypatch.setattr(choice_module, kind, Lacking)
    choice = choose_meters()
    assert [getattr(choice.instruments, name) for name in lacking] == [None] * len(lacking)
    assert "lacking" in {status.name for status in choice.statuses if not status.available}
    if kind != "ResidentMemory":
        choice.resident.close()


@pytest.mark.parametrize("needed", [True, False])
def test_caches_of_malloc_are_levelled_where_that_is_needed(monkeypatch, needed):
    """The heap says whether its readings can be compared without."""

    class Heap(Lacking):
        available = True
        needs_level = needed
        read = trim = level = staticmethod(int)

    monkeypatch.setattr(choice_module, "CHeap", Heap)
    choice = choose_meters()
    choice.resident.close()
    assert (choice.instruments.level is not None, choice.instruments.heap is not None) == (needed, True)
