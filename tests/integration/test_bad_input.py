"""Bad input, from outside: one clear line that names subject and value, and a suite whose own results are untouched."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from textwrap import dedent

import pytest

SUITE = {
    "test_suite.py": dedent("""
        import pytest

        def test_passes():
            assert True

        def test_fails():
            assert [1] == [2]

        def test_skips():
            pytest.skip("on purpose")

        @pytest.mark.xfail(strict=True)
        def test_fails_as_expected():
            raise ValueError
    """)
}
SUITE_COUNTS = {"passed": 1, "failed": 1, "skipped": 1, "xfailed": 1}


def _assert_one_clear_line(run, *words):
    """Some line holds all of the words, and nothing of ours or of pytest fell over."""
    run.assert_no_crash()
    assert "Traceback (most recent call last)" not in run.text
    assert run.lines_with(*words), f"no line holds all of {words}:\n{run.text}"


def _assert_suite_untouched(run):
    """The suite's outcomes are those it has without the plugin."""
    run.assert_no_crash()
    assert run.counts == SUITE_COUNTS
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED


WRONG_MARKS = {
    "no size": ('memory_limit("lots")', ["'lots'"]),
    "no unit": ('memory_limit("20")', ["'20'"]),
    "unknown unit": ('memory_limit(growth="12 XB")', ["growth", "'12 XB'"]),
    "something after the unit": ('memory_limit("10 MB/s")', ["'10 MB/s'"]),
    "negative": ("memory_limit(-5)", ["-5"]),
    "negative text": ('memory_limit("-5 MB")', ["'-5 MB'"]),
    "bool": ("memory_limit(True)", ["True"]),
    "float": ("memory_limit(1.5)", ["1.5"]),
    "list": ("memory_limit([1])", ["[1]"]),
    "percent without a baseline": ('memory_limit(growth="20%")', ["growth", "20%"]),
    "misspelt": ('memory_limit(grwoth="1 KB")', ["grwoth", "growth"]),
    "unknown": ('memory_limit(zzz="1 KB")', ["zzz"]),
    "two sizes": ('memory_limit("1 MB", "2 MB")', ["'2 MB'"]),
    "peak twice": ('memory_limit("1 MB", peak="2 MB")', ["peak"]),
    "nothing": ("memory_limit()", ["memory_limit"]),
    "negative objects": ("memory_limit(objects=-1)", ["objects", "-1"]),
    "objects in words": ('memory_limit(objects="few")', ["objects", "'few'"]),
    "objects of a type in words": ('memory_limit(objects={"app.Session": "x"})', ["app.Session", "'x'"]),
    "objects by number": ("memory_limit(objects={1: 2})", ["objects", "1"]),
    "part of a descriptor": ("memory_limit(fds=1.5)", ["fds", "1.5"]),
    "descriptors in bytes": ('memory_limit(fds="1 KB")', ["fds", "'1 KB'"]),
    "threads true": ("memory_limit(threads=True)", ["threads", "True"]),
    "negative warm-up": ("memory_limit(growth=1, warmup=-1)", ["warmup", "-1"]),
    "warm-up in words": ('memory_limit(growth=1, warmup="two")', ["warmup", "'two'"]),
    "unknown collector": ('memopt(gc="never")', ["gc", "'never'"]),
    "misspelt skip": ("memopt(skp=True)", ["skp", "skip"]),
    "skip in words": ('memopt(skip="maybe")', ["skip", "'maybe'"]),
    "positional": ("memopt(True)", ["memopt", "True"]),
    "other plugin's name": ('limit_memory("1 MB")', ["limit_memory", "memory_limit"]),
}


