"""``--memopt-limit`` and ``memopt_limits``: limits without touching the tests."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = {
    "tests/api/test_api.py": dedent("""
        import pytest
        def test_plain(): pass
        @pytest.mark.parametrize("n", [1, 2])
        def test_each(n): pass
        @pytest.mark.memory_limit(growth="9 MB")
        def test_marked(): pass
        class TestGroup:
            def test_in_group(self): pass
    """),
    "tests/ui/test_ui.py": dedent("""
        import pytest
        def test_plain(): pass
        @pytest.mark.slow
        def test_slow(): pass
    """),
    "pytest.ini": dedent("""
        [pytest]
        markers = slow: takes its time
        memopt_limits =
            # growth of everything
            growth=8MB

            tests/api/*: growth=7MB rss=70MB
            warn: tests/api/test_api.py::TestGroup: objects=700
            -m slow: growth=6MB
    """),
}


def _limits(run, ending):
    return {limit["metric"]: (limit["limit"], limit["severity"]) for limit in run.test(ending)["limits"]}


def test_closest_limit_wins(project):
    """For each metric the closest limit counts: mark, command line, marker expression, longer glob, shorter glob."""
    run = (
        project.watched()
        .with_files(SUITE)
        .measure(
            "--memopt-limit=tests/api/test_api.py::test_each*: growth=5MB",
            "--memopt-limit=tests/api/test_api.py::test_each[[]2]: growth=4MB, peak=40MB",
        )
    )
    assert run.counts == {"passed": 7}
    mb = 1_000_000
    assert _limits(run, "api.py::test_plain") == {"growth": (7 * mb, "fail"), "rss": (70 * mb, "fail")}
    assert _limits(run, "ui.py::test_plain") == {"growth": (8 * mb, "fail")}
    assert _limits(run, "::test_slow") == {"growth": (6 * mb, "fail")}
    assert _limits(run, "::test_marked") == {"growth": (9 * mb, "fail"), "rss": (70 * mb, "fail")}
    assert _limits(run, "::test_in_group")["objects"] == (700, "warn")
    assert _limits(run, "::test_each[1]")["growth"] == (5 * mb, "fail")
    assert _limits(run, "::test_each[2]")["growth"] == (4 * mb, "fail")
    assert _limits(run, "::test_each[2]")["peak"] == (40 * mb, "fail")
    sources = {limit["metric"]: limit["source"] for limit in run.test("::test_each[2]")["limits"]}
    assert "--memopt-limit" in sources["growth"]
    assert "memopt_limits" in sources["rss"]


LEAKY = dedent("""
    KEPT = []
    def test_leaks(): KEPT.append(bytes(500_000))
    def test_small(): pass
""")


def test_limits_alone_are_enforced(project):
    """A limit in ini or on the command line is enforced with no other option, and only its tests are measured."""
    project = project.with_files({"test_a.py": LEAKY})
    run = project.run("--memopt-limit=*_leaks: growth=100KB")
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "failed": 1}
    assert run.lines_with("limit from: --memopt-limit: *_leaks")
    assert run.lines_with("memory:", "1 test measured")


def test_fail_and_warn(serial_project):
    """``warn:`` tells a breach and fails nothing; ``fail:`` on the command line beats ``warn:`` in the ini file."""
    ini = {"pytest.ini": "[pytest]\nmemopt_limits = warn: growth=100KB\n"}
    project = serial_project.with_files({"test_a.py": LEAKY} | ini)
    warned = project.run()
    warned.assert_no_crash()
    assert warned.counts == {"passed": 2}
    assert warned.result.ret == pytest.ExitCode.OK
    # 488 KiB, or 492 where glibc gives so large a block whole pages of its own
    assert warned.lines_with("test_a.py::test_leaks", "held 4", "limit 100", "by memopt_limits")
    assert warned.lines_with("1 breach", "without failing")
    failed = project.run("--memopt-limit=fail: test_a.py: growth=100KB")
    assert failed.counts == {"passed": 1, "failed": 1}
