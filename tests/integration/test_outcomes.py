"""A breach is a failed test like any other; and whatever else happens to tests ends as it does without the plugin."""

from __future__ import annotations

import re
import sys
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest

BREACHES = {
    "test_breach.py": dedent("""
        import pytest
        KEPT = []
        pytestmark = pytest.mark.memory_limit(growth="10 KB")

        def test_before(): pass
        def test_breaches(): KEPT.append(bytes(100_000))
        def test_after(): pass
        def test_breaches_too(): KEPT.append(bytes(100_000))
        def test_last(): pass
    """)
}


@pytest.fixture(scope="module")
def verbose(shared_project, xdist_args):
    """A verbose run with two breaches, which left a JUnit file."""
    return shared_project.with_files(BREACHES).run("-v", "--junitxml=out.xml", *xdist_args)


def test_words_of_a_breach(verbose):
    """A breach has a word of its own, one headline in the short summary, and counts as failed."""
    verbose.assert_no_crash()
    assert verbose.result.ret == pytest.ExitCode.TESTS_FAILED
    assert verbose.counts == {"passed": 3, "failed": 2}
    assert (
        len([line for line in verbose.lines_with("test_breaches") if re.search(r"\bMEMORY\b", line) and "%" in line])
        == 2
    )
    assert verbose.lines_with("____ test_breaches ____")
    assert verbose.lines_with('next: pytest --memopt-confirm 5 "test_breach.py::test_breaches"')
    (line,) = verbose.lines_with("MEMORY test_breach.py::test_breaches - ")
    assert "held 97" in line


def test_letter_of_a_breach(serial_project):
    """A breach has a letter of its own."""
    short = serial_project.with_files(BREACHES).run("-q")
    assert short.counts == {"passed": 3, "failed": 2}
    assert any(sorted(line.partition(" ")[0]) == sorted(".M.M.") for line in short.text.splitlines())


def test_xfail(project):
    """``xfail`` covers a breach, strict or not; without a breach a strict one fails as ever."""
    suite = {
        "test_expected.py": dedent("""
            import pytest
            KEPT = []
            pytestmark = pytest.mark.memory_limit(growth="10 KB")
            @pytest.mark.xfail(reason="leaks")
            def test_loose(): KEPT.append(bytes(100_000))
            @pytest.mark.xfail(strict=True, reason="leaks")
            def test_strict(): KEPT.append(bytes(100_000))
            @pytest.mark.xfail(strict=True)
            def test_strict_without(): pass
            @pytest.mark.xfail
            def test_loose_without(): pass
            @pytest.mark.xfail(raises=ValueError)
            def test_another_reason(): KEPT.append(bytes(100_000))
        """)
    }
    run = project.with_files(suite).measure()
    run.assert_no_crash()
    assert run.counts == {"xfailed": 2, "failed": 2, "xpassed": 1}
    outcomes = {nodeid.rpartition("::test_")[2]: record["outcome"] for nodeid, record in run.tests.items()}
    assert outcomes == {
        "loose": "xfailed",
        "strict": "xfailed",
        "strict_without": "failed",
        "loose_without": "xpassed",
        "another_reason": "failed",
    }
    assert run.test("::test_strict")["verdict"] == "breach"
    assert run.lines_with("XPASS(strict)")


def test_stopping(serial_project):
    """``-x`` and ``--maxfail`` stop at a breach; ``--lf`` and ``--sw`` come back to it."""
    project = serial_project.with_files(BREACHES)
    assert project.run("-x").counts == {"passed": 1, "failed": 1}
    last_failed = project.run("--lf")
    assert last_failed.counts == {"failed": 1}
    assert project.run("--maxfail=2").counts == {"passed": 2, "failed": 2}
    assert project.run("--lf").counts == {"failed": 2}
    assert project.run("--sw").counts == {"passed": 1, "failed": 1}
    again = project.run("--sw")
    assert again.counts == {"failed": 1}
    assert not again.lines_with("INTERNALERROR")


