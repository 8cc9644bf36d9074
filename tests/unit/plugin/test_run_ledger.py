"""What came back from the tests, until it is summed up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.measurement import Measurement
from pytest_memopt.plugin.run_ledger import RunLedger
from pytest_memopt.report.summary import FixtureUse
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind
from pytest_memopt.verdicts.wire import WireError, to_wire
from tests.unit.values import replace

PLAIN = TestRecord(nodeid="test_a", outcome=Outcome.PASSED, verdict=VerdictKind.OK)


def record(nodeid="test_a", worker=None, **readings):
    """A record whose window read this."""
    return replace(PLAIN, nodeid=nodeid, worker=worker, measured=Measurement(growth_bytes=0, **readings))


def resident(start, end, peak=None, **others):
    """A record of a test during which resident memory went from ``start`` to ``end``."""
    return record(rss_start_bytes=start, rss_end_bytes=end, peak_rss_bytes=peak, **others)


def fixture(name="db", scope="session", builds=1, setup_s=0.5, growth_bytes=None, where=None):
    """A fixture as it comes with a report."""
    return FixtureUse(name, scope, builds, setup_s, growth_bytes, where)._asdict()


@pytest.fixture
def ledger(clock):
    """A ledger that just began."""
    return RunLedger(clock)


@pytest.mark.parametrize("travel", [lambda one: one, to_wire], ids=["one process", "from a worker"])
def test_records_arrive_as_they_are(ledger, travel):
    """A record comes as itself in one process, and as plain values from a worker."""
    sent = [record("b", "gw0"), record("a")]
    for one in sent:
        ledger.add({"record": travel(one)})
    assert list(ledger.records()) == sent


def test_of_two_records_of_a_test_the_last_counts(ledger):
    """A test that another plugin ran again has one record, at its first place."""
    ledger.add({"record": record("a")})
    ledger.add({"record": record("b")})
    ledger.add({"record": replace(PLAIN, nodeid="a", outcome=Outcome.FAILED)})
    assert [(one.nodeid, one.outcome) for one in ledger.records()] == [("a", Outcome.FAILED), ("b", Outcome.PASSED)]


def test_what_is_no_record_is_refused(ledger):
    """A report of another make is an error of our family, not a crash later on."""
    with pytest.raises(WireError):
        ledger.add({"record": {"nodeid": "a"}})


@given(
    costs=st.lists(
        st.tuples(
            st.sampled_from(["db", "client"]),
            st.sampled_from(["session", "function"]),
            st.integers(1, 9),
            st.none() | st.integers(-99, 99),
        )
    )
)
def test_fixtures_are_summed_over_workers(costs):
    """One entry for each name and scope: builds, seconds and bytes added up; unknown bytes stay unknown."""
    ledger = RunLedger()
    for name, scope, builds, growth_bytes in costs:
        ledger.add({"record": PLAIN, "fixtures": [fixture(name, scope, builds, 2.0, growth_bytes)]})
    for found in ledger.fixtures():
        mine = [cost for cost in costs if cost[:2] == (found.name, found.scope)]
        grown = [cost[3] for cost in mine if cost[3] is not None]
        assert (found.builds, found.setup_s) == (sum(cost[2] for cost in mine), 2.0 * len(mine))
        assert found.growth_bytes == (sum(grown) if grown else None)
    assert len(ledger.fixtures()) == len({cost[:2] for cost in costs})


def test_a_fixture_arrives_whole(ledger):
    """A single entry is taken over as it is."""
    ledger.add({"record": PLAIN, "fixtures": [fixture(growth_bytes=7)]})
    assert ledger.fixtures() == (FixtureUse(name="db", scope="session", builds=1, setup_s=0.5, growth_bytes=7),)


def test_each_process_has_its_own_series(ledger, clock):
    """Resident memory is followed per worker, from its first test's start, with the time of each end."""
    for number, (worker, start, end) in enumerate([("gw1", 100, 150), ("gw0", 10, 20), ("gw1", 150, 120)]):
        clock.pass_by(1.5)
        ledger.add({"record": resident(start, end, peak=40 if number == 0 else None, worker=worker)})
    first, second = ledger.workers()
    assert (first.name, first.tests, first.rss_start_bytes, first.rss_end_bytes) == ("gw0", 1, 10, 20)
    assert (second.name, second.tests, second.rss_start_bytes, second.rss_end_bytes) == ("gw1", 2, 100, 120)
    assert (second.rss_series_bytes, second.elapsed_s) == ((150, 120), (1.5, 4.5))
    assert (first.rss_peak_bytes, second.rss_peak_bytes) == (20, 150)
    assert ledger.elapsed_s == 4.5


def test_a_peak_is_above_its_start(ledger):
    """The peak of a process is the highest that any test reached."""
    ledger.add({"record": resident(100, 110, peak=500)})
    ledger.add({"record": resident(110, 105, peak=50)})
    assert ledger.workers()[0].rss_peak_bytes == 600


def test_without_xdist_the_process_is_main(ledger):
    """A record without a worker is the only process's; one without readings counts as a test all the same."""
    ledger.add({"record": PLAIN})
    ledger.add({"record": record("b")})
    (main,) = ledger.workers()
    assert (main.name, main.tests, main.rss_end_bytes, main.rss_series_bytes) == ("main", 2, None, ())


def test_a_lost_worker_is_told(ledger):
    """A worker that died is listed with its story, whether or not a record of it arrived."""
    ledger.add({"record": resident(1, 2, worker="gw0")})
    ledger.lose("gw0", "story 0")
    ledger.lose("gw9", "story 9")
    assert [(one.name, one.tests, one.lost) for one in ledger.workers()] == [
        ("gw0", 1, "story 0"),
        ("gw9", 0, "story 9"),
    ]


def test_an_empty_run_is_empty(ledger):
    """Before anything came there is nothing to tell."""
    assert (ledger.records(), ledger.fixtures(), ledger.workers(), ledger.warnings) == ((), (), (), [])
