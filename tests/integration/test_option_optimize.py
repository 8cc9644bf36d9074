"""``--memopt-optimize``: what it does between tests, that it is told as it was, and that all of it is undone."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from textwrap import dedent

import pytest

from pytest_memopt.report.json_report import schema

CONFTEST = dedent("""
    import gc
    import os
    import sys
    from inspect import unwrap

    def state():
        # by what the interpreter has under that name: who asks there is shown a heap that isn't frozen
        # Python 3.12 freezes some hundred immortal objects at each collection by itself; we freeze ten thousands
        is_frozen = unwrap(gc.get_freeze_count)() > (2000 if sys.version_info[:2] == (3, 12) else 0)
        return [gc.isenabled(), gc.get_threshold(), is_frozen, gc.get_debug(), len(gc.callbacks)]

    BEFORE = state()

    def pytest_configure(config):
        config.add_cleanup(tell)  # the first to come is the last to go

    def tell():
        with open(f"gc-{os.getpid()}", "w") as out:
            out.write("same" if state() == BEFORE else f"{BEFORE} became {state()}")
""")
SUITE = dedent("""
    import gc
    import os
    import sys
    import pytest
    import conftest

    KEPT = [[number] for number in range(100_000)]

    class Node:
        pass

    def test_what_is_old_is_frozen():
        assert conftest.state()[2] is FROZEN
        gc.collect()

    def test_makes_cycles():
        for _ in range(1000):
            node = Node()
            node.itself = node

    @pytest.mark.memopt(gc="off")
    def test_is_left_alone():
        assert conftest.state() == conftest.BEFORE

    def test_more():
        assert conftest.state()[2] is FROZEN
        for _ in range(30):
            gc.collect()
""")
FRAGMENTS = dedent("""
    from random import Random

    HELD = []

    def test_leaves_holes():
        size = Random(0)
        blocks = [bytes(size.randrange(600, 4000)) for _ in range(40_000)]
        HELD.extend(blocks[::17])
""")
AFTER = "def test_after(): pass\n"


def told_states(project):
    """What each process said about its collector at its very end."""
    return {path.read_text() for path in project.path.glob("gc-*")}


def optimised(run, strategy):
    """What the JSON document says of one strategy."""
    (found,) = [one for one in run.document["optimizations"] if one["strategy"] == strategy]
    return found


def unmarked(suite):
    """The suite without its mark of ours, which has tests measured."""
    return suite.replace('@pytest.mark.memopt(gc="off")', "@pytest.mark.skip")


def test_the_collector_is_tuned_and_given_back(project):
    """Without measuring, what is old is frozen while tests run, the gain is told as an estimate, and all is put back."""
    project = project.watched().with_files({"conftest.py": CONFTEST, "test_gc.py": f"FROZEN = True\n{unmarked(SUITE)}"})
    run = project.run("--memopt-optimize", "auto")
    run.assert_no_crash()
    assert run.counts == {"passed": 3, "skipped": 1}
    assert told_states(project) == {"same"}
    (line,) = run.lines_with("optimised: gc:")
    assert re.search(r"≈ [\d.]+ m?s of collections spared \(estimated; .* made in [\d.]+ m?s\)", line)
    assert "objects were frozen when all was collected" in line
    assert run.lines_with("no effect: cleanup: nothing called for it · compact: nothing called for it")


def test_a_test_of_the_collector_sees_nothing_of_it(project):
    """``memopt(gc="off")`` puts thresholds, freeze count and callbacks back for the time of a test that isn't measured."""
    files = {"conftest.py": CONFTEST, "test_gc.py": f"FROZEN = True\n{SUITE}", "test_z.py": AFTER}
    project = project.watched().with_files(files)
    run = project.run("--memopt-optimize", "gc")
    run.assert_no_crash()
    assert run.counts == {"passed": 5}
    assert told_states(project) == {"same"}


def test_the_windows_own_the_collector(project):
    """With measuring, nothing is done to the collector or to caches besides, and the report says so."""
    project = project.with_files({"conftest.py": CONFTEST, "test_gc.py": f"FROZEN = True\n{SUITE}"})
    run = project.measure("--memopt-report", "--memopt-optimize", "auto")
    run.assert_no_crash()
    assert run.counts == {"passed": 4}
    assert told_states(project) == {"same"}
    assert optimised(run, "gc")["effect"] == "no effect"
    assert "windows own the collector" in optimised(run, "gc")["why"]
    assert optimised(run, "gc")["spared_s"] == 0
    assert "left as they are while tests are measured" in optimised(run, "cleanup")["why"]
    assert run.lines_with("optimised  gc: no effect")
    assert abs(run.test("::test_makes_cycles")["growth_bytes"]) < 1000


