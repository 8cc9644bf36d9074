"""The measuring window, on a process whose memory is a few numbers."""

import gc
import mmap
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.meters import originals
from pytest_memopt.meters import window as window_module
from pytest_memopt.meters.account import Account
from pytest_memopt.meters.measurement import Phase, Site, TypeUse
from pytest_memopt.meters.plan import Detail, Plan
from pytest_memopt.meters.runner_prices import LEARNING_WINDOWS
from pytest_memopt.meters.weight import Weight

REPORT = {"blocks": 30, "small_bytes": 2400, "heap_bytes": 0, "objects": 4}
EXACT = Plan(detail=Detail.EXACT)
FULL = Plan()
MANY, MUCH_BYTES = window_module._LISTED_FROM_OBJECTS, window_module._LISTED_FROM_BYTES


@pytest.fixture
def make(make_window):
    """Makes windows on the process."""
    return make_window


@pytest.fixture
def window(make):
    """A window on the process."""
    return make()


def nothing():
    """What a phase does that does nothing."""


def run(window, process, plan=FULL, *, setup=nothing, call=nothing, teardown=nothing, report=REPORT):
    """Measure one test as the plugin does: after each phase pytest makes a report that stays."""
    window.open(plan)
    for account, phase in ((Account.SETUP, setup), (Account.CALL, call), (Account.TEARDOWN, teardown)):
        window.switch(account)
        phase()
        window.switch(Account.RUNNER)
        process.allocate(**report)
    window.switch(Account.TEARDOWN)
    window.close()
    return window.measurement(shape=tuple(report.items()))


def learn(window, process, **others):
    """Have the window see as many tests as it looks at closely by itself."""
    for _ in range(LEARNING_WINDOWS):
        run(window, process, **others)


@pytest.mark.parametrize("plan", [EXACT, FULL])
def test_a_test_that_keeps_nothing_reads_nothing(window, process, plan):
    """What pytest keeps of a test isn't the test's, however closely the window looks."""
    learn(window, process)
    measured = run(window, process, plan)
    assert (measured.growth_bytes, measured.blocks, measured.objects) == (0, 0, 0)


@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
@pytest.mark.parametrize("plan", [EXACT, FULL])
def test_what_any_phase_keeps_is_the_test_s(window, process, plan, phase):
    """Blocks, bytes and objects that any of the three phases leaves behind are counted, small and large."""
    learn(window, process)
    keep = {phase: lambda: process.allocate(blocks=5, small_bytes=320, heap_bytes=7000, objects=2)}
    measured = run(window, process, plan, **keep)
    assert (measured.blocks, measured.objects, measured.heap_bytes) == (5, 2, 7000)
    assert measured.growth_bytes == measured.small_bytes + 7000
    assert measured.small_bytes == 320


def test_what_a_phase_gives_back_is_not_kept(window, process):
    """Set-up and teardown that even out leave nothing."""
    learn(window, process)
    taken = {"blocks": 5, "small_bytes": 300, "heap_bytes": 7000, "objects": 2}
    measured = run(
        window,
        process,
        setup=lambda: process.allocate(**taken),
        teardown=lambda: process.allocate(**{name: -amount for name, amount in taken.items()}),
    )
    assert (measured.growth_bytes, measured.blocks, measured.objects) == (0, 0, 0)


def test_an_exact_window_tells_each_phase(window, process):
    """Where bytes are read at every switch, each phase has its own growth; else there is none to tell."""
    keep = {
        "setup": lambda: process.allocate(blocks=1, small_bytes=100),
        "call": lambda: process.allocate(heap_bytes=4000),
        "teardown": lambda: process.allocate(blocks=-1, small_bytes=-100),
    }
    learn(window, process)
    measured = run(window, process, EXACT, **keep)
    assert [measured.phases[phase].growth_bytes for phase in Phase] == [100, 4000, -100]
    assert {use.growth_bytes for use in run(window, process, **keep).phases.values()} == {None}


