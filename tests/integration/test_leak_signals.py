"""What a hunt judges beside memory: child processes, tasks of event loops, meters of plugins; and how each is named."""

from __future__ import annotations

from textwrap import dedent

import pytest

# the children end when the run does: none of them inherits the end of the pipe that is written to
PROCESSES = dedent("""
    import os, subprocess
    JOBS, READ_WRITE = [], os.pipe()
    def start(): return subprocess.Popen(["cat", "-u"], stdin=READ_WRITE[0])
    def test_kept(): JOBS.append(start())
    def test_dropped(): start()
    def test_ended():
        if os.fork() == 0: os._exit(0)
""")
TASKS = dedent("""
    import asyncio, pytest
    async def poll(): await asyncio.sleep(3600)
    async def start(): asyncio.get_running_loop().create_task(poll())
    @pytest.fixture(scope="module")
    def loop():
        loop = asyncio.new_event_loop()
        yield loop
        for task in asyncio.all_tasks(loop): task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    def test_left(loop): loop.run_until_complete(start())
    def test_ended(loop): loop.run_until_complete(asyncio.sleep(0))
    def test_cancelled():
        async def run():
            asyncio.get_running_loop().create_task(poll())
            await asyncio.sleep(0)
        asyncio.run(run())
""")
CLEAN_PROCESSES = dedent("""
    import asyncio, multiprocessing, subprocess, sys, threading
    from concurrent.futures import ProcessPoolExecutor
    import pytest
    def test_waited_for(): subprocess.run(["true"])
    def test_killed():
        with subprocess.Popen(["sleep", "60"]) as child: child.kill()
    def test_killed_and_dropped(): subprocess.Popen(["sleep", "60"]).kill()
    def test_dropped(): subprocess.Popen(["true"])
    def test_in_a_thread():
        thread = threading.Thread(target=subprocess.run, args=(["true"],))
        thread.start()
        thread.join()
    @pytest.fixture(scope="module")
    def server():
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as server: yield server
    def test_server(server): assert server.poll() is None
    def test_of_a_loop():
        async def run(): await (await asyncio.create_subprocess_exec("true")).wait()
        asyncio.run(run())
    def test_spawned():
        process = multiprocessing.get_context("spawn").Process(target=int)
        process.start()
        process.join()
    def test_pool():
        with ProcessPoolExecutor(1) as pool: assert pool.submit(int).result() == 0
    def test_pool_that_ends_later():
        pool = ProcessPoolExecutor(1)
        assert pool.submit(int).result() == 0
        pool.shutdown(wait=False)
    def test_lock(): multiprocessing.get_context("spawn").Lock()
""")
ASYNC = dedent("""
    import asyncio, anyio, pytest
    @pytest.fixture(params=["asyncio"])
    def anyio_backend(request): return request.param
    async def work():
        task = asyncio.create_task(asyncio.sleep(0))
        await task
    @pytest.mark.{mark}
    async def test_tasks(): await work()
    @pytest.mark.{mark}
    async def test_groups():
        async with anyio.create_task_group() as group: group.start_soon(anyio.sleep, 0)
    @pytest.mark.{mark}
    async def test_left_to_the_runner(): asyncio.create_task(asyncio.sleep(3600))
""")
NAMED = dedent("""
    import socket, threading
    KEPT, SERVER, NEVER = [], socket.create_server(("127.0.0.1", 0)), threading.Event()
    OLD = open(__file__)
    def wait(): NEVER.wait()
    def test_files(tmp_path): KEPT.append((tmp_path / "report7.txt").open("w"))
    def test_sockets(): KEPT.append(socket.create_connection(SERVER.getsockname()))
    def test_threads(): threading.Thread(target=wait, daemon=True).start()
""")
METERS = {
    "pool.py": "OPEN, ASKED, HELD = [], [], []\n",
    "conftest.py": dedent("""
        import pool
        from pytest_memopt import MeterStatus, Unit

        class Meter:
            unit = Unit.COUNT
            def __init__(self, name, counted, **others):
                self.name, self.counted = name, counted
                vars(self).update(others)
            def status(self): return MeterStatus(name=self.name, available=True, how="counted")
            def read(self): return sum(self.counted)

        def pytest_memopt_meters():
            return [
                Meter("connections", pool.OPEN),
                Meter("queries", pool.ASKED, hunted=False),
                Meter("gpu", pool.HELD, unit=Unit.BYTES, hunted=True),
            ]
    """),
    "test_pool.py": dedent("""
        import pool
        def add(counted, value): counted[:] = [sum(counted) + value]
        def test_opens(): add(pool.OPEN, 2)
        def test_asks(): add(pool.ASKED, 1)
        def test_holds(): add(pool.HELD, 4096)
        def test_closes():
            add(pool.OPEN, 1)
            add(pool.OPEN, -1)
    """),
}


def outsiders(record):
    """The culprits of a test that are told with an example, or are held outside Python: type, example, holder."""
    return [
        (one["type"], one["example"] or one["type"], one["holder"])
        for one in record["leak"]["culprits"]
        if one["example"] or one["holder"] == "outside Python"
    ]