def test_each_wrong_mark_is_one_line_that_names_the_test(project):
    """Every wrong mark is told in one line with the test's name and the value, and nothing crashes."""
    marks = list(WRONG_MARKS.items())
    text = "import pytest\n" + "".join(
        f"\n@pytest.mark.{mark}\ndef test_{number}():\n    pass\n" for number, (_, (mark, _)) in enumerate(marks)
    )
    run = project.watched().with_files({"test_marks.py": text, "test_sound.py": "def test_sound(): pass"}).run()
    run.assert_no_crash()
    assert run.result.ret not in {pytest.ExitCode.OK, pytest.ExitCode.INTERNAL_ERROR}
    assert "Traceback (most recent call last)" not in run.text
    silent = {
        name: (mark, words)
        for number, (name, (mark, words)) in enumerate(marks)
        if not run.lines_with(f"test_marks.py::test_{number}:", *words)
        and not run.lines_with(f"test_marks.py::test_{number} ", *words)
    }
    assert silent == {}, run.text


@pytest.mark.parametrize("name", ["no size", "misspelt", "other plugin's name"])
def test_one_wrong_mark_is_told_alone(serial_project, name):
    """A single wrong mark gives its line too, and the run fails."""
    mark, words = WRONG_MARKS[name]
    run = serial_project.with_files(
        {"test_one.py": f"import pytest\n\n@pytest.mark.{mark}\ndef test_one():\n    pass\n"}
    ).run()
    _assert_one_clear_line(run, "test_one.py::test_one", *words)
    assert run.result.ret != pytest.ExitCode.OK


def test_wrong_marks_of_classes_and_modules(serial_project):
    """A wrong mark on a class or module is told with the name of what carries it."""
    run = serial_project.with_files(
        {
            "test_class.py": dedent("""
                import pytest
                @pytest.mark.memory_limit(growth="huge")
                class TestClass:
                    def test_method(self):
                        pass
            """),
            "test_module.py": dedent("""
                import pytest
                pytestmark = pytest.mark.memory_limit(rss="vast")
                def test_function():
                    pass
            """),
        }
    ).run()
    _assert_one_clear_line(run, "test_class.py::TestClass", "'huge'")
    _assert_one_clear_line(run, "test_module.py", "'vast'")


def test_a_mark_of_another_plugin_is_left_alone(serial_project):
    """``limit_memory`` is nobody's mistake where a plugin defines it."""
    run = serial_project.with_files(
        {
            "conftest.py": dedent("""
                def pytest_configure(config):
                    config.addinivalue_line("markers", "limit_memory(size): of another plugin.")
            """),
            "test_other.py": "import pytest\n\n@pytest.mark.limit_memory('1 MB')\ndef test_other():\n    pass\n",
        }
    ).measure()
    assert run.counts == {"passed": 1}
    assert run.result.ret == pytest.ExitCode.OK


def test_strict_markers_know_our_marks(serial_project):
    """Our own marks are registered, so that strict suites can use them."""
    run = serial_project.with_files(
        {
            "test_strict.py": dedent("""
                import pytest
                pytestmark = [pytest.mark.memory_limit("1 GB"), pytest.mark.memopt(skip=True, reason="on purpose")]
                def test_strict():
                    pass
            """)
        }
    ).run("--strict-markers")
    assert run.counts == {"passed": 1}


WRONG_OPTIONS = [
    ("--memopt-limit=tests/*: peak=lots", ["--memopt-limit", "lots"]),
    ("--memopt-limit=no colon at all", ["--memopt-limit", "no colon at all"]),
    ("--memopt-limit=tests/*: paek=1MB", ["--memopt-limit", "paek", "peak"]),
    ("--memopt-limit=tests/*:", ["--memopt-limit", "tests/*:"]),
    ("--memopt-limit=: peak=1MB", ["--memopt-limit", ": peak=1MB"]),
    ("--memopt-limit=", ["--memopt-limit"]),
    ("--memopt-limit=-m (not: peak=1MB", ["--memopt-limit", "(not"]),
    ("--memopt-confirm=-1", ["--memopt-confirm", "-1"]),
    ("--memopt-confirm=two", ["--memopt-confirm", "two"]),
    ("--memopt-top=many", ["--memopt-top", "many"]),
    ("--memopt-top=-3", ["--memopt-top", "-3"]),
    ("--memopt-gc=never", ["--memopt-gc", "never", "freeze"]),
    ("--memopt-tracer=magic", ["--memopt-tracer", "magic", "tracemalloc"]),
]