@pytest.mark.parametrize("plan", [EXACT, FULL])
def test_shared_ground_pays_for_itself(window, process, plan):
    """What wider fixtures keep, built in the midst of a set-up, is theirs."""
    for number in range(LEARNING_WINDOWS + 1):
        window.open(plan if number == LEARNING_WINDOWS else FULL)
        process.allocate(blocks=1, small_bytes=64, objects=1)
        window.switch(Account.SHARED)
        process.allocate(blocks=100, small_bytes=6400, heap_bytes=9000, objects=50)
        window.switch(Account.SETUP)
        process.allocate(blocks=1, small_bytes=64, objects=1)
        charged = window.growth_of(Account.SHARED)
        window.close()
        measured = window.measurement(shape="without reports")
    assert charged == 15_400
    assert (measured.growth_bytes, measured.blocks, measured.objects, measured.heap_bytes) == (128, 2, 2, 0)


@pytest.mark.parametrize(
    ("heap_bytes", "shared", "of_test"), [(-5000, 0, 1000), (3000, 3000, 6000)], ids=["freed", "taken"]
)
def test_what_shared_ground_frees_goes_to_whoever_took_it(window, process, heap_bytes, shared, of_test):
    """A shrinkage is given back signal by signal, growth stays where it is."""
    window.open(EXACT)
    process.allocate(heap_bytes=6000)
    window.switch(Account.SHARED)
    window.note_shared()
    process.allocate(heap_bytes=heap_bytes)
    window.switch(Account.CALL)
    window.return_shrinkage(Account.SETUP)
    assert window.growth_of(Account.SHARED) == shared
    window.close()
    assert window.measurement().growth_bytes == of_test


def test_a_known_report_costs_two_readings(window, process):
    """Once the weight of a test's reports is known, each meter is read at both ends, and not in between."""
    learn(window, process)
    process.reads.clear()
    measured = run(window, process, call=lambda: process.allocate(blocks=2, small_bytes=64))
    assert (process.reads["heap"], process.reads["small"]) == (2, 2)
    assert (measured.growth_bytes, measured.exact, window.reads_phases) == (64, True, False)


def test_the_last_price_is_a_guess_once(window, process):
    """Reports of a shape that was never counted make the figure an estimate, and the next windows look closely."""
    learn(window, process)
    strange = {"blocks": 50, "small_bytes": 5000}
    keep = {"call": lambda: process.allocate(blocks=1, small_bytes=64)}
    assert not run(window, process, report=strange, **keep).exact
    assert run(window, process, report=strange, **keep).phases[Phase.CALL].growth_bytes == 64
    learn(window, process, report=strange)
    later = run(window, process, report=strange, **keep)
    assert (later.exact, later.growth_bytes, later.phases[Phase.CALL].growth_bytes) == (True, 64, None)


def test_looking_closely_again_has_an_end(window, process):
    """A suite whose every test has reports of its own shape isn't looked at closely for ever."""
    learn(window, process)
    for number in range(2 * window_module._LEARNING_MOST):
        run(window, process, report={"blocks": number, "small_bytes": number})
    process.reads.clear()
    run(window, process, report={"blocks": 9999, "small_bytes": 9999})
    run(window, process, report={"blocks": 9998, "small_bytes": 9998})
    assert process.reads["small"] == 4


@pytest.mark.parametrize("plan", [EXACT, FULL])
@pytest.mark.parametrize("heap_bytes", [32, 300, 512, 3000, -32])
def test_every_byte_of_heap_is_the_test_s(window, process, plan, heap_bytes):
    """The C heap is exact: a few bytes of it count, with nothing else moved, however closely the window looks."""
    learn(window, process)
    measured = run(window, process, plan, call=lambda: process.allocate(heap_bytes=heap_bytes))
    assert (measured.growth_bytes, measured.heap_bytes, measured.blocks) == (heap_bytes, heap_bytes, 0)


