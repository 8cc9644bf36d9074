"""The run as JSON, and its schema."""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.limits.limits import Breach, Limit, Metric, Severity
from pytest_memopt.meters.measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.suite_effect import StrategyEffect
from pytest_memopt.report.advice import Advice, AdviceKind
from pytest_memopt.report.json_report import render, schema, to_json
from pytest_memopt.report.summary import FixtureUse, RunInfo, RunSummary, SuiteTrend, TrendNote, WorkerUse
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind
from tests.unit.values import replace

LIMIT = Limit(metric=Metric.OBJECTS, ceiling=0, type_name="app.Session", severity=Severity.WARN, source="a mark")
RECORD = TestRecord(
    nodeid="tests/test_a.py::test_a",
    outcome=Outcome.PASSED,
    verdict=VerdictKind.BREACH,
    measured=Measurement(
        growth_bytes=640,
        blocks=2,
        peak_rss_bytes=4096,
        phases={Phase.CALL: PhaseUse(640, 0.5)},
        types=(TypeUse("app.Session", 1, 48),),
        extra={"handles": 3},
    ),
    duration_s=0.5,
    limits=(LIMIT,),
    breaches=(Breach(limit=LIMIT, runs=(3, 1), confirmed=True),),
    reruns=(640,),
    sites=(Site("a.py", 4, None, 640, 2),),
)
SUMMARY = RunSummary(
    run=RunInfo(
        id=7, started="2026-11-22T19:55:00Z", duration_s=2.5, commit="a1b2c3d", dirty=False, branch=None,
        python="CPython 3.11.7", platform="linux-x86_64", machine="m", workers=2, plugin_version="0.1.0",
    ),
    tests=(RECORD,),
    fixtures=(FixtureUse(name="db", scope="session", builds=1, setup_s=0.5, growth_bytes=64),),
    workers=(
        WorkerUse(name="gw0", rss_start_bytes=10, rss_end_bytes=20, rss_peak_bytes=30, rss_series_bytes=(10, 20)),
        WorkerUse(name="gw1", rss_start_bytes=1, rss_end_bytes=2, lost="tests/test_a.py::test_b"),
    ),
    trend=SuiteTrend(slope_mb_per_minute=0.5, interval_mb_per_minute=(0.25, 1.0), runs=3, verdict="rising"),
    test_trends={RECORD.nodeid: TrendNote(sparkline_values=(0.0, 640.0), step_bytes=640, step_run=6)},
    advice=(Advice(AdviceKind.FIXTURE, "db", "pool it", saving_s=0.5),),


    optimizations=(StrategyEffect("gc", Effect.HELPED, "frozen", 1, 20, 0.5, 900, 1.5),),
    warnings=("one",),
)  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> jsonschema.protocols.Validator:
    """Checks reports against the schema that is shipped."""
    return jsonschema.Draft202012Validator(schema())


def test_the_schema_is_a_schema() -> None:
    """It follows the draft that it names."""
    shipped = schema()
    assert shipped["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(shipped)


def test_a_test_has_the_keys_of_the_contract() -> None:
    """Names, units and nesting are what readers rely on."""
    (told,) = to_json(SUMMARY)["tests"]
    assert told == {
        "nodeid": "tests/test_a.py::test_a",
        "outcome": "passed",
        "verdict": "breach",
        "why": None,
        "growth_bytes": 640,
        "exact": True,
        "blocks": 2,
        "small_bytes": None,
        "heap_bytes": None,
        "mapped_bytes": 0,
        "objects": None,
        "fds": None,
        "threads": None,
        "rss_start_bytes": None,
        "rss_end_bytes": None,
        "peak_rss_bytes": 4096,
        "peak_bytes": None,
        "phases": {"setup": None, "call": {"growth_bytes": 640, "duration_s": 0.5}, "teardown": None},
        "top_types": [{"type": "app.Session", "count": 1, "bytes": 48}],
        "extra": {"handles": 3},
        "notes": [],
        "duration_s": 0.5,
        "limits": [{"metric": "objects", "type": "app.Session", "limit": 0, "severity": "warn", "source": "a mark"}],
        "breaches": [
            {
                "metric": "objects",
                "type": "app.Session",
                "limit": 0,
                "severity": "warn",
                "source": "a mark",
                "measured": 1,
                "runs": [3, 1],
                "confirmed": True,
            }
        ],
        "reruns": [640],
        "leak": None,
        "sites": [{"path": "a.py", "line": 4, "function": None, "bytes": 640, "count": 2}],
        "trend": {"growth_bytes": [0.0, 640.0], "step_bytes": 640, "step_run": 6, "step_commit": None},
        "worker": None,
    }


def test_the_session_is_that_of_all_processes() -> None:
    """Resident memory is summed over the workers, as far as it was read."""
    assert to_json(SUMMARY)["session"] == {
        "rss_start_bytes": 11,
        "rss_end_bytes": 22,
        "rss_peak_bytes": 30,
        "growth_mb_per_minute": 0.5,
        "growth_interval_mb_per_minute": [0.25, 1.0],
        "floor": {"growth_bytes": 0, "blocks": 0, "objects": 0, "windows": 0, "cost_s": 0.0},
        "trend": {"verdict": "rising", "runs": 3, "per_run_ratio": None},
    }


def test_an_unmeasured_test_has_no_figures() -> None:
    """Not read is ``null``, never zero."""
    bare = TestRecord(nodeid="t", outcome=Outcome.SKIPPED, verdict=VerdictKind.UNMEASURED, why="skipped")
    (told,) = to_json(replace(SUMMARY, tests=(bare,)))["tests"]
    assert (told["growth_bytes"], told["mapped_bytes"], told["top_types"], told["why"]) == (None, None, [], "skipped")
    assert told["trend"] is None


def test_every_key_is_described(validator: jsonschema.protocols.Validator) -> None:
    """What is written is in the schema, and the other way round."""

    def check(value: Any, described: dict[str, Any]) -> None:
        if "$ref" in described:
            described = schema()["$defs"][described["$ref"].rpartition("/")[2]]
        if "anyOf" in described:
            described = described["anyOf"][-1]
            check(value, described) if value is not None else None
        elif isinstance(value, dict) and "properties" in described:
            assert set(value) == set(described["properties"])
            for key, item in value.items():
                check(item, described["properties"][key])
        elif isinstance(value, list):
            for item in value:
                check(item, described["items"])

    validator.validate(to_json(SUMMARY))
    check(to_json(SUMMARY), schema())


def test_what_is_written_is_ascii_and_ends_its_line() -> None:
    """No encoding of the stream can refuse it, and it is the same run when read."""
    odd = replace(SUMMARY, warnings=("é \udc80",))
    out = io.StringIO()
    render(odd, out)
    assert out.getvalue().isascii()
    assert out.getvalue().endswith("}\n")
    assert json.loads(out.getvalue()) == to_json(odd)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_run_fits_the_schema(
    summaries: st.SearchStrategy[RunSummary], validator: jsonschema.protocols.Validator, data: st.DataObject
) -> None:
    """Whole runs of all kinds are valid JSON of format 1, without ``NaN`` and without infinity."""
    out = io.StringIO()
    render(data.draw(summaries), out)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    validator.validate(json.loads(out.getvalue(), parse_constant=refuse))