@pytest.mark.skipif("sys.platform != 'linux'", reason="resident memory is read from /proc")
def test_compaction_between_modules(serial_project):
    """Pages that a module leaves unused go back before the next; how much is told, and remembered for the next run."""
    pytest.importorskip("xdist")
    files = {"test_a.py": FRAGMENTS, "test_b.py": AFTER}
    project = serial_project.watched().with_files(files)
    run = project.measure("--memopt-report", "--memopt-optimize", "compact,gc")
    run.assert_no_crash()
    document = optimised(run, "compact")
    assert (document["effect"], document["applied_count"]) == ("helped", 1)
    assert document["freed_rss_bytes"] > 10_000_000
    assert run.lines_with("optimised  compact:", "given back to the system in one go")
    with closing(sqlite3.connect(project.path / ".memopt" / "history.db")) as history:
        rows = history.execute("SELECT kind, name, value FROM knowledge").fetchall()
    assert rows == [("optimize", "compact", "[1, 1]")]
    for args in (("-n0",), ("-n1",)):
        again = project.run("--memopt-optimize", "compact,cleanup,gc", *args)
        assert again.lines_with("optimised: ", "compact:", "given back"), args


@pytest.mark.skipif("sys.platform != 'linux'", reason="resident memory is read from /proc")
def test_garbage_does_not_wait_where_memory_rises(serial_project):
    """After a test that leaves 64 MiB in a cycle, garbage is collected before the next one, also in another module."""
    leaves = dedent("""
        import time
        import weakref

        class Node:
            pass

        ALIVE = []

        def test_leaves_a_cycle():
            node = Node()
            node.itself, node.data = node, b"x" * 64_000_000
            ALIVE.append(weakref.ref(node))
            time.sleep(0.06)
    """)
    gone = "def test_is_gone():\n    assert ALIVE[0]() is None\n"
    files = {
        "test_a.py": f"{leaves}\n{gone}\n{leaves.replace('ALIVE', 'OTHERS').replace('leaves_a', 'leaves_another')}",
        "test_b.py": f"from test_a import OTHERS as ALIVE\n{gone}",
    }
    project = serial_project.watched().with_files(files)
    run = project.run("--memopt-optimize", "gc")
    assert run.counts == {"passed": 4}


def test_the_document_fits_its_schema(serial_project):
    """What is told of optimising is what the schema describes."""
    jsonschema = pytest.importorskip("jsonschema")
    run = serial_project.with_files({"test_a.py": AFTER}).measure("--memopt-optimize", "auto,lazy")
    jsonschema.validate(run.document, schema())
    assert [one["strategy"] for one in run.document["optimizations"]] == ["gc", "cleanup", "compact", "lazy"]


def heavy_project(project):
    """A project whose own module imports what only one of its test modules uses."""
    files = {
        "site-packages/heavy.py": "DATA = [str(number) * 10 for number in range(50_000)]\n",
        "app.py": "import heavy\n",
        "test_a.py": "import app, heavy\ndef test_uses(): assert heavy.DATA\n",
        "test_b.py": f"import app\n{AFTER}",
    }
    project = project.watched().with_files(files)
    return project.with_variables(PYTHONPATH=f"{project.path}:{project.path / 'site-packages'}")


def test_advice_on_imports(serial_project):
    """``lazy`` names an import that few test modules use, with its cost and its place, and changes nothing."""
    run = heavy_project(serial_project).run("--memopt-optimize", "lazy")
    run.assert_no_crash()
    assert run.counts == {"passed": 2}
    assert run.lines_with("advice: `import heavy` costs", "first by app.py:1, used by 1 of 2 test modules")


def test_advice_on_imports_is_the_summary_s(project):
    """Where there is a summary, and in the JSON report, it stands among the other advice, once for all processes."""
    run = heavy_project(project).measure("--memopt-report", "--memopt-optimize", "lazy")
    run.assert_no_crash()
    (advice,) = run.document["advice"]
    assert (advice["kind"], advice["subject"]) == ("import", "heavy")
    assert advice["saving_bytes"] > 1_000_000
    assert len(run.lines_with("advice  `import heavy` costs")) == 1
    assert not run.lines_with("advice:")
    assert "advice only" in optimised(run, "lazy")["why"]


