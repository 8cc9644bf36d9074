"""``--memopt-confirm``: how many reruns must reproduce a breach before it is a failure."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = {
    "test_confirm.py": dedent("""
        import os
        import pytest

        pytestmark = pytest.mark.memory_limit(growth="10 KB")
        KEPT = []
        RUNS = {}

        def grow(name, until):
            RUNS[name] = RUNS.get(name, 0) + 1
            with open(f"runs-{name}", "w") as out:
                out.write(str(RUNS[name]))
            if RUNS[name] <= until:
                KEPT.append(bytes(200_000))

        @pytest.fixture
        def rebuilt():
            return []

        @pytest.fixture(scope="module")
        def kept():
            return []

        def test_always(): grow("always", 1000)
        def test_first(): grow("first", 1)
        def test_twice(): grow("twice", 2)
        def test_never(): grow("never", 0)
        def test_fixtures(rebuilt, kept):
            assert rebuilt == []
            rebuilt.append(1)
            kept.append(1)
            grow("fixtures", 1)
            assert len(kept) == RUNS["fixtures"]
    """)
}


def _verdicts(run):
    return {nodeid.rpartition("::test_")[2]: record["verdict"] for nodeid, record in run.tests.items()}


def _runs(project):
    names = ("always", "first", "twice", "never")
    return {name: int((project.path / f"runs-{name}").read_text()) for name in names}


def test_default_is_two(project):
    """By default two reruns must agree: what doesn't come back is a warm-up, with function fixtures rebuilt."""
    run = project.with_files(SUITE).measure()
    run.assert_no_crash()
    assert run.counts == {"passed": 4, "failed": 1}
    assert _verdicts(run) == {
        "always": "breach",
        "first": "warm-up",
        "twice": "warm-up",
        "never": "ok",
        "fixtures": "warm-up",
    }
    assert run.lines_with("3 of 3 runs")
    assert len(run.test("::test_always")["reruns"]) == 2
    assert run.test("::test_always")["breaches"][0]["confirmed"] is True
    # one more run finds the allocating lines of what failed; a test within its limits runs once
    assert _runs(project) == {"always": 4, "first": 2, "twice": 3, "never": 1}


@pytest.mark.parametrize(
    ("ini", "args", "failed", "reruns"),
    [
        ("", ("--memopt-confirm=0",), {"always", "first", "twice", "fixtures"}, 0),
        ("memopt_confirm = 1", (), {"always", "twice"}, 1),
        ("memopt_confirm = 1", ("--memopt-confirm", "4"), {"always"}, 4),
    ],
)
def test_layers(serial_project, ini, args, failed, reruns):
    """The number comes from the command line, else from ini; 0 judges the first run."""
    run = serial_project.with_files(SUITE | {"pytest.ini": f"[pytest]\n{ini}\n"}).measure(*args)
    run.assert_no_crash()
    assert {name for name, verdict in _verdicts(run).items() if verdict == "breach"} == failed
    assert len(run.test("::test_always")["reruns"]) == reruns


def test_what_cannot_be_rerun_is_judged_on_its_first_run(project):
    """A test that fails or is skipped when it runs again is judged on its first run, and says so."""
    run = (
        project.watched()
        .with_files(
            {
                "test_once.py": dedent("""
                import pytest
                pytestmark = pytest.mark.memory_limit(growth="10 KB")
                KEPT = []
                DONE = []
                def test_fails_later():
                    KEPT.append(bytes(200_000))
                    assert not DONE
                    DONE.append(1)
                SKIPPED = []
                def test_skips_later():
                    KEPT.append(bytes(200_000))
                    if SKIPPED:
                        pytest.skip("only once")
                    SKIPPED.append(1)
            """)
            }
        )
        .measure()
    )
    run.assert_no_crash()
    assert run.counts == {"failed": 2}
    assert run.lines_with("judged on its first run", "failed")
    assert run.lines_with("judged on its first run", "skipped")
    for record in run.tests.values():
        assert record["verdict"] == "breach"
        assert record["breaches"][0]["confirmed"] is False
