"""Who is charged while fixtures are built: the test, or wider ones for themselves."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_memopt.meters.account import Account
from pytest_memopt.meters.plan import Detail, Plan
from pytest_memopt.plugin.recorder import Recorder
from pytest_memopt.plugin.run import ItemRun, Purpose

EXACT = Plan(detail=Detail.EXACT)
TRACED = Plan(detail=Detail.EXACT, traced=True)


@dataclass(frozen=True)
class Definition:
    """A fixture: what it takes before and after it asks for others."""

    argname: str
    scope: str = "session"
    before_bytes: int = 0
    after_bytes: int = 0
    asks_for: tuple["Definition", ...] = ()


@pytest.fixture
def make(make_window, collector, tracer):
    """Makes recorders in the midst of a test's set-up, or of nothing."""

    def make(plan=EXACT, *, is_measured=True):
        recorder = Recorder(make_window(tracer=tracer), collector, Path("/project"))
        if is_measured:
            recorder.current = ItemRun(None, Purpose.FIRST, plan, SimpleNamespace(put_back=lambda: None))
            recorder.begin_phase("setup")
        return recorder

    return make


@pytest.fixture
def build(process, tracer):
    """Builds a fixture and all that it asks for, as pytest does."""

    def take(size_bytes):
        process.allocate(blocks=1, small_bytes=size_bytes)
        tracer.current_bytes += size_bytes

    def build(recorder, definition, *, raises=False):
        account = recorder.begin_fixture(definition)
        try:
            take(definition.before_bytes)
            for one in definition.asks_for:
                build(recorder, one)
            take(definition.after_bytes)
            if raises:
                raise ZeroDivisionError
        finally:
            recorder.end_fixture(definition, account)

    return build


def whole(definition):
    """The fixture and all that it asks for, however deep."""
    return [definition, *(each for one in definition.asks_for for each in whole(one))]


def own_bytes(definition):
    """What it takes itself."""
    return definition.before_bytes + definition.after_bytes


def test_a_wide_fixture_pays_for_itself(make, build):
    """What is built for more than one test is charged to shared ground; then the test is charged again."""
    recorder = make()
    build(recorder, Definition("db", "session", 5000, 300))
    assert recorder.window.growth_of(Account.SHARED) == 5300
    build(recorder, Definition("tmp", "function", 70, 7))
    recorder.end_phase("setup")
    assert (recorder.window.growth_of(Account.SETUP), recorder.window.growth_of(Account.SHARED)) == (77, 5300)


def test_a_wide_fixture_that_fails_pays_too(make, build):
    """A fixture that raises is over: its share is noted, and the test is charged again."""
    recorder = make()
    with pytest.raises(ZeroDivisionError):
        build(recorder, Definition("db", "module", 5000), raises=True)
    build(recorder, Definition("tmp", "function", 70))
    recorder.end_phase("setup")
    assert (recorder.window.growth_of(Account.SETUP), recorder.window.growth_of(Account.SHARED)) == (70, 5000)
    assert [(cost.name, cost.growth_bytes) for cost in recorder.fixtures.take()] == [("db", 5000), ("tmp", None)]


def test_fixtures_outside_of_a_test_are_nobody_s(make, build):
    """A fixture that is built while no test is measured has its builds noted, and is no error."""
    recorder = make(is_measured=False)
    build(recorder, Definition("tmp", "function", 70))
    build(recorder, Definition("db", "session", 5000))
    assert [(cost.name, cost.growth_bytes) for cost in recorder.fixtures.take()] == [("tmp", None), ("db", 0)]


def test_a_traced_peak_is_told_what_fixtures_keep(make, build):
    """What function fixtures keep by the tracer is the test's, without that of the wider ones they ask for."""
    recorder = make(TRACED)
    assert not recorder.current.has_fixtures
    build(recorder, Definition("db", "session", 5000))
    assert (recorder.current.has_fixtures, recorder.current.fixture_traced_bytes) == (False, 0)
    wide = Definition("cache", "module", 40_000)
    build(recorder, Definition("tmp", "function", 100, 20, (wide, Definition("tmp_inner", "function", 3))))
    assert (recorder.current.has_fixtures, recorder.current.fixture_traced_bytes) == (True, 123)


WIDE = st.sampled_from(["class", "module", "package", "session"])
SIZES = st.integers(-(10**6), 10**6)


def trees(scopes, inner):
    """Fixtures of these scopes, that ask for some others."""
    return st.builds(
        Definition, st.sampled_from("abcdef"), scopes, SIZES, SIZES, st.lists(inner, max_size=3).map(tuple)
    )


WIDE_TREES = st.recursive(
    st.builds(Definition, st.sampled_from("abcdef"), WIDE, SIZES, SIZES), lambda inner: trees(WIDE, inner)
)
FUNCTIONS = st.recursive(
    WIDE_TREES, lambda inner: st.one_of(trees(st.just("function"), inner), WIDE_TREES), max_leaves=6
)


@given(roots=st.lists(FUNCTIONS, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_every_byte_has_one_account(make, build, roots):
    """However fixtures ask for each other, wide ones are charged to shared ground and others to the test."""
    recorder = make()
    for one in roots:
        build(recorder, one)
    recorder.end_phase("setup")
    everything = [each for one in roots for each in whole(one)]
    shared = sum(own_bytes(one) for one in everything if one.scope != "function")
    window = recorder.window
    assert window.growth_of(Account.SHARED) == shared
    assert window.growth_of(Account.SETUP) == sum(map(own_bytes, everything)) - shared
    window.abandon()


@given(roots=st.lists(WIDE_TREES, max_size=4))
@example(roots=[Definition("outer", before_bytes=1_000_000, asks_for=(Definition("inner", before_bytes=5000),))])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_each_wide_fixture_is_told_its_own(make, build, roots):
    """Growth of a wide fixture is what it took itself, before, between and after those that it asked for."""
    recorder = make()
    for one in roots:
        build(recorder, one)
    told = {(cost.name, cost.scope): cost.growth_bytes for cost in recorder.fixtures.take()}
    recorder.window.abandon()
    own = {}
    for one in [each for root in roots for each in whole(root)]:
        own[one.argname, one.scope] = own.get((one.argname, one.scope), 0) + own_bytes(one)
    assert told == own