@pytest.mark.parametrize(("option", "words"), WRONG_OPTIONS, ids=[option for option, _ in WRONG_OPTIONS])
def test_wrong_options(serial_project, option, words):
    """A wrong value on the command line is a usage error that names option and value."""
    run = serial_project.with_files(SUITE).run("--memopt", option)
    _assert_one_clear_line(run, *words)
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR


WRONG_INI = [
    ("memopt = maybe", ["memopt", "maybe"]),
    ("memopt_report = perhaps", ["memopt_report", "perhaps"]),
    ("memopt_confirm = many", ["memopt_confirm", "many"]),
    ("memopt_confirm = -2", ["memopt_confirm", "-2"]),
    ("memopt_top = lots", ["memopt_top", "lots"]),
    ("memopt_gc = sometimes", ["memopt_gc", "sometimes", "freeze"]),
    ("memopt_tracer = chalk", ["memopt_tracer", "chalk", "tracemalloc"]),
    ("memopt_limits =\n    tests/*: growth=wide", ["memopt_limits", "wide"]),
    ("memopt_limits =\n    a*: peak=1MB\n    b* peak=1MB", ["memopt_limits", "b* peak=1MB"]),
]


@pytest.mark.parametrize(
    ("line", "words"), WRONG_INI, ids=[line.split("\n")[0] + words[-1] for line, words in WRONG_INI]
)
def test_wrong_ini_values(serial_project, line, words):
    """A wrong value in the ini file is a usage error that names its key and value, even when nothing is measured."""
    run = serial_project.with_files(SUITE | {"pytest.ini": f"[pytest]\n{line}\n"}).run()
    _assert_one_clear_line(run, *words)
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR


def test_wrong_options_under_xdist(serial_project):
    """Under xdist the same error comes once, from the controller, before a worker is started."""
    pytest.importorskip("xdist")
    run = serial_project.watched().with_files(SUITE).run("-n", "2", "--memopt", "--memopt-gc=never")
    _assert_one_clear_line(run, "--memopt-gc", "never")
    assert len(run.lines_with("--memopt-gc", "never")) == 1
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest 9 reads pytest.toml")
def test_ini_in_toml_has_the_same_checks(serial_project):
    """Values of pytest's own TOML are checked alike, and right ones are used."""
    wrong = serial_project.with_files(
        SUITE | {"pytest.toml": '[pytest]\nmemopt_limits = ["tests/*: growth=wide"]\n', "pytest.ini": ""}
    )
    run = wrong.run()
    _assert_one_clear_line(run, "memopt_limits", "wide")
    right = serial_project.with_files(
        {
            "pytest.toml": '[pytest]\nmemopt = true\nmemopt_limits = ["*test_one*: growth=1KB"]\n',
            "test_one.py": "KEPT = []\ndef test_one():\n    KEPT.append(bytes(5000))\n",
        }
    )
    (serial_project.path / "pytest.ini").unlink()
    (serial_project.path / "test_suite.py").unlink()
    run = right.with_files({"pytest.ini": ""})
    run.write()
    (serial_project.path / "pytest.ini").unlink()
    assert serial_project.execute("test_one.py").counts == {"failed": 1}


def _history_in_a_file(path):
    (path / "plain").write_text("not a folder")
    return path / "plain" / "history.db"


def _history_is_a_folder(path):
    (path / "folder").mkdir()
    return path / "folder"


def _history_is_text(path):
    (path / "history.db").write_text("this is no database " * 1000)
    return path / "history.db"


