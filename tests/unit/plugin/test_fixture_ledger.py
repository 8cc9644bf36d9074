"""What building the fixtures costs."""

from dataclasses import dataclass

import pytest

from pytest_memopt.meters import originals
from pytest_memopt.meters.account import Account
from pytest_memopt.plugin.fixture_ledger import BUILDS_MOST, DEPTH_MOST, FixtureLedger, readable_name


@dataclass
class Definition:
    """What pytest knows of a fixture."""

    argname: str
    scope: str = "session"
    where: str | None = None


@dataclass
class SharedGround:
    """A window that knows only what wider fixtures were charged, and what the tracer counts."""

    shared_bytes: int = 0
    is_open: bool = True
    allocated_bytes: int = 0

    def growth_of(self, account):
        assert account is Account.SHARED
        return self.shared_bytes

    def traced_bytes(self):
        return self.allocated_bytes


@pytest.fixture
def window():
    """A window that is open."""
    return SharedGround()


@pytest.fixture
def ledger(window, clock, monkeypatch):
    """A ledger by a clock that goes on only when it is told to."""
    monkeypatch.setattr(originals.time, "perf_counter", clock)
    return FixtureLedger(window, lambda definition: definition.where)


@pytest.fixture
def build(ledger, window, clock):
    """Builds a fixture that takes some time and memory itself, and asks for others."""

    def build(definition, seconds=0.0, growth_bytes=0, asks_for=()):
        ledger.begin()
        clock.pass_by(seconds)
        window.shared_bytes += growth_bytes
        for inner in asks_for:
            build(*inner)
        ledger.end(definition)

    return build


def costs(ledger):
    """Name, scope, builds, seconds and bytes of each."""
    return [tuple(cost.to_wire().values())[:5] for cost in ledger.take()]


def test_builds_are_added_up(ledger, build):
    """One entry a fixture, with all its builds; taking it begins anew."""
    build(Definition("db"), 2.0, 500)
    build(Definition("db"), 1.0, -100)
    assert costs(ledger) == [("db", "session", 2, 3.0, 400)]
    assert costs(ledger) == []


def test_each_pays_for_itself(ledger, build):
    """The share of a fixture is without that of the fixtures it asks for, however deep."""
    inner = (Definition("inner", "module"), 4.0, 70, [(Definition("innermost"), 8.0, 9000)])
    build(Definition("outer"), 2.0, 500, [inner, inner])
    assert sorted(costs(ledger)) == [
        ("inner", "module", 2, 8.0, 140),
        ("innermost", "session", 2, 16.0, 18_000),
        ("outer", "session", 1, 2.0, 500),
    ]


def test_the_end_of_a_build_tells_what_it_kept_by_the_tracer(ledger, window):
    """Bytes that the tracer saw it keep are its own, without those of the fixtures it asked for, however deep."""

    def build(own_bytes, *asks_for):
        ledger.begin()
        window.allocated_bytes += own_bytes
        inner = [each for one in asks_for for each in build(*one)]
        window.allocated_bytes += 1
        return [ledger.end(Definition("db")), *inner]

    assert build(100, (20, (3000,)), (-7,)) == [101, 21, 3001, -6]
    assert build(50) == [51]


def test_a_function_s_fixture_has_no_growth_of_its_own(ledger, build):
    """What a function-scoped fixture keeps is the test's: only its builds and seconds are told."""
    build(Definition("tmp", "function"), 1.0, 0, [(Definition("db"), 1.0, 50)])
    assert sorted(costs(ledger)) == [("db", "session", 1, 1.0, 50), ("tmp", "function", 1, 1.0, None)]


def test_scopes_are_kept_apart(ledger, build):
    """Two fixtures of one name and different scopes are two."""
    build(Definition("db", "session"))
    build(Definition("db", "module"))
    assert [cost[:2] for cost in costs(ledger)] == [("db", "session"), ("db", "module")]


def test_places_are_kept_apart(ledger, build):
    """A fixture that another file overrides is told of each, with where it is."""
    for where in ("conftest.py:3", "api/conftest.py:8", "conftest.py:3"):
        build(Definition("db", where=where), 1.0)
    told = [cost.to_wire() for cost in ledger.take()]
    assert [(cost["where"], cost["builds"]) for cost in told] == [("conftest.py:3", 2), ("api/conftest.py:8", 1)]


def test_outside_of_a_window_there_is_no_growth(ledger, build, window):
    """A fixture that is built while nothing is measured has seconds, and no bytes."""
    window.is_open = False
    build(Definition("db"), 1.0, 500)
    assert costs(ledger) == [("db", "session", 1, 1.0, 0)]


def test_room_is_bounded(ledger, build):
    """A test with very many fixtures has the first ones told, and is no error."""
    for number in range(BUILDS_MOST + 10):
        build(Definition(f"f{number}"))
    assert len(costs(ledger)) == BUILDS_MOST
    build(Definition("later"))
    assert [cost[0] for cost in costs(ledger)] == ["later"]


def test_depth_is_bounded(ledger, build):
    """Fixtures that ask for each other very deeply are no error."""
    chain = ()
    for number in range(DEPTH_MOST * 2):
        chain = [(Definition(f"f{number}"), 1.0, 1, chain)]
    build(*chain[0])
    assert len(costs(ledger)) == DEPTH_MOST * 2


def test_nothing_is_kept_of_a_fixture_that_was_told(ledger, build):
    """Pytest's definitions aren't held on to."""
    build(Definition("db"))
    ledger.take()
    assert set(ledger._fixtures) == {None}


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("db", "db"),
        ("_xunit_setup_class_fixture_TestX", "setup_class [TestX]"),
        ("_unittest_setUpClass_fixture_TestX", "setUpClass [TestX]"),
        ("_xunit_setup_module_fixture_pkg.mod", "setup_module [pkg.mod]"),
        ("_xunit_odd", "_xunit_odd"),
    ],
)
def test_hidden_fixtures_have_a_readable_name(name, readable):
    """Pytest's hidden fixtures are called by the method that the user wrote."""
    assert readable_name(name) == readable
