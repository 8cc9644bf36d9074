"""Reading what may leak at the end of each round."""

import gc
import mmap
import sys
import weakref
from array import array
from types import SimpleNamespace

import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.meters import rounds as rounds_module
from pytest_memopt.meters.protocol import Unit
from pytest_memopt.meters.rounds import SIGNALS, Care, LeakSignal, MeterSignal, RoundMeter


class Releasing:
    """A collector that notes what it was told."""

    def __init__(self):
        self.calls = []

    def settle_before(self):
        self.calls.append("freeze")

    def release(self):
        self.calls.append("thaw")

    def hold(self):
        self.calls.append("hold")
        return True


@pytest.fixture
def settled(monkeypatch):
    """Notes how the process was settled; the collector finds garbage each time, and lists three objects."""
    calls = []
    lists = SimpleNamespace(
        collect=lambda *young: calls.append("young" if young else "collect") or 1,
        get_objects=lambda: [1, 2, 3],
        get_freeze_count=lambda: 7,
    )
    monkeypatch.setattr(rounds_module, "gc", lists)
    monkeypatch.setattr(rounds_module, "clear_type_cache", lambda: calls.append("type cache"))
    monkeypatch.setattr(rounds_module, "clear_interpreter_caches", lambda: calls.append("all caches"))
    return calls


def row_of(meter, row=0, into=None):
    """What is read at the end of this round, by signal."""
    into = array("q", [0] * len(SIGNALS) * (row + 1)) if into is None else into
    meter.read(into, row)
    return dict(zip(SIGNALS, into[row * len(SIGNALS) : (row + 1) * len(SIGNALS)], strict=True))


def test_every_signal_is_read(process, settled, scripted):
    """Each meter's reading has its place; the caches of malloc are levelled before the blocks are counted."""
    meters = {name: scripted([value]) for name, value in (("rss", 7), ("fds", 8), ("threads", 9))}
    found = row_of(RoundMeter(process.instruments(**meters), Releasing()))
    exact = (process.blocks, process.small_bytes, process.heap_bytes)
    assert (
        tuple(found[signal] for signal in (LeakSignal.BLOCKS, LeakSignal.SMALL_BYTES, LeakSignal.HEAP_BYTES)) == exact
    )
    assert (found[LeakSignal.RSS_BYTES], found[LeakSignal.FDS], found[LeakSignal.THREADS]) == (7, 8, 9)
    assert process.reads["level"] == 1


def test_what_this_platform_lacks_is_zero(process, settled):
    """Without meters for them heap, resident memory, descriptors and threads read 0."""
    bare = process.instruments(heap=None, level=None)
    found = row_of(RoundMeter(bare, Releasing()))
    lacking = (LeakSignal.HEAP_BYTES, LeakSignal.RSS_BYTES, LeakSignal.FDS, LeakSignal.THREADS)
    assert [found[signal] for signal in lacking] == [0] * 4


def test_rows_do_not_disturb_each_other(process, settled):
    """A round writes its own row alone."""
    meter = RoundMeter(process.instruments(), Releasing())
    into = array("q", [-1] * len(SIGNALS) * 3)
    row_of(meter, 1, into)
    assert set(into[: len(SIGNALS)]) == set(into[2 * len(SIGNALS) :]) == {-1}


def test_threads_are_waited_for_in_later_rounds(process, settled, scripted):
    """A round that ended waits a moment for as many threads as there were at the start; the first has nothing to wait for."""
    waited = []
    instruments = process.instruments(threads=scripted([5]), threads_settled=lambda before: waited.append(before) or 6)
    meter = RoundMeter(instruments, Releasing())
    into = array("q", [0] * len(SIGNALS) * 2)
    assert row_of(meter, 0, into[: len(SIGNALS)])[LeakSignal.THREADS] == 5
    into[SIGNALS.index(LeakSignal.THREADS)] = 4
    assert (row_of(meter, 1, into)[LeakSignal.THREADS], waited) == (6, [4])


@pytest.mark.parametrize(
    ("care", "collector", "cleared"),
    [
        (Care.QUICK, ["freeze"], ["type cache"]),
        (Care.THOROUGH, ["thaw", "hold"], ["type cache", "young"]),
        (Care.CLEARED, ["thaw", "hold"], ["all caches", "young"]),
    ],
)
def test_care_decides_how_it_is_settled(process, settled, care, collector, cleared):
    """Quick rounds freeze what was alive, others when it is read; only cleared ones empty all caches; each collects twice."""
    releasing = Releasing()
    meter = RoundMeter(process.instruments(), releasing)
    meter.begin(care)
    row_of(meter)
    assert (releasing.calls, settled) == (collector, [*cleared, "collect", "collect"])