def _history_is_cut_short(path):
    with closing(sqlite3.connect(path / "history.db")) as database, database:
        database.execute("create table t (a)")
        database.executemany("insert into t values (?)", (("x" * 500,) for _ in range(200)))
    whole = (path / "history.db").read_bytes()
    (path / "history.db").write_bytes(whole[: len(whole) // 3])
    return path / "history.db"


def _history_of_another_program(path):
    with closing(sqlite3.connect(path / "history.db")) as database, database:
        database.execute("create table runs (something_else integer)")
        database.execute("insert into runs values (1)")
    return path / "history.db"


def _history_from_the_future(path):
    with closing(sqlite3.connect(path / "history.db")) as database, database:
        database.execute("pragma user_version = 9999")
        database.execute("create table made_later (a)")
    return path / "history.db"


def _history_behind_a_device(path):
    return "/dev/null/history.db"


HISTORIES = [
    _history_in_a_file,
    _history_is_a_folder,
    _history_is_text,
    _history_is_cut_short,
    _history_of_another_program,
    _history_from_the_future,
    _history_behind_a_device,
]


@pytest.mark.parametrize("history", HISTORIES, ids=[function.__name__.strip("_") for function in HISTORIES])
def test_unusable_histories(serial_project, history):
    """A history that can't be used is one line in the summary, the suite goes on, and the file isn't touched."""
    _assert_history_is_refused(serial_project, history)


def test_an_unusable_history_of_two_processes(project_in_two):
    """The same under xdist: one line, from the controller."""
    _assert_history_is_refused(project_in_two, _history_is_text)


def _assert_history_is_refused(project, history):
    path = history(project.path)
    before = path.read_bytes() if hasattr(path, "is_file") and path.is_file() else None
    run = project.watched().with_files(SUITE).measure("--memopt-report", f"--memopt-history={path}")
    _assert_suite_untouched(run)
    _assert_one_clear_line(run, "history", str(path).rpartition("/")[2])
    assert len(run.tests) == 4
    assert run.document["run"]["id"] is None
    if before is not None:
        assert path.read_bytes() == before


def test_locked_history(serial_project):
    """A history that another process keeps locked is one line, and the run doesn't wait for ever."""
    path = serial_project.path / "history.db"
    hasty = "import pytest_memopt.history.connection as connection\nconnection.BUSY_TIMEOUT_S = 1\n"
    project = serial_project.with_files(SUITE | {"conftest.py": hasty})
    project = project.with_args("--memopt-report", f"--memopt-history={path}")
    assert project.measure().document["run"]["id"] == 1
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("begin exclusive")
        run = project.measure(timeout_s=60)
        database.execute("rollback")
    _assert_suite_untouched(run)
    _assert_one_clear_line(run, "history")


def test_two_runs_at_once_on_one_history(serial_project):
    """Runs that start and end together are both kept, each under a number of its own."""
    project = serial_project.with_files(SUITE).with_args("--memopt-report", "-p", "no:cacheprovider")
    count = 3
    running = [
        project.start(f"--memopt-json=run-{number}.json", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for number in range(count)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [1] * count
    assert [output for output in outputs if "INTERNALERROR" in output or "Traceback" in output] == []
    ids = [json.loads((project.path / f"run-{number}.json").read_text())["run"]["id"] for number in range(count)]
    assert sorted(ids) == [1, 2, 3]


def test_without_the_cache_of_pytest(serial_project):
    """The plugin doesn't need pytest's cache."""
    run = serial_project.with_files(SUITE).measure("--memopt-report", "-p", "no:cacheprovider")
    _assert_suite_untouched(run)
    assert not (serial_project.path / ".pytest_cache").exists()


@pytest.mark.parametrize("plugin", ["logging", "capture", "warnings", "unraisableexception"])
def test_without_other_parts_of_pytest(serial_project, plugin):
    """Each part of pytest that can be switched off can be missing."""
    switch = "--capture=no" if plugin == "capture" else f"-pno:{plugin}"
    run = serial_project.watched().with_files(SUITE).measure("--memopt-report", switch)
    run.assert_no_crash()
    assert {record["outcome"] for record in run.tests.values()} == {"passed", "failed", "skipped", "xfailed"}
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("allocator", ["malloc", "debug"])
def test_other_allocators(serial_project, allocator):
    """Under another allocator of Python the figures are still right, or said to be estimates."""
    keeps = dedent("""
        KEPT = [None]
        def test_warm():
            KEPT[0] = bytes(10)
        def test_keeps():
            KEPT[0] = bytes(1_000_000)
        def test_keeps_small():
            KEPT[0] = [[] for _ in range(10_000)]
    """)
    project = serial_project.with_files(SUITE | {"test_zz_keeps.py": keeps}).with_variables(PYTHONMALLOC=allocator)
    run = project.measure("--memopt-report")
    run.assert_no_crash()
    assert run.counts == SUITE_COUNTS | {"passed": 4}
    assert run.test("::test_keeps")["growth_bytes"] == pytest.approx(1_000_033, rel=0.01)
    assert abs(run.test("::test_passes")["objects"]) <= 2


def _read_only(path):
    """What starts a command in a mount namespace of its own, where ``path`` is read-only."""
    script = f'mount --bind "{path}" "{path}" && mount -o remount,ro,bind "{path}" && cd "$PWD" && exec "$@"'
    prefix = ("unshare", "-m", "sh", "-c", script, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("needs the right to make a mount read-only")
    return prefix


def test_read_only_project(serial_project):
    """In a folder that can't be written the suite runs as ever, and the history says why it isn't kept."""
    project = serial_project.with_files(SUITE).with_prefix(*_read_only(serial_project.path))
    run = project.run("--memopt-report", "-p", "no:cacheprovider")
    _assert_suite_untouched(run)
    _assert_one_clear_line(run, "history", "history.db")


def test_json_that_cannot_be_written(serial_project):
    """A report that can't be written is one line that names it, and the results stay."""
    project = serial_project.watched().with_files(SUITE)
    (project.path / "plain").write_text("not a folder")
    run = project.run("--memopt", "--memopt-json=plain/out.json")
    run.assert_no_crash()
    assert "Traceback (most recent call last)" not in run.text
    assert run.counts == SUITE_COUNTS
    assert run.lines_with("plain/out.json")


def test_read_only_proc(serial_project):
    """Where the kernel's peak can't be reset, it is missing or estimated, and everything else goes on."""
    run = serial_project.with_files(SUITE).with_prefix(*_read_only("/proc")).measure("--memopt-report")
    _assert_suite_untouched(run)
    assert abs(run.test("::test_passes")["growth_bytes"]) <= 1536


def test_limit_that_nothing_matches(project):
    """A glob that matches no test is no error, but a misspelt one would limit nothing in silence, so it is told."""
    run = (
        project.watched()
        .with_files(SUITE)
        .measure(
            "--memopt-report", "--memopt-limit=nowhere/*: peak=1MB", "--memopt-limit=shout: test_suite.py: peak=1GB"
        )
    )
    _assert_suite_untouched(run)
    assert run.lines_with("nowhere/*")
    assert run.lines_with("shout")


def test_limits_are_enforced_without_any_option(project):
    """A mark alone is enough: no option, no ini."""
    run = project.with_files(
        {
            "test_marked.py": dedent("""
                import pytest
                KEPT = []
                @pytest.mark.memory_limit(growth="1 KB")
                def test_leaks():
                    KEPT.append(bytes(5000))
                def test_sound():
                    pass
            """)
        }
    ).run()
    assert run.counts == {"passed": 1, "failed": 1}
    assert run.lines_with("limit")


def test_surrounding_variables(project):
    """Odd surroundings change nothing: a summary file that can't be written, no HOME, another language."""
    odd = {
        "GITHUB_STEP_SUMMARY": f"{os.devnull}/nowhere",
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "COLUMNS": "20",
    }
    run = project.watched().with_files(SUITE).with_variables(**odd).measure("--memopt-report")
    _assert_suite_untouched(run)