@pytest.mark.parametrize("heap_bytes", [100, 1000, -100])
def test_the_heap_of_reports_is_no_test_s(window, process, heap_bytes):
    """What reports take of the C heap, little or much, is pytest's, in windows that read it and in those that price it."""
    report = {"blocks": 30, "small_bytes": 2400, "heap_bytes": heap_bytes}
    for plan in (*[EXACT] * LEARNING_WINDOWS, FULL):
        measured = run(window, process, plan, report=report, teardown=lambda: process.allocate(heap_bytes=-300))
        assert measured.heap_bytes == -300


@pytest.mark.parametrize(("plan", "levelled"), [(FULL, 2), (EXACT, 9)])
def test_caches_are_levelled_before_each_reading(window, process, plan, levelled):
    """Where the C library's cache can't be counted it is filled each time."""
    learn(window, process)
    process.reads.clear()
    run(window, process, plan)
    assert process.reads["level"] == levelled


def test_nothing_is_levelled_while_the_tracer_counts(make, process, tracer):
    """What levelling allocates for a moment would be the test's peak."""
    running = []
    window = make(tracer=tracer, level=lambda: running.append(tracer.running))
    run(window, process, Plan(detail=Detail.EXACT, traced=True))
    assert set(running) <= {0}


def test_a_traced_window_is_levelled_at_both_ends(make, process, tracer):
    """The caches are filled before the tracer begins and after it ends, or else filling them would read as growth."""
    is_filled = []

    def level():
        if not is_filled:
            process.allocate(heap_bytes=180_000)
        is_filled.append(True)

    window = make(tracer=tracer, level=level)
    assert run(window, process, Plan(detail=Detail.EXACT, traced=True)).heap_bytes == 0


def test_a_new_window_learns_by_itself(window, process):
    """The first windows are exact though nobody asks for it, and so are those after ``learn_anew``."""
    keep = {"call": lambda: process.allocate(blocks=1, small_bytes=77)}
    assert run(window, process, **keep).phases[Phase.CALL].growth_bytes == 77
    learn(window, process)
    assert run(window, process, **keep).phases[Phase.CALL].growth_bytes is None
    window.learn_anew()
    assert run(window, process, **keep).phases[Phase.CALL].growth_bytes == 77


def test_a_refund_is_taken_off_the_test(window, process):
    """What was weighed as kept by pytest is somebody else's; nothing is lost."""
    window.open(EXACT)
    window.switch(Account.CALL)
    process.allocate(blocks=4, small_bytes=256, heap_bytes=2000, objects=3)
    window.switch(Account.TEARDOWN)
    window.refund(Weight(blocks=3, small_bytes=200, heap_bytes=2000, objects=1))
    window.close()
    measured = window.measurement()
    assert (measured.blocks, measured.objects, measured.growth_bytes) == (1, 2, 56)
    everybody_s = reduce(Weight.plus, map(window.weight_of, Account))
    assert everybody_s == Weight(blocks=4, small_bytes=256, heap_bytes=2000, objects=3)


def test_an_abandoned_window_leaves_no_trace(make, process, tracer):
    """After an interruption the tracer is stopped, and the next test is measured as if nothing had been."""
    window = make(tracer=tracer)
    window.open(Plan(detail=Detail.EXACT, traced=True))
    process.allocate(blocks=7, small_bytes=700, heap_bytes=7000)
    window.abandon()
    window.abandon()
    assert (window.is_open, tracer.running) == (False, 0)
    assert run(window, process, EXACT).growth_bytes == 0


def test_a_window_knows_whether_it_is_open(window):
    """Between ``open`` and ``close`` a test is being measured."""
    window.open(FULL)
    assert window.is_open
    window.close()
    assert not window.is_open


