"""``--memopt-tracer``: who counts allocated peaks and finds the allocating lines."""

from __future__ import annotations

from importlib.util import find_spec
from textwrap import dedent

import pytest

SUITE = {
    "test_traced.py": dedent("""
        import tracemalloc
        import pytest
        KEPT = []

        @pytest.mark.memory_limit("5 MB")
        def test_over():
            bytes(9_000_000)

        @pytest.mark.memory_limit("5 MB")
        def test_under():
            bytes(3_000_000)

        def test_without_a_peak_limit():
            assert not tracemalloc.is_tracing()
            bytes(9_000_000)

        @pytest.mark.memory_limit(growth="10 KB")
        def test_keeps():
            KEPT.append(bytes(2_000_000))

        @pytest.mark.memory_limit("5 MB")
        def test_stops_the_tracing():
            tracemalloc.stop()
            bytes(9_000_000)
    """)
}


def _assert_figures(run):
    run.assert_no_crash()
    assert run.test("::test_over")["verdict"] == "breach"
    assert run.test("::test_over")["peak_bytes"] == pytest.approx(9_000_033, rel=0.01)
    assert run.test("::test_under")["verdict"] == "ok"
    assert run.test("::test_without_a_peak_limit")["peak_bytes"] is None
    site = run.test("::test_keeps")["sites"][0]
    assert site["path"].endswith("test_traced.py")
    assert site["bytes"] == pytest.approx(2_000_033, rel=0.01)
    assert run.lines_with("allocated 8.6 MiB at one time, limit 5 MB", "3 of 3 runs")


def test_tracemalloc(project):
    """Peaks are traced where they are limited, and only there; a test that stops the tracing is visibly unmeasured."""
    run = project.with_files(SUITE).measure()
    _assert_figures(run)
    assert run.counts == {"passed": 3, "failed": 2}
    stopped = run.test("::test_stops_the_tracing")
    assert stopped["verdict"] == "unmeasured"
    assert "peak" in stopped["why"]
    assert "tracemalloc" in stopped["why"]
    assert run.lines_with("test_stops_the_tracing", "unmeasured")


def test_a_suite_that_traces_itself_goes_on(serial_project):
    """Tracing that was on before a test is on after it, and its peak is still told or said to be missing."""
    suite = {
        "conftest.py": "import tracemalloc\ntracemalloc.start(3)\n",
        "test_tracing.py": dedent("""
            import tracemalloc
            import pytest
            @pytest.mark.memory_limit("5 MB")
            def test_over():
                assert tracemalloc.get_traceback_limit() == 3
                bytes(9_000_000)
            def test_after():
                assert tracemalloc.is_tracing()
                assert tracemalloc.get_traceback_limit() == 3
        """),
    }
    run = serial_project.watched().with_files(suite).measure()
    run.assert_no_crash()
    assert run.test("::test_after")["outcome"] == "passed"
    over = run.test("::test_over")
    assert over["verdict"] == "breach" or (over["verdict"] == "unmeasured" and "tracemalloc" in over["why"])


@pytest.mark.skipif(find_spec("memray") is not None, reason="memray is installed")
def test_memray_that_is_missing(serial_project):
    """Asking for memray where it isn't installed is a usage error that says so, by option or ini."""
    for ini, args in [("", ("--memopt-tracer=memray",)), ("memopt_tracer = memray", ())]:
        run = serial_project.with_files(SUITE | {"pytest.ini": f"[pytest]\n{ini}\n"}).run("--memopt", *args)
        run.assert_no_crash()
        assert run.lines_with("memray can't be used")
        assert run.result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.skipif(find_spec("memray") is None, reason="memray is not installed")
def test_memray(project):
    """With memray the figures are those of tracemalloc."""
    run = project.with_files(SUITE).measure("--memopt-tracer=memray")
    _assert_figures(run)