def test_advice_on_what_the_first_conftest_imports(project):
    """What ``conftest.py`` imports, before pytest is configured, is measured like the rest; the ini file asks for it too."""
    conftest = {"conftest.py": "import app\n", "test_a.py": "import heavy\ndef test_uses(): assert heavy.DATA\n"}
    ini = {"pytest.ini": "[pytest]\nmemopt_optimize = lazy\n", "test_b.py": AFTER}
    run = heavy_project(project).with_files({**conftest, **ini}).run()
    run.assert_no_crash()
    assert run.counts == {"passed": 2}
    assert run.lines_with("advice: `import heavy` costs", "first by app.py:1, used by 1 of 2 test modules")


def test_imports_are_watched_no_longer_than_needed(serial_project):
    """A conftest that fails, an option that makes no sense: the interpreter's import is its own again."""
    check = dedent("""
        import builtins, sys, pytest
        before = builtins.__import__, list(sys.meta_path), list(sys.path_hooks)
        code = pytest.main(["--memopt-optimize", "lazy", *sys.argv[1:]])
        assert (builtins.__import__, list(sys.meta_path), list(sys.path_hooks)) == before
        print("ended with", int(code))
    """)
    project = serial_project.with_files({"check.py": check, "conftest.py": "import nothing_such\n", "test_b.py": AFTER})
    project.write()
    for arguments in ((), ("--noconftest", "--no-such-option"), ("--noconftest", "--memopt-gc", "never")):
        done = subprocess.run(
            [sys.executable, "check.py", *arguments],
            cwd=project.path,
            env=project.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ended with 4" in done.stdout, done.stdout + done.stderr


def test_stopped_early(serial_project):
    """After ``-x``, a usage error in a hook, or nothing collected, the collector is as it was."""
    failing = {"conftest.py": CONFTEST, "test_a.py": "def test_a(): assert 0\n", "test_b.py": AFTER}
    project = serial_project.with_files(failing)
    for args in (("-x",), ("-k", "nothing"), ("--collect-only",)):
        run = project.run("--memopt-optimize", "auto", *args)
        run.assert_no_crash()
        assert told_states(project) == {"same"}, args


def test_interrupted(serial_project):
    """After Ctrl-C in a test the collector is as it was, and what was done is told."""
    waiting = "import pathlib, time\ndef test_a():\n    pathlib.Path('begun').touch()\n    time.sleep(60)\n"
    project = serial_project.with_files({"conftest.py": CONFTEST, "test_a.py": waiting})
    process = project.start("--memopt-optimize", "auto", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not (project.path / "begun").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0].decode()
    assert "KeyboardInterrupt" in output
    assert "optimised:" in output
    assert told_states(project) == {"same"}


@pytest.mark.parametrize(
    ("wrong", "hint"), [("compat", "did you mean 'compact'?"), ("auto,everything", "choose of auto, gc, compact")]
)
def test_an_unknown_strategy(serial_project, wrong, hint):
    """It is a usage error at the start that names it, from the command line and from the ini file."""
    project = serial_project.with_files({"test_a.py": AFTER})
    for run in (
        project.run(f"--memopt-optimize={wrong}"),
        project.with_files({"pytest.ini": f"[pytest]\nmemopt_optimize = {wrong}\n"}).run(),
    ):
        assert run.result.ret == pytest.ExitCode.USAGE_ERROR
        (line,) = run.lines_with("there is no strategy", hint)
        assert "optimize" in line


def test_switched_off(serial_project):
    """The environment switches it off, which is told; the command line beats the ini file."""
    files = {"conftest.py": CONFTEST, "test_gc.py": f"FROZEN = False\n{unmarked(SUITE)}"}
    project = serial_project.watched().with_files({**files, "pytest.ini": "[pytest]\nmemopt_optimize = auto\n"})
    off = project.with_variables(ENABLE_MEMORY_OPTIMIZATION="no").run()
    assert off.counts == {"passed": 3, "skipped": 1}
    assert off.lines_with("optimised: nothing, as ENABLE_MEMORY_OPTIMIZATION switches it off")
    none = project.run("--memopt-optimize=off")
    assert (none.counts, none.lines_with("optimised")) == ({"passed": 3, "skipped": 1}, [])
    wrong = project.with_variables(ENABLE_MEMORY_OPTIMIZATION="perhaps").run()
    assert wrong.lines_with("ENABLE_MEMORY_OPTIMIZATION: 'perhaps' is neither on nor off")
