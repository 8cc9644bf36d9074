"""Records as plain values, there and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import MemoptError
from pytest_memopt.limits.limits import Breach, Limit, Metric
from pytest_memopt.meters.measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind
from pytest_memopt.verdicts.wire import WireError, from_wire, to_wire
from tests.unit.strategies import LEAK_FINDINGS
from tests.unit.values import names_of


def whole(kind: type, **known: st.SearchStrategy) -> st.SearchStrategy:
    """Values of a dataclass with every field generated, also those that have a default."""
    return st.builds(kind, **{name: known.get(name, ...) for name in names_of(kind)})


def few(strategy: st.SearchStrategy) -> st.SearchStrategy[tuple]:
    """Up to three of them."""
    return st.lists(strategy, max_size=3).map(tuple)


SECONDS = st.floats(min_value=0, allow_nan=False)
MEASUREMENT = whole(
    Measurement,
    phases=st.dictionaries(st.sampled_from(Phase), whole(PhaseUse, duration_s=SECONDS), max_size=3),
    types=few(whole(TypeUse)),
)
BREACH = whole(Breach, limit=whole(Limit), runs=st.lists(st.integers(), min_size=1, max_size=4).map(tuple))
RECORD = whole(
    TestRecord,
    leak=st.none() | LEAK_FINDINGS,
    measured=st.none() | MEASUREMENT,
    duration_s=SECONDS,
    limits=few(whole(Limit)),
    breaches=few(BREACH),
    sites=few(whole(Site)),
)
PLAIN = TestRecord(nodeid="tests/test_a.py::test_a", outcome=Outcome.PASSED, verdict=VerdictKind.OK, duration_s=0.5)
FULL = TestRecord(
    nodeid="t",
    outcome=Outcome.FAILED,
    verdict=VerdictKind.BREACH,
    measured=Measurement(growth_bytes=1, phases={Phase.CALL: PhaseUse(1, 0.5)}, types=(TypeUse("a.B", 1, 2),)),
    limits=(Limit(metric=Metric.PEAK, ceiling=5),),
    breaches=(Breach(limit=Limit(metric=Metric.PEAK, ceiling=5), runs=(6, 7), confirmed=True),),
    sites=(Site("a.py", 1, None, 2, 3),),
)


def only_plain(value: Any) -> bool:
    """Whether execnet and JSON both know each type in it: exact types, no subclasses."""
    if type(value) is dict:
        return all(type(key) is str and only_plain(item) for key, item in value.items())
    if type(value) is list:
        return all(map(only_plain, value))
    return value is None or type(value) in (str, int, float, bool)


@given(record=RECORD)
def test_there_and_back(record: TestRecord) -> None:
    """Every record survives the way through JSON, and nothing but plain values travels."""
    data = to_wire(record)
    assert only_plain(data)
    assert from_wire(json.loads(json.dumps(data))) == record


def test_defaults_do_not_travel() -> None:
    """A test of which there is nothing to say is four values."""
    assert to_wire(PLAIN) == {
        "nodeid": "tests/test_a.py::test_a",
        "outcome": "passed",
        "verdict": "ok",
        "duration_s": 0.5,
    }
    assert from_wire(to_wire(PLAIN)) == PLAIN


def test_what_a_newer_version_adds_is_ignored() -> None:
    """Unknown keys, and further fields of types, sites and phases, do no harm."""
    data: dict[str, Any] = json.loads(json.dumps({**to_wire(FULL), "new": 1}))
    data["measured"]["new"] = 1
    data["measured"]["types"][0].append("new")
    data["measured"]["phases"]["call"].append("new")
    data["sites"][0].append("new")
    data["limits"][0]["new"] = 1
    data["breaches"][0]["new"] = 1
    assert from_wire(data) == FULL


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "odd"},
        {"outcome": None},
        {"measured": {}},
        {"sites": [["a.py"]]},
        {"limits": [1]},
        {"measured": [1]},
    ],
)
def test_what_is_no_record_is_refused(change: dict[str, Any]) -> None:
    """A value that no record can have is one error of our family, whatever is wrong with it."""
    with pytest.raises(WireError, match="not a test's record"):
        from_wire({**to_wire(FULL), **change})
    assert issubclass(WireError, MemoptError)


def test_a_record_without_its_name_is_refused() -> None:
    """The error names the key that is missing."""
    with pytest.raises(WireError, match="KeyError: 'nodeid'"):
        from_wire({})