def test_missing_meters_read_none(make, process):
    """A reading that this platform has no meter for is missing, not 0, and growth without the heap isn't exact."""
    window = make(heap=None, level=None, trim=None)
    measured = run(window, process, EXACT, call=lambda: process.allocate(blocks=1, small_bytes=50, heap_bytes=900))
    missing = ("heap_bytes", "fds", "threads", "rss_start_bytes", "rss_end_bytes", "peak_rss_bytes", "peak_bytes")
    assert [getattr(measured, name) for name in missing] == [None] * len(missing)
    assert (measured.growth_bytes, measured.exact) == (50, False)
    assert window.rss_bytes == 0


def test_bytes_that_can_not_be_counted_are_estimated(make, process):
    """Where the interpreter doesn't tell its bytes, blocks count by their mean size."""
    process.is_exact = False
    window = make()
    measured = run(window, process, EXACT, call=lambda: process.allocate(blocks=10, small_bytes=9999))
    assert (measured.blocks, measured.small_bytes, measured.exact) == (10, 640, False)


def test_other_meters_are_read_at_both_ends(make, process, scripted):
    """Descriptors, threads and meters of plugins give the difference of two readings; resident memory its peak too."""
    window = make(
        fds=scripted([3, 5]),
        threads=scripted([1, 1]),
        extra=(scripted([10, 7], name="gpu"),),
        rss=scripted([1000, 1400], highest=5000),
    )
    measured = run(window, process)
    assert (measured.fds, measured.threads, measured.extra) == (2, 0, {"gpu": -3})
    assert (measured.rss_start_bytes, measured.rss_end_bytes, measured.peak_rss_bytes) == (1000, 1400, 4000)
    assert window.rss_bytes == 1400


@pytest.mark.parametrize(("highest", "peak"), [(None, None), (500, 0)])
def test_a_peak_below_the_start_is_none_at_all(make, process, scripted, highest, peak):
    """A peak is never negative, and is missing where the platform can't tell it."""
    assert run(make(rss=scripted([1000], highest=highest)), process).peak_rss_bytes == peak


def test_the_peak_counts_from_its_mark(make, process, scripted):
    """What wider fixtures reached before the mark is forgotten."""
    rss = scripted([1000, 3000], highest=4500)
    window = make(rss=rss)
    window.open(FULL)
    window.mark_peak()
    window.close()
    assert rss.marks == 2
    assert window.measurement().peak_rss_bytes == 1500


def test_a_peak_limit_starts_the_tracer(make, process, tracer):
    """Allocations are counted, and their lines kept, only where the plan asks for it."""
    window = make(tracer=tracer)
    assert run(window, process).peak_bytes is None
    assert run(window, process, Plan(traced=True)).peak_bytes == 1000
    run(window, process, Plan(traced=True, sites=True))
    rehearsal, *asked_for_sites = tracer.asked_for_sites
    assert (rehearsal, asked_for_sites, tracer.running) == (True, [False, True], 0)
    assert window.sites == (Site("a.py", 3, "f", 10, 1),)


def test_the_tracer_is_rehearsed_once(make, process, tracer):
    """What a tracer takes the first time, and keeps, was there before the first window in which it counts."""
    start = tracer.start

    def start_and_take():
        process.allocate(heap_bytes=0 if tracer.asked_for_sites else 1024**2)
        start()

    tracer.start = start_and_take
    window = make(tracer=tracer)
    for _ in range(2):
        assert run(window, process, Plan(traced=True)).heap_bytes == 0
    assert len(tracer.asked_for_sites) == 3


@pytest.mark.parametrize("leaks", [True, False])
def test_a_wide_fixture_does_not_pay_for_the_tracer(make, process, tracer, leaks):
    """What the tracer's tables take while a wide fixture is built isn't the fixture's: they are freed with the test."""
    tracer.leaks = leaks
    stop = tracer.stop

    def stop_and_free(**others):
        process.allocate(heap_bytes=-tracer.held_bytes)
        tracer.held_bytes = 0
        return stop(**others)

    tracer.stop = stop_and_free
    window = make(tracer=tracer)
    window.open(Plan(detail=Detail.EXACT, traced=True))
    window.switch(Account.SHARED)
    tracer.held_bytes = 50_000
    process.allocate(heap_bytes=50_000 + 7000)
    window.switch(Account.SETUP)
    assert window.growth_of(Account.SHARED) == 7000
    window.close()
    measured = window.measurement()
    assert (measured.growth_bytes, measured.exact) == (0, False)