def test_processes_that_are_left_are_leaks(project):
    """A child that nobody waits for, running or ended, is one more each time, and is told by command, number and holder."""
    run = project.with_files({"test_children.py": PROCESSES}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"failed": 3}
    holders = {"kept": "test_children.JOBS", "dropped": "subprocess._active"}
    for name, holder in holders.items():
        leak = run.test(f"::test_{name}")["leak"]
        assert leak["per_round"]["processes"] == 1
        ((kind, example, held_by),) = outsiders(run.test(f"::test_{name}"))
        assert (kind, held_by) == ("process (cat -u)", holder)
        assert example.startswith("process (cat -u, pid ")
    ended = run.test("::test_ended")["leak"]
    assert ended["per_round"]["processes"] == 1
    assert "ended, never waited for" in ended["culprits"][0]["example"]
    assert run.lines_with("memory: leaks", "1 process per run")
    assert run.lines_with("processes: +1 in each of the last")


def test_honest_processes_are_clean(project):
    """What is waited for, ends by itself, serves a wider fixture or is started once for all is no leak."""
    run = project.with_files({"test_children.py": CLEAN_PROCESSES}).measure("--memopt-leaks")
    run.assert_no_crash()
    found = {nodeid.partition("::")[2]: record["leak"]["verdict"] for nodeid, record in run.tests.items()}
    assert found == dict.fromkeys(found, "clean")
    assert run.counts == {"passed": 11}


def test_tasks_that_never_end_are_leaks(project):
    """A loop of a wider fixture collects them; those that end, or go with their loop, are none."""
    run = project.by_file().with_files({"test_tasks.py": TASKS}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"failed": 1, "passed": 2}
    leak = run.test("::test_left")["leak"]
    assert leak["per_round"]["tasks"] == 1
    ((kind, example, _),) = outsiders(run.test("::test_left"))
    assert kind == "task (test_tasks.poll)"
    assert example.startswith("task (test_tasks.poll, Task-")
    assert {run.test(name)["leak"]["per_round"].get("tasks", 0) for name in ("::test_ended", "::test_cancelled")} == {0}


@pytest.mark.parametrize("plugin", ["asyncio", "anyio"])
def test_async_tests_leave_no_task(serial_project, plugin):
    """Runners of coroutines end what their tests began."""
    suite = ASYNC.format(mark=plugin)
    run = serial_project.with_plugins(plugin).with_files({"test_async.py": suite}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert {record["leak"]["verdict"] for record in run.tests.values()} == {"clean"}


def test_what_is_left_is_named(serial_project):
    """Files by path, sockets by both ends, threads by what they run; without numbers in what the signature is made of."""
    run = serial_project.with_files({"test_named.py": NAMED}).measure("--memopt-leaks")
    run.assert_no_crash()
    ((file, example, _),) = outsiders(run.test("::test_files"))
    assert file.startswith("file descriptor (/")
    assert file.endswith("test_files*/report*.txt)")
    assert example.endswith("/report7.txt)")
    ((socket, example, _),) = outsiders(run.test("::test_sockets"))
    assert socket == "file descriptor (socket 127.0.0.1:* -> 127.0.0.1:*)"
    assert "*" not in example
    ((thread, example, _),) = outsiders(run.test("::test_threads"))
    assert thread == "thread (Thread-* (wait), daemon, runs test_named.wait)"
    assert "*" not in example


def test_meters_of_plugins_are_hunted(project):
    """A count that rises each time is a leak by the meter's name; bytes that are to be hunted too; a total is not."""
    run = project.by_file().with_files(METERS).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"failed": 2, "passed": 2}
    opens, holds = run.test("::test_opens")["leak"], run.test("::test_holds")["leak"]
    assert (opens["per_round"]["connections"], holds["per_round"]["gpu_bytes"]) == (2, 4096)
    assert (opens["signature"], holds["signature"]) == ("outside Python: connections", "outside Python: gpu_bytes")
    assert run.test("::test_asks")["verdict"] == run.test("::test_closes")["verdict"] == "ok"
    assert run.lines_with("memory: leaks 2 of 'connections' per run")
    assert run.lines_with("memory: leaks 4.0 KiB of 'gpu' per run")


def test_a_meter_that_breaks_off_leaves_the_hunt_undecided(serial_project):
    """A plugin's meter that can't be read any more is named as the reason."""
    suite = METERS | {
        "test_pool.py": dedent("""
            import sys, pool
            # a window survives no broken meter either, so it breaks in hunts alone
            class Broken(list):
                def __iter__(self):
                    if "read_added" in sys._getframe(2).f_code.co_name: raise OSError("no route")
                    return super().__iter__()
            def test_one(): pass
        """),
        "pool.py": "OPEN, ASKED, HELD = [], [], []\n",
    }
    suite["conftest.py"] += "import test_pool\npool.OPEN = test_pool.Broken()\n"
    record = serial_project.with_files(suite).measure("--memopt-leaks").test("::test_one")
    assert (record["outcome"], record["verdict"]) == ("passed", "inconclusive")
    assert "the meter 'connections' can't be read: OSError('no route')" in record["why"]


def test_without_a_hunt_nothing_of_it_is_loaded(serial_project):
    """Children and tasks are read by hunts alone."""
    suite = """
        import sys
        def test_loaded(): assert not {"pytest_memopt.meters.processes", "pytest_memopt.meters.tasks"} & set(sys.modules)
    """
    run = serial_project.with_files({"test_loaded.py": dedent(suite)}).measure()
    assert run.counts == {"passed": 1}