def test_pdb(serial_project):
    """``--pdb`` stops at a breach once, and goes on when told to."""
    run = serial_project.with_files(BREACHES).run("--pdb", typed="c\nc\n")
    assert "INTERNALERROR" not in run.text
    assert run.text.count("entering PDB") == 2
    assert run.counts == {"passed": 3, "failed": 2}


def test_junit(verbose, shared_project):
    """In JUnit XML a breach is a failure with its headline, on the test, once."""
    root = ET.parse(shared_project.path / "out.xml").getroot()
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert len(cases) == 5
    failures = {name: case.findall("failure") for name, case in cases.items()}
    assert {name: len(found) for name, found in failures.items() if found} == {
        "test_breaches": 1,
        "test_breaches_too": 1,
    }
    assert "held 97" in failures["test_breaches"][0].get("message")
    assert "allocated at" in failures["test_breaches"][0].text
    assert not list(root.iter("error"))


def test_rerunfailures(project):
    """Under pytest-rerunfailures a breach is a failure that is tried again, and a flaky test passes in the end."""
    pytest.importorskip("pytest_rerunfailures")
    suite = {
        "test_flaky.py": dedent("""
            import pytest
            KEPT = []
            TRIES = []
            @pytest.mark.memory_limit(growth="10 KB")
            def test_breaches(): KEPT.append(bytes(100_000))
            @pytest.mark.memory_limit(growth="10 KB")
            def test_is_flaky():
                TRIES.append(1)
                assert len(TRIES) > 1
            def test_without_limit():
                KEPT.append(bytes(100_000))
        """)
    }
    run = project.with_plugins("rerunfailures").with_files(suite).measure("--reruns=1", "-rR")
    run.assert_no_crash()
    assert run.counts == {"passed": 2, "failed": 1}
    assert run.result.parseoutcomes()["rerun"] == 2
    assert run.test("::test_breaches")["verdict"] == "breach"
    assert run.test("::test_is_flaky")["outcome"] == "passed"
    assert run.test("::test_without_limit")["growth_bytes"] == pytest.approx(100_033, abs=10_000)


def _report(run):
    """What was said of tests, without times, addresses, our own lines, and frames of how pytest calls its hooks."""
    lines = []
    is_wiring = False
    for line in run.text.splitlines():
        if frame := re.match(r"\s*\|\s+File (.*)", line):
            is_wiring = bool(re.search(r"[/\\](_pytest|pluggy|pytest_memopt)[/\\]", frame[1]))
        is_wiring = is_wiring and line.lstrip().startswith("|   ")
        if is_wiring:
            continue
        if line.startswith(("memory:", "memopt:", "plugins:", "rootdir", "platform", "running:")):
            continue
        if re.match(r"\d.* ok$", line) or line.startswith("RSS "):
            continue
        lines.append(re.sub(r"in \d+\.\d+s.*|0x[0-9a-f]+|\(0:\d\d:\d\d\)|=+", "", line).rstrip())
    return [line for line in lines if line]


TROUBLE = dedent("""
    import pytest

    KEPT = []
    LIMITED

    @pytest.fixture(scope="SCOPE")
    def broken_setup():
        raise RuntimeError("no set-up of SCOPE")

    @pytest.fixture(scope="SCOPE")
    def broken_teardown():
        yield 1
        raise RuntimeError("no teardown of SCOPE")

    @pytest.fixture(scope="SCOPE")
    def other():
        yield 2
        raise ValueError("nor of this")

    class TestGroup:
        def test_before(self): pass
        def test_setup(self, broken_setup): pass
        def test_setup_again(self, broken_setup): pass
        def test_teardown(self, broken_teardown): pass
        def test_teardown_and_call(self, broken_teardown, other): assert 0
        def test_after(self): pass
    def test_end(): pass
""")