def test_prices_are_not_learned_under_the_tracer(make, process, tracer):
    """Tables of the tracer grow while reports are made, so that such a window teaches nothing about them."""
    window = make(tracer=tracer)
    traced = Plan(detail=Detail.EXACT, traced=True)
    run(window, process, traced, report={"blocks": 30, "small_bytes": 2400, "heap_bytes": 9999})
    assert run(window, process, report={"blocks": 30, "small_bytes": 2400, "heap_bytes": 9999}).exact
    learn(window, process)
    process.reads.clear()
    run(window, process)
    assert process.reads["small"] == 2


def test_a_tracer_s_excuse_is_noted(make, process, tracer, traced):
    """A peak that was disturbed is missing, with the reason."""
    tracer.found = traced(None, (), "the test stopped it")
    measured = run(make(tracer=tracer), process, Plan(traced=True))
    assert (measured.peak_bytes, measured.notes) == (None, ("the test stopped it",))


def test_notes_are_of_one_window(make, process, tracer, traced):
    """The next window begins without the notes, peak and sites of the last."""
    window = make(tracer=tracer)
    tracer.found = traced(5, (), "odd")
    run(window, process, Plan(traced=True))
    measured = run(window, process)
    assert (measured.notes, measured.peak_bytes, window.sites) == ((), None, ())


def test_pytest_s_own_is_taken_off_a_traced_peak(make, process, tracer):
    """What pytest allocated of the peak is discounted, in that window only; never below 0."""
    window = make(tracer=tracer)
    for overhead_bytes, peak_bytes in ((300, 700), (0, 1000), (5000, 0)):
        window.open(Plan(traced=True))
        if overhead_bytes:
            window.discount_peak(overhead_bytes)
        window.close()
        assert window.measurement().peak_bytes == peak_bytes


def test_the_traced_peak_is_forgotten_with_the_other(make, tracer):
    """What wider fixtures allocated is no more the test's than what they reached in resident memory."""
    window = make(tracer=tracer)
    window.open(FULL)
    window.mark_peak()
    assert (tracer.forgotten, window.traced_bytes()) == (0, 0)
    window.abandon()
    tracer.current_bytes = 77
    window.open(Plan(traced=True))
    window.mark_peak()
    assert (tracer.forgotten, window.traced_bytes()) == (1, 77)


def test_threads_may_take_a_moment_to_end(make, process, scripted):
    """Where there is a way to wait for them, threads are counted when they had time to end."""
    waited_for = []
    window = make(threads=scripted([3, 9]), threads_settled=lambda before: waited_for.append(before) or 4)
    assert run(window, process).threads == 1
    assert waited_for == [3]


def test_a_refund_is_no_report_s(window, process):
    """Output that was weighed in one test isn't in the price of the reports on the next: it would be taken off twice."""
    output = Weight(blocks=2, small_bytes=128, heap_bytes=50_000, objects=1)

    def print_much():
        process.allocate(blocks=2, small_bytes=128, heap_bytes=50_000, objects=1)

    for _ in range(LEARNING_WINDOWS + 1):
        window.open(FULL)
        print_much()
        window.switch(Account.RUNNER)
        process.allocate(**REPORT)
        window.switch(Account.TEARDOWN)
        window.refund(output)
        window.close()
        measured = window.measurement(shape="one report, one section")
    assert not window.reads_phases
    assert (measured.growth_bytes, measured.blocks, measured.objects) == (0, 0, 0)


