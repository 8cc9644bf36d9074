"""``--memopt``: every test is measured; without it, and without a limit, nothing of ours is even loaded."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = {
    "tests/test_small.py": dedent("""
        KEPT = []
        def test_keeps():
            KEPT.append(bytes(300_000))
        def test_nothing():
            pass
    """)
}
LOOK = dedent("""
    import sys

    HEAVY = ("psutil", "pympler", "sqlite3", "rich", "pytest_memopt.meters", "pytest_memopt.snapshots")

    def loaded():
        return [name for name in HEAVY if name in sys.modules]
""")
NOTHING_LOADED = dedent("""
    from look import loaded

    def test_nothing_is_loaded():
        assert loaded() == []
""")


def test_off_loads_nothing(project):
    """Without an option, ini value or mark, neither psutil nor pympler nor our meters are loaded, in any process."""
    files = {"look.py": LOOK, "test_off.py": NOTHING_LOADED, "conftest.py": "import sys; sys.path.insert(0, '.')\n"}
    conftest = files["conftest.py"] + dedent("""
        def pytest_unconfigure(config):
            from look import loaded
            assert loaded() == []
    """)
    run = project.with_files(files | {"conftest.py": conftest}).run()
    run.assert_no_crash()
    assert run.counts == {"passed": 1}
    assert run.result.ret == pytest.ExitCode.OK
    assert run.lines_with("memory") == []
    assert not (project.path / ".memopt").exists()


def test_on_measures_all_and_takes_no_argument(project):
    """``--memopt tests`` runs the folder ``tests``, measures each test, tells it in two lines, and keeps no history."""
    run = project.watched().with_files(SUITE).run("--memopt", "tests")
    run.assert_no_crash()
    assert run.counts == {"passed": 2}
    assert run.lines_with("memory:", "2 tests measured")
    assert run.lines_with("held ") == []
    assert not (project.path / ".memopt" / "history.db").exists()


def test_header_says_what_measures(serial_project):
    """The header names the meters, the floor and the collector's mode when something is measured."""
    run = serial_project.with_files(SUITE).run("--memopt")
    (line,) = run.lines_with("memopt: exact:")
    assert "floor 0 B, 0 objects" in line
    assert "gc freeze" in line


def test_empty_tests_read_nothing(serial_project):
    """Where no other plugin is loaded, empty tests read next to nothing: the first, those between, and the last."""
    suite = {f"test_{name}.py": "def test_one(): pass\ndef test_two(): pass\ndef test_three(): pass\n" for name in "ab"}
    run = serial_project.with_files(suite).measure()
    readings = {nodeid: (record["growth_bytes"], record["objects"]) for nodeid, record in run.tests.items()}
    assert {nodeid: reading for nodeid, reading in readings.items() if abs(reading[0]) > 1536 or reading[1] > 1} == {}


@pytest.mark.parametrize(
    ("ini", "args", "is_on"),
    [
        ("memopt = true", (), True),
        ("memopt = false", (), False),
        ("memopt = false", ("--memopt",), True),
        ("memopt = true", ("-o", "memopt=no"), False),
        ("memopt = true", ("-p", "no:memopt"), False),
    ],
)
def test_layers(serial_project, ini, args, is_on):
    """The command line beats the ini file, the ini file beats the default; blocking the plugin beats both."""
    run = serial_project.watched().with_files(SUITE | {"pytest.ini": f"[pytest]\n{ini}\n"}).run(*args)
    run.assert_no_crash()
    assert run.counts == {"passed": 2}
    assert bool(run.lines_with("memory:", "2 tests measured")) is is_on


def test_nothing_is_measured_where_nothing_runs(serial_project):
    """``--collect-only``, ``--setup-plan`` and an empty suite end as they do without us."""
    project = serial_project.with_files(SUITE)
    for args, code in [
        (("--collect-only",), pytest.ExitCode.OK),
        (("--setup-plan",), pytest.ExitCode.OK),
        (("-k", "no_such_test"), pytest.ExitCode.NO_TESTS_COLLECTED),
    ]:
        run = project.run("--memopt", *args)
        run.assert_no_crash()
        assert run.result.ret == code
        assert "breach" not in run.text
