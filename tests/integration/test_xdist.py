"""Under pytest-xdist: the same verdicts and figures, totals of each worker, and nothing lost when one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from textwrap import dedent

import pytest

pytest.importorskip("xdist")

SUITE = {
    f"test_{name}.py": dedent(f"""
        import pytest
        KEPT = []
        class TestGroup:
            @pytest.fixture(scope="class")
            def shared(self):
                return bytes({size})
            def test_one(self, shared): pass
            def test_two(self, shared):
                KEPT.append(bytes({size}))
        @pytest.mark.memory_limit(growth="10 KB")
        def test_breaches():
            KEPT.append(bytes({size}))
        @pytest.mark.memory_limit(growth="10 KB")
        def test_warms_up():
            if len(KEPT) < 100:
                KEPT.extend([bytes(1)] * 100 + [bytes({size})])
        @pytest.mark.memory_limit("1 MB", fds=0)
        def test_within():
            bytes({size})
        def test_fails(): assert 0
        def test_skips(): pytest.skip("so")
    """)
    for name, size in [("a", 100_000), ("b", 200_000), ("c", 300_000)]
}


def _said(run):
    return {nodeid: (record["outcome"], record["verdict"], record["why"]) for nodeid, record in run.tests.items()}


def test_same_verdicts_and_figures(serial_project):
    """Each way of distributing gives the verdicts and the figures of one process, and each process its total."""
    project = serial_project.with_files(SUITE)
    alone = project.measure("--memopt-no-history")
    assert len(alone.tests) == 21
    for args in [("-n2",), ("-n2", "--dist=loadscope"), ("-n2", "--dist=loadfile")]:
        spread = project.measure("--memopt-report", *args)
        spread.assert_no_crash()
        assert spread.counts == alone.counts
        assert _said(spread) == _said(alone)
        for nodeid, record in spread.tests.items():
            one = alone.tests[nodeid]
            # what stays under the tracer is not that exact; a process's first traceback takes memory to keep
            noise_bytes = 4096 if one["peak_bytes"] is None else 16384
            if nodeid.endswith("::test_fails"):
                noise_bytes = 100_000
            assert record["growth_bytes"] == pytest.approx(one["growth_bytes"], abs=noise_bytes), (args, nodeid)
            assert (record["limits"], record["peak_bytes"] is None) == (one["limits"], one["peak_bytes"] is None)
        workers = {worker["name"]: worker for worker in spread.document["workers"]}
        assert set(workers) == {"gw0", "gw1"}
        assert sum(worker["tests"] for worker in workers.values()) == 21
        assert all(worker["rss_peak_bytes"] >= worker["rss_start_bytes"] > 0 for worker in workers.values())
        assert spread.document["run"]["workers"] == 2
        assert {record["worker"] for record in spread.tests.values()} == {"gw0", "gw1"}
        assert spread.lines_with("gw0", " tests", "RSS")
        assert {meter["name"] for meter in spread.document["meters"]} == {
            meter["name"] for meter in alone.document["meters"]
        }


def test_marks_alone_are_told(serial_project):
    """Limits by marks alone, without any option, are enforced and told by the controller as by one process."""
    suite = {
        "test_marks.py": dedent("""
            import tracemalloc
            import pytest
            KEPT = []
            @pytest.mark.memory_limit(growth="10 KB", severity="warn")
            def test_is_warned_of(): KEPT.append(bytes(100_000))
            @pytest.mark.memory_limit(growth="10 KB")
            def test_warms_up():
                if len(KEPT) < 100:
                    KEPT.extend([bytes(50_000)] * 100)
            @pytest.mark.memory_limit("1 MB")
            def test_is_unmeasured(): tracemalloc.stop()
        """)
    }
    project = serial_project.with_files(suite)
    for args in [(), ("-n2",)]:
        run = project.run(*args)
        run.assert_no_crash()
        assert run.counts == {"passed": 3}
        assert run.lines_with("memory:", "tests measured"), args
        assert run.lines_with("test_marks.py::test_is_warned_of", "held 97"), args
        assert run.lines_with("test_marks.py::test_is_unmeasured", "unmeasured"), args


DEADLY = {
    "test_deadly.py": dedent("""
        import os
        import signal
        import pytest
        KEPT = []
        def test_kills():
            KEPT.append(bytes(1000))
            os.kill(os.getpid(), signal.SIGKILL)
    """),
    "test_others.py": dedent("""
        import pytest
        KEPT = []
        @pytest.mark.parametrize("n", range(12))
        def test_other(n):
            KEPT.append(bytes(100_000))
    """),
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


@posix
@pytest.mark.parametrize("options", [("--memopt-report",), ()], ids=["report", "bare"])
def test_a_worker_that_is_killed(serial_project, options):
    """A worker that dies is told with its last test and its memory, and nothing of the other tests is lost."""
    project = serial_project.with_files(DEADLY)
    run = project.measure("-n2", "--max-worker-restart=2", *options)
    run.assert_no_crash()
    assert run.counts == {"failed": 1, "passed": 12}
    assert run.lines_with("died", "test_deadly.py::test_kills", "resident")
    others = {nodeid: record["growth_bytes"] for nodeid, record in run.tests.items() if "test_other[" in nodeid}
    assert len(others) == 12
    assert all(growth == pytest.approx(100_033, rel=0.05) for growth in others.values())
    (lost,) = [worker for worker in run.document["workers"] if worker["lost"]]
    assert "test_deadly.py::test_kills" in lost["lost"]
    assert not list(project.path.rglob("*.journal"))


@posix
def test_a_worker_that_is_killed_in_a_test_with_a_mark(serial_project):
    """It is told as well where only a mark asked for measuring."""
    marked = DEADLY["test_deadly.py"].replace("def test_kills", '@pytest.mark.memory_limit("1 GB")\ndef test_kills')
    run = serial_project.watched().with_files(DEADLY | {"test_deadly.py": marked}).run("-n2")
    run.assert_no_crash()
    assert run.counts == {"failed": 1, "passed": 12}
    assert run.lines_with("died", "test_deadly.py::test_kills", "resident")


@posix
@pytest.mark.parametrize("args", [(), ("-n2",)], ids=["serial", "n2"])
def test_a_run_that_is_killed(serial_project, args):
    """A whole run that is killed is told by the next one, with its last test and memory, and only by that."""
    suite = {
        "test_slow.py": dedent("""
            import os, time
            def test_waits():
                if os.path.exists("wait"):
                    open("waiting", "w").close()
                    time.sleep(60)
        """)
    }
    project = serial_project.watched().with_files(suite)
    (project.path / "wait").touch()
    nowhere = subprocess.DEVNULL
    process = project.start("--memopt-report", *args, stdout=nowhere, stderr=nowhere, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (project.path / "waiting").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (project.path / "wait").unlink()
    after = project.run("--memopt-report")
    after.assert_no_crash()
    assert after.counts == {"passed": 1}
    assert after.lines_with("an earlier run was killed", "test_slow.py::test_waits", "resident")
    assert after.result.ret == pytest.ExitCode.OK
    assert project.run("--memopt-report").lines_with("an earlier run was killed") == []
    assert not list(project.path.rglob("*.journal"))