def test_survivors_are_listed_by_type(window, process):
    """What is still alive is counted by type, without what pytest keeps."""
    kept = [1]
    process.survivors = [{1: 1}, {2: 2}, kept]
    window.open(EXACT)
    process.allocate(objects=3)
    window.close()
    types = window.measurement(kept_by_runner=[kept]).types
    assert [(use.type, use.count) for use in types] == [("dict", 2)]


def test_nothing_is_listed_when_nothing_survives(window, process):
    """Without net objects there is no walk over the survivors."""
    process.survivors = [{}]
    assert run(window, process).types == ()


@pytest.mark.parametrize(
    ("objects", "heap_bytes", "is_listed"),
    [(0, 0, False), (-50, -5000, False), (MANY - 1, MUCH_BYTES - 1, False), (MANY, 0, True), (0, MUCH_BYTES, True)],
)
def test_a_handful_is_not_listed(window, process, objects, heap_bytes, is_listed):
    """Unless a test has limits, its survivors are listed where there are many objects or bytes only."""
    learn(window, process)
    process.survivors = [{}]
    measured = run(window, process, call=lambda: process.allocate(objects=objects, heap_bytes=heap_bytes))
    assert bool(measured.types) == is_listed


@pytest.mark.parametrize("objects", [1, MANY])
def test_a_window_that_reads_phases_lists_all(window, process, objects):
    """A test with limits has each survivor told, were it a single one."""
    process.survivors = [{}]
    assert run(window, process, EXACT, call=lambda: process.allocate(objects=objects)).types


def test_pytest_s_own_objects_are_not_listed(window, process):
    """Survivors of the plugin's and pytest's own types are nobody's evidence."""
    process.survivors = [Weight(), {}]
    measured = run(window, process, EXACT, call=lambda: process.allocate(objects=2))
    assert [use.type for use in measured.types] == ["dict"]


@pytest.mark.parametrize("plan", [EXACT, FULL])
def test_maps_are_growth(window, process, monkeypatch, plan):
    """A memory map that survives is growth, though no allocator counts it, and though nothing else survives."""
    learn(window, process)
    with mmap.mmap(-1, 8192) as memory_map:
        monkeypatch.setattr(window_module, "new_objects", lambda: [memory_map, {}])
        measured = run(window, process, plan, call=lambda: process.allocate(objects=1))
        nothing_new = run(window, process, plan)
    assert (measured.mapped_bytes, measured.growth_bytes) == (8192, 8192)
    assert nothing_new.mapped_bytes == 0


def test_maps_are_growth_where_old_objects_are_counted(window, process, collector, monkeypatch):
    """Counting old objects freezes the new ones: a memory map among them is growth all the same."""
    with mmap.mmap(-1, 8192) as memory_map:
        listed = [memory_map]
        monkeypatch.setattr(window_module, "new_objects", lambda: list(listed))
        monkeypatch.setattr(collector, "count_all", lambda: listed.clear() or 0)
        monkeypatch.setattr(collector, "list_all", lambda: [memory_map, {}])
        plan = Plan(detail=Detail.EXACT, net_objects=True)
        measured = run(window, process, plan, call=lambda: process.allocate(objects=1))
    assert measured.mapped_bytes == 8192


def test_named_types_are_counted_net(window, process):
    """Types that have a limit of their own are counted over the whole heap, before and after."""

    class Session:
        pass

    name = f"{__name__}.{Session.__qualname__}"
    old, new = [Session()], []
    plan = Plan(detail=Detail.EXACT, types=(name, "app.Missing"))

    def call():
        new.extend(Session() for _ in range(3))
        old.clear()

    process.survivors = new
    try:
        types = run(window, process, plan, call=call).types
    finally:
        gc.unfreeze()
    assert types == (TypeUse(name, 2, 0), TypeUse("app.Missing", 0, 0))


def test_net_objects_count_the_old_ones_that_died(window, process, collector, monkeypatch):
    """Where objects are limited, old ones that are gone in the end are taken off."""
    monkeypatch.setattr(originals.gc, "get_freeze_count", lambda: 5000)
    monkeypatch.setattr(collector, "count_all", lambda: 4000 + process.objects)
    measured = run(window, process, Plan(detail=Detail.EXACT, net_objects=True))
    assert measured.objects == -1000