@pytest.mark.parametrize("limited", [False, True], ids=["free", "limited"])
def test_trouble_in_fixtures(serial_project, limited):
    """Errors of set-up and teardown, of each scope, are reported on the same test with the same text as without us."""
    mark = 'pytestmark = pytest.mark.memory_limit(growth="100 MB")' if limited else ""
    files = {
        f"test_{scope}.py": TROUBLE.replace("SCOPE", scope).replace("LIMITED", mark)
        for scope in ("function", "class", "module", "session")
    }
    project = serial_project.watched().with_files(files | {"pytest.ini": "[pytest]\nmarkers = memory_limit: ours\n"})
    bare = project.run("-p", "no:memopt", "-rA", "-p", "no:cacheprovider")
    ours = project.run("--memopt", "-rA", "-p", "no:cacheprovider")
    assert "INTERNALERROR" not in ours.text
    assert ours.counts == bare.counts
    assert _report(ours) == _report(bare)
    assert ours.result.ret == bare.result.ret


@pytest.mark.parametrize("args", [("--setup-show",), ("--setup-only",), ("--setup-plan",), ("--collect-only", "-q")])
def test_showing_set_up(serial_project, args):
    """``--setup-show`` and its kin print what they print without us, once."""
    suite = {
        "test_show.py": dedent("""
            import pytest
            @pytest.fixture(scope="module")
            def wide(): yield 1
            @pytest.fixture
            def narrow(wide): yield 2
            def test_one(narrow): pass
            def test_two(wide): pass
        """),
        "pytest.ini": "[pytest]\nmarkers = memory_limit: ours\n",
    }
    project = serial_project.with_files(suite)
    bare, ours = project.run("-p", "no:memopt", *args), project.run("--memopt", *args)
    ours.assert_no_crash()
    assert ours.result.ret == bare.result.ret
    assert _report(ours) == _report(bare)


def test_other_parts_switched_off(serial_project):
    """A breach is found without pytest's logging, and without a terminal the exit code still tells."""
    project = serial_project.with_files(BREACHES)
    assert project.run("-p", "no:logging").counts == {"passed": 3, "failed": 2}
    silent = project.run("-p", "no:terminal")
    assert silent.result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in silent.text


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED),
        ("pytest.exit('enough')", pytest.ExitCode.INTERRUPTED),
        ("pytest.exit('enough', returncode=7)", 7),
        ("raise SystemExit(3)", pytest.ExitCode.TESTS_FAILED),
    ],
)
def test_interruptions(serial_project, statement, code):
    """An interruption ends the run as it does without us, with fixtures torn down and what was measured told."""
    suite = {
        "test_stop.py": dedent(f"""
            import pytest
            @pytest.fixture(scope="module")
            def wide():
                yield
                open("torn-down", "w").close()
            def test_before(wide): pass
            {"" if "finalizer" in statement else '@pytest.mark.memory_limit(growth="1 MB")'}
            def test_stops(wide):
                {statement}
            def test_after(wide): pass
        """),
        "pytest.ini": "[pytest]\nmarkers = memory_limit: ours\n",
    }
    project = serial_project.watched().with_files(suite)
    bare = project.run("-p", "no:memopt")
    torn_down = (project.path / "torn-down").exists()
    (project.path / "torn-down").unlink(missing_ok=True)
    ours = project.measure()
    assert "INTERNALERROR" not in ours.text
    assert ours.result.ret == bare.result.ret == code
    assert ours.counts == bare.counts
    assert (project.path / "torn-down").exists() is torn_down
    assert "test_stop.py::test_before" in ours.tests


MISCHIEF = {
    "gc.disable": "gc.disable()",
    "gc.freeze": "gc.collect(); gc.freeze()",
    "gc.unfreeze": "gc.unfreeze()",
    "gc.set_threshold": "gc.set_threshold(0)",
    "gc.set_debug": "gc.set_debug(gc.DEBUG_UNCOLLECTABLE)",
    "gc.callbacks": "gc.callbacks.append(lambda *_: None)",
    "tracemalloc": "import tracemalloc; tracemalloc.start()",
    "recursion": "sys.setrecursionlimit(200)",
    "chdir": "os.chdir('/')",
    "environ": "os.environ.clear()",
    "stdout": "sys.stdout = None; sys.stdout = sys.__stdout__",
    "closing": "[os.close(fd) for fd in range(3, 64) if is_open(fd) and not_ours(fd)]",
    "fork": "fork()",
    "threads": "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()",
    "modules": "sys.modules.pop('gc'); sys.modules.pop('psutil', None)",
    "open": "import builtins; builtins.open = None",
    "getsize": "sys.getsizeof = None",
    "time": "time.perf_counter = time.monotonic = lambda: 0.0",
}
MISCHIEVOUS = """
import gc
import os
import sys
import threading
import time
import pytest

KEPT = []

def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True

def not_ours(fd):
    # pytest's own capture files are none of a test's business: closing them breaks pytest
    return not os.readlink(f"/proc/self/fd/{fd}").startswith(("/tmp", "/dev", "pipe", "socket")) if sys.platform == "linux" else False

def fork():
    if sys.platform == "win32":
        return
    pid = os.fork()
    if not pid:
        KEPT.append(bytes(1_000_000))
        os._exit(0)
    os.waitpid(pid, 0)
"""