def thorough(process, garbage, monkeypatch):
    """A meter in thorough rounds that has read one, and its collector; from now on collections find so much."""
    collector = Releasing()
    meter = RoundMeter(process.instruments(), collector)
    meter.begin(Care.THOROUGH)
    row_of(meter)
    monkeypatch.setattr(rounds_module.gc, "collect", lambda *young: garbage)
    collector.calls.clear()
    return meter, collector


def test_what_is_left_out_of_collections_is_looked_at_again(process, settled, monkeypatch):
    """Rows stand where all that is alive has no garbage, and it is left out again; else nothing is from then on."""
    meter, collector = thorough(process, 0, monkeypatch)
    assert (meter.stands(), collector.calls) == (True, ["thaw", "hold"])
    meter, collector = thorough(process, 3, monkeypatch)
    assert (meter.stands(), meter.stands(), collector.calls) == (False, True, ["thaw"])
    row_of(meter)
    assert collector.calls == ["thaw"]


def test_a_hunt_leaves_nothing_out_in_the_end(process, settled, monkeypatch):
    """What was held is thawed once; quick rounds hold nothing, and always stand."""
    meter, collector = thorough(process, 0, monkeypatch)
    meter.end()
    meter.end()
    assert collector.calls == ["thaw"]
    meter.begin(Care.QUICK)
    assert meter.stands()
    assert collector.calls == ["thaw", "freeze"]


def test_frozen_objects_are_counted_in_thorough_rounds(process, settled):
    """Whether something is left out of collections makes no difference to the number of objects."""
    meter = RoundMeter(process.instruments(), Releasing())
    assert row_of(meter)[LeakSignal.OBJECTS] == 3
    meter.begin(Care.THOROUGH)
    assert row_of(meter)[LeakSignal.OBJECTS] == 10


def test_nothing_is_held_where_memory_maps_are(process, settled, monkeypatch):
    """Maps are found among what the collector lists, and so must not be left out."""
    collector = Releasing()
    meter = RoundMeter(process.instruments(), collector)
    meter.begin(Care.THOROUGH)
    with mmap.mmap(-1, 4096) as mapped:
        monkeypatch.setattr(rounds_module.gc, "get_objects", lambda: [mapped])
        row_of(meter)
    assert collector.calls == ["thaw"]