def test_without_a_collector_objects_are_not_counted(window, process, collector):
    """Where the collector must be left alone there is no list of what is new: objects and types are missing."""
    collector.lists_only_new = False
    process.survivors = [{}]
    measured = run(window, process, Plan(gc_off=True, detail=Detail.EXACT))
    assert (measured.objects, measured.types, measured.mapped_bytes) == (None, (), 0)
    assert collector.calls[0] == "alone"
    assert not run(window, process).phases[Phase.CALL].growth_bytes


def test_a_heap_that_was_looked_at_tells_no_objects(window, process, collector):
    """Where the heap was thawed in the midst of a window, objects are missing, bytes are an estimate, and it says why."""
    run(window, process)

    def thaw():
        collector.lists_only_new, collector.is_disclosed = False, True
        process.small_bytes += 640

    measured = run(window, process, call=thaw)
    assert (measured.objects, measured.types, measured.exact) == (None, (), False)
    assert measured.growth_bytes == 640
    assert measured.notes == ("objects are not counted here",)


def test_what_pytest_weighs_is_not_learned_from_a_heap_that_was_looked_at(window, process, collector):
    """Garbage of before, collected when the heap was thawed, would be in its price for ever."""
    collector.is_disclosed = True
    run(window, process)
    collector.is_disclosed = False
    assert not window._prices.knows(None)


def test_memory_is_trimmed_on_demand_or_when_it_rose(make, process, scripted):
    """Freed memory goes back before a test with a limit on it, and whenever it has risen by much."""
    rss = scripted([0], highest=0)
    window = make(rss=rss)
    run(window, process)
    assert process.reads["trim"] == 0
    run(window, process, Plan(trim=True))
    assert process.reads["trim"] == 1
    rss.readings = [100 * 1024**2]
    run(window, process)
    run(window, process)
    run(window, process)
    assert process.reads["trim"] == 2


def test_durations_are_passed_on(window):
    """Seconds of the phases are the caller's; a phase without is 0."""
    window.open(FULL)
    window.close()
    phases = window.measurement({Phase.CALL: 0.5}).phases
    assert [phases[phase].duration_s for phase in Phase] == [0.0, 0.5, 0.0]


AMOUNTS = st.fixed_dictionaries(
    {"blocks": st.integers(-50, 50), "small_bytes": st.integers(-9999, 9999), "heap_bytes": st.integers(-9999, 9999)}
)


@given(phases=st.lists(AMOUNTS, min_size=3, max_size=3), report=AMOUNTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_an_exact_window_charges_the_test_and_nobody_else(process, make, phases, report):
    """Whatever phases and reports do, the test is charged with the sum of its phases."""
    keep = {
        name: lambda amounts=amounts: process.allocate(**amounts)
        for name, amounts in zip(("setup", "call", "teardown"), phases, strict=True)
    }
    measured = run(make(), process, EXACT, report=report, **keep)
    assert measured.blocks == sum(amounts["blocks"] for amounts in phases)
    assert measured.small_bytes == sum(amounts["small_bytes"] for amounts in phases)
    assert measured.heap_bytes == sum(amounts["heap_bytes"] for amounts in phases)


def test_caches_are_cleared_at_both_ends_where_wanted(make, process, collector, monkeypatch):
    """A plan may ask that the interpreter's caches be empty when the window opens, and again when it closes."""
    cleared = []
    monkeypatch.setattr(window_module, "clear_interpreter_caches", lambda: cleared.append(process.blocks))
    collector.refresh = lambda: collector.calls.append("refresh")
    window = make()
    run(window, process, Plan(detail=Detail.EXACT))
    assert cleared == []
    run(window, process, Plan(detail=Detail.EXACT, clears_caches=True))
    assert len(cleared) == 2
    assert "refresh" in collector.calls
