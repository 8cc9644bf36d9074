"""``--memopt-json``: everything that is known of a run, as the shipped JSON Schema says."""

from __future__ import annotations

import json
from textwrap import dedent

import jsonschema
import pytest

from pytest_memopt.report.json_report import schema

SUITE = {
    "test_all.py": dedent("""
        import pytest
        KEPT = []

        @pytest.fixture(scope="module")
        def heavy():
            return bytes(1_000_000)

        @pytest.fixture
        def broken():
            raise RuntimeError

        def test_passes(heavy): pass
        def test_fails(): assert 0
        def test_skips(): pytest.skip("why not")
        @pytest.mark.xfail
        def test_xfails(): assert 0
        @pytest.mark.xfail
        def test_xpasses(): pass
        def test_errors(broken): pass
        @pytest.mark.memory_limit("1 GB", growth="10 KB", objects={"test_all.Thing": 3, "*": 500}, severity="fail")
        def test_breaches():
            KEPT.append(bytes(1_000_000))
        @pytest.mark.memory_limit(growth="10 KB")
        def test_warms_up():
            if len(KEPT) < 100:
                KEPT.extend([bytes(30_000)] * 100)
        @pytest.mark.memopt(skip=True, reason="not today")
        @pytest.mark.memory_limit(growth="10 KB")
        def test_is_exempt(): pass
        @pytest.mark.memory_limit(growth="10 KB")
        def test_fails_with_a_limit(): assert 0
        class Thing: pass
    """)
}
OUTCOMES = {
    "passes": ("passed", "ok"),
    "fails": ("failed", "ok"),
    "skips": ("skipped", "ok"),
    "xfails": ("xfailed", "ok"),
    "xpasses": ("xpassed", "ok"),
    "errors": ("error", "ok"),
    "breaches": ("failed", "breach"),
    "warms_up": ("passed", "warm-up"),
    "is_exempt": ("passed", "unmeasured"),
    "fails_with_a_limit": ("failed", "inconclusive"),
}


def test_document(project):
    """The document fits the schema, has each test once with outcome and verdict, and names what was exceeded."""
    run = project.with_files(SUITE).measure("--memopt-report")
    run.assert_no_crash()
    jsonschema.validate(run.document, schema())
    found = {
        nodeid.rpartition("::test_")[2]: (record["outcome"], record["verdict"]) for nodeid, record in run.tests.items()
    }
    assert found == OUTCOMES
    (breach,) = run.test("::test_breaches")["breaches"]
    assert (breach["metric"], breach["limit"], breach["confirmed"]) == ("growth", 10_000, True)
    assert breach["measured"] == pytest.approx(1_000_033, rel=0.2)
    assert len(breach["runs"]) == 3
    assert {(limit["metric"], limit["type"]) for limit in run.test("::test_breaches")["limits"]} == {
        ("peak", None),
        ("growth", None),
        ("objects", "test_all.Thing"),
        ("objects", None),
    }
    assert run.test("::test_breaches")["sites"][0]["path"].endswith("test_all.py")
    assert run.test("::test_is_exempt")["growth_bytes"] is None
    assert "not today" in run.test("::test_is_exempt")["why"]
    assert run.document["run"]["id"] == 1
    assert run.fixture("heavy")["growth_bytes"] >= 1_000_000 * run.fixture("heavy")["builds"]
    assert run.document["session"]["floor"]["windows"] > 0
    assert {meter["name"] for meter in run.document["meters"]} >= {"fds", "threads"}


def test_places(serial_project):
    """A path counts from where pytest was started; the option alone measures; ini does the same, the command line wins."""
    suite = {"deep/test_a.py": "def test_one(): pass\n", "pytest.ini": "[pytest]\nmemopt_json = by-ini/out.json\n"}
    project = serial_project.with_files(suite)
    project.run()
    document = json.loads((project.path / "by-ini" / "out.json").read_text(encoding="utf-8"))
    assert [record["nodeid"] for record in document["tests"]] == ["deep/test_a.py::test_one"]
    (project.path / "by-ini" / "out.json").unlink()
    project.run("--memopt-json", "given.json")
    assert (project.path / "given.json").is_file()
    assert not (project.path / "by-ini" / "out.json").exists()


def test_empty_and_broken_suites(serial_project):
    """A suite without tests, or one that can't be collected, still gives a document that fits the schema."""
    empty = serial_project.with_files({"test_empty.py": ""}).measure()
    assert empty.document["tests"] == []
    jsonschema.validate(empty.document, schema())
    broken = serial_project.with_files({"test_broken.py": "import no_such_module\n"}).measure()
    broken.assert_no_crash()
    assert broken.counts == {"errors": 1}
    jsonschema.validate(broken.document, schema())
