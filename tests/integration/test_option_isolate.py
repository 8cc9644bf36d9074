"""``--memopt-isolate``: leaks are hunted in a process of its own, with the same findings as here."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from textwrap import dedent

import pytest

SUITE = dedent("""
    import pytest

    KEPT, ALLOWED = [], {}

    class Session: pass

    def test_leaks(tmp_path): KEPT.append(Session())

    def test_clean(): pass

    @pytest.mark.no_leaks(ignore=["test_shop.ALLOWED"])
    def test_ignored(): ALLOWED[len(ALLOWED)] = [1]
""")
QUICK_ROUNDS = (4, 5) if sys.version_info < (3, 11) else (4,)
"""In the first round on CPython 3.10 a frame of pytest's, or of a thread's first task, may change its place: one round more is asked for."""
# on CPython 3.10 the rounds before the first that counts depend on which frames others left
SAME = ("verdict", "signature", "why", *(("rounds",) if sys.version_info >= (3, 11) else ()))


def test_the_findings_are_those_of_a_hunt_here(project):
    """Verdicts, culprits, signatures and the failure are the same; the record says where the hunt was made."""
    run = project.with_files({"test_shop.py": SUITE}).measure("--memopt-leaks", "--memopt-isolate", "--memopt-report")
    here = project.measure("--memopt-leaks")
    run.assert_no_crash()
    for name in ("test_leaks", "test_clean", "test_ignored"):
        apart, beside = run.test(name), here.test(name)
        assert [apart["verdict"], apart["why"]] == [beside["verdict"], beside["why"]]
        assert [apart["leak"][key] for key in SAME] == [beside["leak"][key] for key in SAME]
        assert [one["holder"] for one in apart["leak"]["culprits"]] == [
            one["holder"] for one in beside["leak"]["culprits"]
        ]
        assert (apart["leak"]["isolated"], beside["leak"]["isolated"]) == (True, False)
    assert run.counts == {"failed": 1, "passed": 2}
    runs = run.test("test_leaks")["leak"]["rounds"]
    assert run.lines_with("1 test_shop.Session held by test_shop.KEPT", f"({runs} runs in a process of its own)")
    assert run.lines_with("3 tests hunted for leaks, 1 clean, 3 in processes of their own")
    assert run.lines_with('pytest --memopt-leaks --memopt-isolate "test_shop.py::test_leaks"')


NOISY = dedent("""
    import threading
    import pytest

    KEPT, STOP = [], threading.Event()

    def churn():
        while not STOP.wait(0.002):
            KEPT.append({})

    def test_starts_a_thread():
        threading.Thread(target=churn, daemon=True).start()

    @pytest.mark.no_leaks(isolate=True)
    def test_clean(): pass
""")


def test_other_tests_and_their_threads_do_not_disturb(project):
    """A thread that an earlier test left behind, and that allocates all the time, isn't there."""
    run = project.with_args("-p", "no:randomly").with_files({"test_noisy.py": NOISY}).measure()
    assert run.test("test_clean")["leak"]["verdict"] == "clean"
    assert run.test("test_clean")["leak"]["rounds"] == 4
    assert run.test("test_starts_a_thread")["leak"] is None


CIRCUMSTANCES = dedent("""
    import os
    import mine
    import pytest

    @pytest.mark.parametrize("value", ["a::b", "x[1]"])
    def test_circumstances(request, value, tmp_path, doctest_namespace):
        config = request.config
        told = [config.getoption("--colour"), config.getini("mine"), mine.NAME, os.getcwd(), str(config.rootpath)]
        told += [str(config.inipath), config.getoption("doctestmodules"), request.node.nodeid, config.option.verbose]
        with open(os.environ["TOLD"], "a") as out:
            print(*told, file=out)

    def test_not_selected(): assert False
""")
CONFTEST = dedent("""
    import os

    def pytest_addoption(parser):
        parser.addoption("--colour")
        parser.addini("mine", "an ini option")

    def pytest_collection_modifyitems(items):
        if "GLIBC_TUNABLES" in os.environ:
            items.clear()  # as a plugin does that gives each of several machines its share
""")


def test_it_starts_as_this_run_did(serial_project):
    """Options, plugins, overrides, working folder and ini file are the same; selection, reports and folders are left alone."""
    project = serial_project.with_files(
        {
            "tests/test_there.py": CIRCUMSTANCES,
            "tests/conftest.py": CONFTEST,
            "lib/mine.py": "NAME = 'mine'",
            "tests/settings.ini": "[pytest]\naddopts = -p mine --doctest-modules\nlog_file = told.log\n",
        }
    ).with_variables(TOLD="told.txt", PYTHONPATH="lib")
    run = project.measure(
        *("-c", "tests/settings.ini", "--rootdir=.", "-o", "mine=over", "--colour=red", "-v", "-k", "circumstances"),
        *("--memopt-leaks", "--memopt-isolate", "--junitxml=out.xml", "--basetemp=made", "tests"),
    )
    run.assert_no_crash()
    assert run.counts == {"passed": 2}
    lines = (project.path / "told.txt").read_text(encoding="utf-8").splitlines()
    rounds = [test["leak"]["rounds"] for test in run.document["tests"]]
    assert min(rounds) >= 4
    # here once, there once and in each round, for each of two tests
    assert len(lines) == sum(1 + 1 + count for count in rounds)
    assert len(set(lines)) == 2
    assert "a::b" in lines[0]
    assert (project.path / "out.xml").read_text(encoding="utf-8").count("<testcase") == 2
    assert not list((project.path / "made").glob("*_1")), "the folders of here were made anew, or used, there"
    assert not list((project.path / ".memopt").rglob("*.journal"))