@pytest.mark.parametrize(
    ("is_exact", "heap", "exact"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_it_is_exact_where_bytes_are_counted(process, is_exact, heap, exact):
    """Both small blocks and the C heap must be counted in bytes."""
    process.is_exact = is_exact
    instruments = process.instruments() if heap else process.instruments(heap=None)
    assert RoundMeter(instruments, Releasing()).is_exact is exact


def test_memory_maps_are_those_the_collector_lists(process, settled, monkeypatch):
    """The bytes of maps are counted where the module is loaded."""
    with mmap.mmap(-1, 4096) as mapped:
        monkeypatch.setattr(rounds_module.gc, "get_objects", lambda: [mapped])
        assert row_of(RoundMeter(process.instruments(), Releasing()))[LeakSignal.MAPPED_BYTES] == 4096
    modules = {name: module for name, module in sys.modules.items() if name != "mmap"}
    monkeypatch.setattr(rounds_module, "sys", SimpleNamespace(modules=modules))
    monkeypatch.setattr(rounds_module, "mapped_bytes", lambda objects: 1 / 0)
    assert row_of(RoundMeter(process.instruments(), Releasing()))[LeakSignal.MAPPED_BYTES] == 0


def test_callbacks_are_counted(process, settled):
    """A finalizer that waits for its object is one more callback."""
    meter, kept = RoundMeter(process.instruments(), Releasing()), Releasing()
    weakref.finalize(kept, gc.isenabled).detach()  # the first one of a process has a callback for its end registered
    before = row_of(meter)[LeakSignal.CALLBACKS]
    waiting = weakref.finalize(kept, gc.isenabled)
    assert row_of(meter)[LeakSignal.CALLBACKS] == before + 1
    waiting.detach()


@pytest.mark.parametrize("signal", list(LeakSignal))
def test_signals_say_what_they_count(signal):
    """Bytes are told from counts by the name."""
    counts = {"blocks", "objects", "fds", "threads", "callbacks", "processes", "tasks"}
    assert signal.is_bytes is (signal.value not in counts)


class Children:
    """Counts children as it is told, and notes how many were waited for."""

    def __init__(self):
        self.waited_for = []

    def read(self):
        return 3

    def settled(self, expected):
        self.waited_for.append(expected)
        return 4


def test_children_and_tasks_are_read_in_a_hunt_alone(process, settled):
    """Before the first hunt has begun neither is read; later rounds wait for as many children as there were at the start."""
    meter = RoundMeter(process.instruments(), Releasing())
    assert (row_of(meter)[LeakSignal.PROCESSES], row_of(meter)[LeakSignal.TASKS]) == (0, 0)
    meter._children = children = Children()
    meter._count_tasks = len
    meter.begin(Care.QUICK)
    into = array("q", [0] * len(SIGNALS) * 2)
    assert row_of(meter, 0, into[: len(SIGNALS)])[LeakSignal.PROCESSES] == 3
    into[SIGNALS.index(LeakSignal.PROCESSES)] = 3
    found = row_of(meter, 1, into)
    assert (found[LeakSignal.PROCESSES], found[LeakSignal.TASKS], children.waited_for) == (4, 3, [3])


def test_a_hunt_counts_the_children_of_this_process(process, settled):
    """The first hunt brings what counts them."""
    meter = RoundMeter(process.instruments(), Releasing())
    meter.begin(Care.QUICK)
    meter.end()
    assert row_of(meter)[LeakSignal.PROCESSES] >= 0


def test_exact_counts_of_plugins_are_signals(process, settled, scripted):
    """Behind those of every process, each under its name; bytes on request, estimates and totals not at all."""

    def added(name, reads, unit=Unit.COUNT, **others):
        meter = scripted([reads])
        meter.name, meter.unit = name, unit
        vars(meter).update(others)
        return meter

    estimate = added("estimated", 1)
    status = estimate.status()
    estimate.status = lambda: status._replace(exact=False)
    meters = (
        added("connections", 3),
        added("gpu", 4, Unit.BYTES, hunted=True),
        added("pool_bytes", 5, Unit.BYTES, hunted=True),
        added("fds", 6),
        added("queries", 1, hunted=False),
        added("resident", 1, Unit.BYTES),
        estimate,
    )
    meter = RoundMeter(process.instruments(extra=meters), Releasing())
    extra = (
        MeterSignal("connections"),
        MeterSignal("gpu_bytes", is_bytes=True),
        MeterSignal("pool_bytes", is_bytes=True),
        MeterSignal("fds (meter)"),
    )
    assert meter.signals == (*SIGNALS, *extra)
    into = array("q", [0] * len(meter.signals) * 2)
    meter.read(into, 1)
    assert list(into[-4:]) == [3, 4, 5, 6]
    assert set(into[: len(meter.signals)]) == {0}
    assert settled[-1] == "collect"


@pytest.mark.parametrize("reading", [None, 1.5, 2**63, "one"])
def test_a_reading_that_is_none_is_told(process, settled, scripted, reading):
    """A plugin's meter that breaks off, or gives no whole number that can be noted, ends the hunt with its name."""
    meter = RoundMeter(process.instruments(extra=(scripted([reading]),)), Releasing())
    with pytest.raises(MeterError, match="the meter 'scripted' can't be read"):
        meter.read(array("q", [0] * len(meter.signals)), 0)


def test_a_second_collection_is_for_what_finalizers_let_go_of(process, settled, monkeypatch):
    """Where the first finds no garbage nothing was finalized, and a second would find none either."""
    lists = SimpleNamespace(collect=lambda: settled.append("collect") or 0, get_objects=list)
    monkeypatch.setattr(rounds_module, "gc", lists)
    row_of(RoundMeter(process.instruments(), Releasing()))
    assert settled.count("collect") == 1


def test_where_a_row_lies_is_no_block_of_the_workload(process, settled):
    """A late row, whose place in the table is a number that the interpreter makes anew, reads as many blocks as an early one."""
    counting = SimpleNamespace(is_exact=True, read=lambda: (sys.getallocatedblocks(), 0))
    meter = RoundMeter(process.instruments(small=counting), Releasing())
    into = array("q", [0] * len(SIGNALS) * 41)
    for row in (1, 40, 2, 39):
        meter.read(into, row)
    assert into[39 * len(SIGNALS)] == into[2 * len(SIGNALS)]


def test_what_a_round_printed_is_written_first(process, settled, hold_back):
    """Until then it would be kept, and a test that prints would leak."""
    written = hold_back()
    sys.stdout.write("a line")
    row_of(RoundMeter(process.instruments(), Releasing()))
    assert written.getvalue() == b"a line"