TRACER_LEFT_ON = 16_384
"""Bytes by which tests grow while a tracer that some test left on goes on: 6.8 KB for the lines that it remembers, 11.8 KB
where its table is renewed in between (CPython 3.11 to 3.13)."""


@pytest.mark.parametrize(
    ("limited", "args"),
    [(False, ()), (True, ()), (True, ("-n2", "--dist=loadfile"))],
    ids=["free-serial", "limited-serial", "limited-n2"],
)
def test_mischief(serial_project, limited, args):
    """Whatever a test breaks in the collector, the process and the interpreter, the tests after it are measured right."""
    mark = '@pytest.mark.memory_limit(growth="50 MB", objects=100000)' if limited else ""
    files = {
        f"test_{number:02}.py": MISCHIEVOUS
        + dedent(f"""
            {mark}
            def test_mischief():
                {statement}
            def test_between(): pass
            def test_keeps(): KEPT.append(bytes(1_000_000))
            @pytest.mark.memory_limit(growth="10 KB")
            def test_breaches(): KEPT.append(bytes(100_000))
            def test_nothing(): pass
        """)
        for number, statement in enumerate(MISCHIEF.values())
        if statement and list(MISCHIEF)[number] not in GLOBAL
    }
    if args:
        pytest.importorskip("xdist")
    run = serial_project.with_files(files).measure("--memopt-report", "-p", "no:cacheprovider", *args)
    run.assert_no_crash()
    assert run.counts == {"passed": 4 * len(files), "failed": len(files)}
    keeps = {nodeid: record["growth_bytes"] for nodeid, record in run.tests.items() if "::test_keeps" in nodeid}
    assert len(keeps) == len(files)
    traced = f"test_{list(MISCHIEF).index('tracemalloc'):02}.py"
    most = {nodeid: TRACER_LEFT_ON if nodeid.startswith(traced) else 10_064 for nodeid in keeps}
    assert {nodeid: growth for nodeid, growth in keeps.items() if abs(growth - 1_000_033) > most[nodeid]} == {}
    breaches = {nodeid for nodeid, record in run.tests.items() if record["verdict"] == "breach"}
    assert breaches == {f"{name}::test_breaches" for name in files}


GLOBAL = ("recursion", "chdir", "environ", "open", "getsize", "time", "modules")
"""What a test breaks for all that follow, pytest included: each is run in a process of its own."""


@pytest.mark.parametrize("name", GLOBAL)
def test_lasting_mischief(serial_project, name):
    """A test that breaks the interpreter for all that follow breaks nothing that isn't broken without us."""
    suite = {
        "test_last.py": MISCHIEVOUS
        + dedent(f"""
            def test_before(): pass
            @pytest.mark.memory_limit(growth="50 MB")
            def test_mischief():
                {MISCHIEF[name]}
            def test_after(): pass
        """),
        "pytest.ini": "[pytest]\nmarkers = memory_limit: ours\n",
    }
    project = serial_project.with_files(suite).with_args("-p", "no:cacheprovider")
    bare = project.run("-p", "no:memopt")
    ours = project.run("--memopt-report", "--memopt-no-history")
    if not bare.counts:
        pytest.skip(f"pytest itself doesn't survive {MISCHIEF[name]}")
    ours.assert_no_crash()
    assert ours.counts == bare.counts
    assert ours.result.ret == bare.result.ret


if sys.platform != "linux":
    MISCHIEF.pop("closing")
