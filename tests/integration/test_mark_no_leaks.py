"""``@pytest.mark.no_leaks``: one test is proven free of leaks, or fails with the culprit."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = dedent("""
    import pytest
    KEPT, ALLOWED = [], {}

    @pytest.mark.no_leaks
    def test_leaks(): KEPT.append([1])

    def test_unmarked(): KEPT.append([1])

    @pytest.mark.no_leaks
    def test_clean(tmp_path): pass

    @pytest.mark.no_leaks(ignore=["test_marked.ALLOWED"])
    def test_ignored(): ALLOWED[len(ALLOWED)] = [1]

    @pytest.mark.no_leaks(rounds=9)
    def test_rounds(): pass

    @pytest.mark.no_leaks
    @pytest.mark.memory_limit(growth="10 MB")
    def test_with_a_limit(): KEPT.append([1])

    @pytest.mark.no_leaks
    @pytest.mark.xfail(strict=True)
    def test_expected_to_leak(): KEPT.append([1])

    @pytest.mark.no_leaks
    @pytest.mark.xfail(reason="a known leak")
    def test_expected_perhaps(): KEPT.append([1])

    @pytest.mark.no_leaks
    @pytest.mark.xfail(strict=True)
    def test_expected_in_vain(): pass

    @pytest.mark.no_leaks
    @pytest.mark.xfail(raises=ValueError)
    def test_expected_otherwise(): KEPT.append([1])
""")


def test_marked_tests_are_hunted(project):
    """The mark works without any option, on the marked tests alone."""
    run = project.with_files({"test_marked.py": SUITE}).run()
    run.assert_no_crash()
    failed = {line.partition("::")[2].partition(" ")[0] for line in run.lines_with("MEMORY test_marked.py::")}
    assert failed == {"test_leaks", "test_with_a_limit", "test_expected_otherwise"}
    assert run.counts == {"failed": 4, "passed": 4, "xfailed": 2}


def test_xfail_covers_a_leak(project):
    """A leak in a test that is expected to fail is what was expected, strict or not; a strict one that is clean fails."""
    run = project.with_files({"test_marked.py": SUITE}).measure()
    outcomes = {
        nodeid.rpartition("::test_expected_")[2]: (record["outcome"], record["verdict"])
        for nodeid, record in run.tests.items()
        if "::test_expected" in nodeid
    }
    assert outcomes == {
        "to_leak": ("xfailed", "leak"),
        "perhaps": ("xfailed", "leak"),
        "in_vain": ("failed", "ok"),
        "otherwise": ("failed", "leak"),
    }


def test_what_is_ignored_is_a_known_leak(project):
    """A leak whose culprits are all to be ignored passes, and is told as known; rounds are made as many as asked for."""
    run = project.with_files({"test_marked.py": SUITE}).measure()
    ignored = run.test("::test_ignored")
    assert (ignored["outcome"], ignored["verdict"]) == ("passed", "known-leak")
    assert run.test("::test_rounds")["leak"]["rounds"] >= 10
    assert run.test("::test_unmarked")["leak"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("5", "test_a.py::test_a: no_leaks takes keywords only (rounds, ignore, isolate), got 5"),
        ("rounds=0", "no_leaks: rounds=0 is not a count; give a whole number of 1 or more"),
        ("ignore='app'", "no_leaks: ignore='app' is not a list of names"),
        ("isolate='yes'", "no_leaks: isolate='yes' is neither True nor False"),
        ("round=3", "no_leaks: unknown keyword 'round'; did you mean 'rounds'?"),
    ],
)
def test_a_wrong_mark_is_an_error_of_collection(project, arguments, told):
    """A mark that can't be understood names the test, the value and what would be right."""
    text = f"import pytest\n@pytest.mark.no_leaks({arguments})\ndef test_a(): pass\n"
    run = project.with_files({"test_a.py": text}).run()
    run.assert_no_crash()
    assert run.lines_with(told)
    assert run.result.ret in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.TESTS_FAILED)


def test_a_long_lived_sqlite_connection_does_not_leak(project):
    """A connection that a wider fixture or a pool keeps lists spent cursors up to a bound, which is told as a filling cache."""
    run = project.with_files(
        {
            "test_sqlite.py": dedent("""
            import sqlite3
            import pytest

            @pytest.fixture(scope="session")
            def connection():
                return sqlite3.connect(":memory:")

            @pytest.mark.no_leaks
            def test_session(connection):
                connection.execute("select 1").fetchone()

            @pytest.mark.no_leaks
            def test_pool(pooled_resource, resource_manager):
                resource_manager.register("db", connect, reset=sqlite3.Connection.rollback)
                pooled_resource("db").execute("select 1").fetchone()

            def connect():
                return sqlite3.connect(":memory:")
        """),
        }
    ).measure("-p", "no:logging", "-p", "no:warnings")
    assert run.counts == {"passed": 2}
    assert {record["verdict"] for record in run.tests.values()} <= {"filling-cache", "ok"}
