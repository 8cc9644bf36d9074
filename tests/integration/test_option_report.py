"""``--memopt-report``: everything measured, a summary worth reading, and the run in the history."""

from __future__ import annotations

from textwrap import dedent

SUITE = {
    "test_report.py": dedent("""
        import pytest
        KEPT = []

        @pytest.fixture(scope="module")
        def heavy():
            return bytes(3_000_000)

        def test_keeps(heavy):
            KEPT.append(bytes(500_000))

        @pytest.mark.memory_limit(growth="1 KB")
        def test_breaches():
            KEPT.append(bytes(2_000_000))

        FIRST = []
        @pytest.mark.memory_limit(growth="1 KB")
        def test_warms_up():
            if not FIRST:
                FIRST.append(bytes(700_000))

        def test_nothing():
            pass
    """)
}


def test_summary(project):
    """The summary has its facts, the worst tests with their notes, the fixtures, and the verdicts counted."""
    args = ("--dist=loadfile",) if "-n" in project.args else ()
    run = project.with_files(SUITE).run("--memopt-report", *args)
    run.assert_no_crash()
    assert run.counts == {"passed": 3, "failed": 1}
    assert run.lines_with("====", " memory ====")
    assert run.lines_with("4 tests measured", "floor 0 B, 0 objects", "gc frozen", "run 1 → ", "history.db")
    assert run.lines_with("RSS ", "→")
    assert run.lines_with("growth", "peak RSS", "objects", "test")
    growths = {
        name: [line.split()[0] for line in run.lines_with(name) if line.lstrip().startswith("+")]
        for name in ("test_keeps", "test_breaches", "test_warms_up")
    }
    assert {name: len(found) for name, found in growths.items()} == dict.fromkeys(growths, 1)
    assert run.lines_with("held 1.9 MiB after the test, limit 1 KB")
    assert run.lines_with("warm-up:", "on the second run")
    assert run.lines_with("heavy (module)", "2.9 MiB")
    assert run.lines_with("1 breach", "1 warm-up", "2 ok")
    assert (project.path / ".memopt" / "history.db").is_file()


def test_verbosity(serial_project):
    """``-q`` leaves what must be said, and one line for each failure."""
    run = serial_project.with_files(SUITE).run("--memopt-report", "-q")
    assert run.lines_with("memory:", "4 tests measured", "1 breach")
    assert run.lines_with("test_report.py::test_breaches: held 1.9 MiB after the test, limit 1 KB")
    assert run.lines_with("peak RSS", "objects") == []


def test_ini(serial_project):
    """``memopt_report = true`` does the same, and the command line's other options still count."""
    suite = SUITE | {"pytest.ini": "[pytest]\nmemopt_report = true\n"}
    run = serial_project.watched().with_files(suite).run("--memopt-no-history")
    assert run.lines_with("====", " memory ====")
    assert run.lines_with("history off")
    assert not (serial_project.path / ".memopt" / "history.db").exists()


def test_warnings_become_errors_elsewhere(serial_project):
    """A suite that turns warnings into errors, and is strict on all else, doesn't notice us."""
    ini = "[pytest]\nfilterwarnings = error\naddopts = --strict-markers --strict-config -ra\n"
    run = serial_project.with_files(SUITE | {"pytest.ini": ini}).run("--memopt-report", "-W", "error")
    run.assert_no_crash()
    assert run.counts == {"passed": 3, "failed": 1}


def test_tests_that_fail_by_themselves_are_not_ok(project):
    """The last line counts each test once, as what it is; in the JSON report their memory's verdict stays what it was."""
    suite = """
        import pytest
        @pytest.fixture
        def broken(): raise RuntimeError
        def test_fails(): assert False
        def test_errs(broken): pass
        def test_skips(): pytest.skip("not today")
        def test_passes(): pass
    """
    run = project.with_files({"test_ends.py": dedent(suite)}).measure("--memopt-report")
    assert run.lines_with("1 failed · 1 error · 1 skipped · 1 ok")
    assert {record["verdict"] for record in run.tests.values()} == {"ok"}


def test_names_are_whole(project):
    """However long a test's name, and whatever is to be said of it, it can be copied from the summary and run."""
    suite = """
        import pytest
        KEPT = []
        @pytest.mark.parametrize("where", ["a-folder-of-a-rather-long-name/and-another-one"])
        @pytest.mark.memory_limit(growth="1 KB")
        def test_writes_what_it_was_given(where): KEPT.append(bytes(100_000))
    """
    nodeid = "tests/test_long.py::test_writes_what_it_was_given[a-folder-of-a-rather-long-name/and-another-one]"
    run = project.with_files({"tests/test_long.py": dedent(suite)}).run("--memopt-report", "--memopt-no-history")
    lines = run.text.splitlines()
    place = lines.index(nodeid)
    assert lines[place - 1].split() == ["growth", "peak", "RSS", "objects"]
    assert lines[place + 1].endswith("held 97.7 KiB after the test, limit 1 KB")
    assert project.execute("--memopt-report", nodeid).counts == {"failed": 1}