FATES = dedent("""
    import ctypes
    import os
    import pytest

    pytestmark = pytest.mark.no_leaks(isolate=True)
    IS_APART = "GLIBC_TUNABLES" in os.environ

    def test_fails(): assert not IS_APART, "not there"

    def test_skips():
        if IS_APART: pytest.skip("not there")

    def test_crashes():
        if IS_APART: ctypes.string_at(0)

    def test_exits():
        if IS_APART: os._exit(5)

    if not IS_APART:
        def test_vanishes(): pass

    @pytest.mark.memory_limit(growth="1 GB")
    @pytest.mark.xdist_group("other")
    def test_is_limited(): pass
""")


def test_a_hunt_that_comes_to_nothing_is_inconclusive(project):
    """A process that dies, or a test that isn't there, fails or is skipped there, is told with the reason."""
    args = ("--dist", "loadgroup") if project.args else ()
    run = project.with_files({"test_fates.py": FATES}).measure(*args)
    run.assert_no_crash()
    why = {one["nodeid"].partition("::")[2].partition("@")[0]: one["why"] for one in run.document["tests"]}
    apart = "in a process of its own"
    assert why["test_fails"] == f"{apart} its call failed: AssertionError: not there"
    assert why["test_skips"].startswith(f"{apart} its call skipped")
    assert why["test_vanishes"].startswith(f"{apart} the test test_vanishes was not collected from ")
    assert why["test_exits"].startswith(f"{apart} it ended with exit code 5 and no finding")
    assert why["test_is_limited"] is None
    assert run.counts == {"passed": 6}
    if os.name == "posix":
        assert (
            why["test_crashes"]
            == f"{apart} it was ended by signal 11 (SIGSEGV): Fatal Python error: Segmentation fault"
        )


THREADS = dedent("""
    import ctypes, random
    from concurrent.futures import ThreadPoolExecutor

    LIBC, RANDOM, POOL = ctypes.CDLL(None), random.Random(1), ThreadPoolExecutor(4)
    LIBC.malloc.restype, LIBC.malloc.argtypes, LIBC.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

    def work(_):
        for block in [LIBC.malloc(RANDOM.randrange(24, 1032)) for _ in range(RANDOM.randrange(1, 99))]:
            LIBC.free(block)

    def test_clean(): list(POOL.map(work, range(8)))

    def test_leaks():
        LIBC.malloc(40)
        list(POOL.map(work, range(8)))
""")


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc's threads keep freed blocks that are not counted"
)
def test_what_threads_keep_of_freed_blocks_does_not_blur_it(serial_project):
    """Without the caches of threads, a few bytes of a C library are told from none."""
    run = serial_project.with_files({"test_threads.py": THREADS}).measure("--memopt-leaks", "--memopt-isolate")
    assert run.test("test_clean")["leak"]["rounds"] in QUICK_ROUNDS
    assert run.test("test_leaks")["leak"]["verdict"] == "leak"
    assert 48 <= run.test("test_leaks")["leak"]["per_round"]["heap_bytes"] <= 64


def test_the_ini_option_and_the_mark_are_twins(serial_project):
    """``memopt_isolate`` says it for all hunts, ``isolate=False`` takes one out; pytest's first lines tell."""
    text = "import pytest\n@pytest.mark.no_leaks(isolate=False)\ndef test_here(): pass\ndef test_apart(): pass\n"
    files = {"test_a.py": text, "pytest.ini": "[pytest]\nmemopt_isolate = true\nmemopt_leaks = true\n"}
    run = serial_project.with_files(files).measure()
    assert [run.test(name)["leak"]["isolated"] for name in ("test_here", "test_apart")] == [False, True]
    assert run.lines_with("memopt: exact:", "; leaks hunted in processes of their own")


WAITS = dedent("""
    import os, pathlib, time

    def test_waits():
        if "GLIBC_TUNABLES" in os.environ:
            pathlib.Path("started").write_text(str(os.getpid()))
            time.sleep(600)
""")


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
def test_an_interruption_ends_it_and_leaves_no_files(serial_project, tmp_path):
    """Ctrl-C during a hunt ends its process, and the folder of it goes."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    project = serial_project.with_files({"test_waits.py": WAITS}).with_variables(TMPDIR=str(temporary))
    process = project.start("--memopt-leaks", "--memopt-isolate", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    started = project.path / "started"
    deadline_s = time.monotonic() + 120
    while not (started.exists() and started.read_text()) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert not list(temporary.iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def test_the_command_hunts_apart_as_well(serial_project):
    """``memopt check --isolate`` gives the same finding, and outlives a callable that ends the process."""
    project = serial_project.with_files(
        {"app.py": "import os\nKEPT = []\ndef leak(): KEPT.append({1})\ndef end(): os._exit(3)\n"}
    )
    project.write()

    def check(target):
        command = [*project.command()[:1], "-m", "pytest_memopt", "check", "--isolate", "--json", target]
        done = subprocess.run(command, cwd=project.path, env=project.environment, capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout)["leak"]

    code, leak = check("app:leak")
    assert (code, leak["signature"], leak["isolated"]) == (1, "app.KEPT[*] <- set", True)
    code, leak = check("app:end")
    assert (code, leak["verdict"]) == (2, "inconclusive")
    assert leak["why"] == "in a process of its own it ended with exit code 3 and no finding"
