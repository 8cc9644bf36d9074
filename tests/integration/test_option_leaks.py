"""``--memopt-leaks``: every test is repeated until it is proven flat, or growing, and a leak is told with its culprit."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

LEAKY = {
    "app.py": dedent("""
        import functools, os
        SESSIONS, FILES, TEXT = {}, [], ""
        class Session: pass
        def log_in(): SESSIONS[object()] = Session()
        def open_file(): FILES.append(os.open(os.devnull, os.O_RDONLY))
        def write():
            global TEXT
            TEXT += "a line\\n"
        @functools.lru_cache(maxsize=None)
        def lookup(key): return [key]
        @functools.lru_cache(maxsize=5000)
        def bounded(key): return [key]
    """),
    "test_leaky.py": dedent("""
        import itertools, app
        COUNT = itertools.count()
        def test_registry(): app.log_in()
        def test_same_registry_again(): app.log_in(); app.log_in()
        def test_descriptors(): app.open_file()
        def test_text(): app.write()
        def test_unbounded_cache(): app.lookup(object())
        def test_bounded_cache(): app.bounded(next(COUNT))
    """),
}
CLEAN = dedent("""
    import logging, re, subprocess, sys, threading, unittest, warnings
    import pytest
    RECENT = []

    @pytest.fixture(scope="module")
    def wide(): return []

    @pytest.fixture
    def narrow(wide, tmp_path): yield wide

    def test_nothing(): pass
    def test_fixtures(narrow): pass
    def test_raises():
        with pytest.raises(ValueError, match="invalid"): int("x")
    def test_output(capsys, caplog):
        print("x" * 1000)
        logging.getLogger("app").warning("of %d", 1)
        warnings.warn("take care", stacklevel=1)
    def test_pattern(): re.compile(f"a{id(object())}")
    def test_environment(monkeypatch, tmp_path): monkeypatch.setenv("APP_HOME", str(tmp_path) * 5)
    def test_import_from_new_folder(monkeypatch, tmp_path):
        (tmp_path / "fresh.py").write_text("value = 3")
        monkeypatch.syspath_prepend(tmp_path)
        import fresh
        monkeypatch.delitem(sys.modules, "fresh")
    def test_thread():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    def test_ring():
        RECENT.append(bytes(100))
        del RECENT[:-5]
    @pytest.mark.parametrize("number", range(2))
    def test_each(number, request): request.node.user_properties.append(("a", number))
    class TestCase(unittest.TestCase):
        def setUp(self): self.kept = [1]
        def test_method(self):
            for number in range(3):
                with self.subTest(number=number): pass
    def test_skipped(): pytest.skip("not today")
    @pytest.mark.xfail
    def test_xfailed(): assert False
""")


def test_leaks_are_found_and_named(project):
    """A leak fails its test; signature and culprit say what grows, how much, and the name by which it is held."""
    run = project.with_files(LEAKY).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"failed": 5, "passed": 1}
    registry = run.test("::test_registry")
    assert (registry["verdict"], registry["outcome"]) == ("leak", "failed")
    first = registry["leak"]["culprits"][0]
    assert (first["type"], first["count_per_round"], first["holder"]) == ("app.Session", 1, "app.SESSIONS")
    assert registry["leak"]["signature"] == "app.SESSIONS[*] <- app.Session"
    assert run.test("::test_same_registry_again")["leak"]["culprits"][0]["count_per_round"] == 2
    assert run.test("::test_descriptors")["leak"]["per_round"]["fds"] == 1
    assert run.test("::test_text")["leak"]["culprits"][0]["holder"] == "app.TEXT"
    assert "app.lookup" in run.test("::test_unbounded_cache")["leak"]["culprits"][0]["holder"]
    bounded = run.test("::test_bounded_cache")
    assert bounded["verdict"] == "filling-cache"
    assert "of at most 5000" in bounded["leak"]["why"]
    assert run.lines_with("memory: leaks", "per run", "1 app.Session held by app.SESSIONS")
    assert run.lines_with("held by app.SESSIONS[*] (dict)", "allocated at app.py:")


def test_one_leak_in_many_tests_is_told_once(project):
    """The summary groups by signature: forty tests that trip over one leak are one finding."""
    run = project.with_files(LEAKY).run("--memopt-leaks", "--memopt-report", "--memopt-no-history", "-k", "registry")
    told = run.lines_with("leak  ", "per run")
    assert len(told) == 1
    assert re.search(r"in test_leaky\.py::test_\w+ and 1 other test", told[0])


SHARED_REGISTRY = dedent("""
    import weakref
    ALL, EVERY = weakref.WeakSet(), []
    class Node:
        def __init__(self):
            ALL.add(self)
    class Application:
        first_registry_of_nodes, second_registry_of_nodes, third_registry = [], [], []
    def test_first(): Application.first_registry_of_nodes.append(Node())
    def test_second(): Application.second_registry_of_nodes.append(Node())
    def test_strong(): EVERY.append(Node())
    def test_beside_it(): EVERY.append(Node()); Application.third_registry.append([Node() for _ in range(9)])
""")


def signatures(run):
    """The signature of each leak by the name of its test."""
    return {record["nodeid"].partition("::")[2]: record["leak"]["signature"] for record in run.tests.values()}


def test_leaks_that_grow_one_registry_are_told_apart(project):
    """What leads to a registry of weak references, or hangs beside one that is known to leak, is named for each test."""
    run = project.with_files({"test_nodes.py": SHARED_REGISTRY}).measure("--memopt-leaks")
    told = signatures(run)
    assert "test_nodes.EVERY[*]" in told.pop("test_beside_it")
    assert told == {
        "test_first": "test_nodes.Application.first_registry_of_nodes[*] <- test_nodes.Node",
        "test_second": "test_nodes.Application.second_registry_of_nodes[*] <- test_nodes.Node",
        "test_strong": "test_nodes.EVERY[*] <- test_nodes.Node",
    }
    culprits = run.test("::test_beside_it")["leak"]["culprits"]
    assert any("third_registry" in culprit["path"] for culprit in culprits)


GIVEN = dedent("""
    class Thing: pass
    def test_config(pytestconfig): pytestconfig.__dict__.setdefault("things", []).append(Thing())
    def test_cleanup(pytestconfig): pytestconfig.add_cleanup(Thing)
    def test_session(request): request.session.__dict__.setdefault("things", []).append(Thing())
""")


def test_what_a_test_gives_to_pytest_is_named(project):
    """What a test hangs onto pytest's own objects is told by the names that the test has for them."""
    told = signatures(project.with_files({"test_given.py": GIVEN}).measure("--memopt-leaks"))
    assert told["test_config"] == "pytestconfig.things[*] <- test_given.Thing"
    assert told["test_session"] == "request.session.things[*] <- test_given.Thing"
    assert told["test_cleanup"].startswith("pytestconfig._cleanup")


def test_buffers_that_grow_in_place_are_leaks(project):
    """They ask for more memory only now and then, and are told though a dozen runs in a row may see none."""
    source = """
        import array
        LOG, READINGS, RECENT = bytearray(), array.array("d"), bytearray()
        def test_log(): LOG.extend(b"x" * 1000)
        def test_readings(): READINGS.extend([1.0] * 100)
        def test_recent(): RECENT.extend(b"x" * 1000); del RECENT[:1000]
    """
    run = project.with_files({"test_buffers.py": dedent(source)}).measure("--memopt-leaks")
    assert signatures(run) == {
        "test_log": "test_buffers.LOG <- bytearray",
        "test_readings": "test_buffers.READINGS <- array.array",
        "test_recent": None,
    }
    assert run.test("::test_recent")["verdict"] == "ok"


def test_values_of_the_context_are_named(project):
    """A variable of the context that each run sets anew is told, though the collector sees neither it nor its value."""
    source = "from contextvars import ContextVar\ndef test_sets(): ContextVar('request_id').set(6)\n"
    run = project.with_files({"test_context.py": source}).measure("--memopt-leaks")
    first = run.test("::test_sets")["leak"]["culprits"][0]
    assert (first["path"], first["count_per_round"]) == ("<context>.request_id", 1)
    assert first["site"] == "test_context.py:2 in test_sets"


def test_honest_tests_are_clean(project):
    """Fixtures, exceptions, output, threads, rings, subtests: nothing of what pytest keeps of a rerun is a leak."""
    run = project.with_files({"test_clean.py": CLEAN}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"passed": 12, "skipped": 1, "xfailed": 1}
    hunted = {nodeid: record["leak"] for nodeid, record in run.tests.items() if record["outcome"] == "passed"}
    assert {nodeid: leak["verdict"] for nodeid, leak in hunted.items()} == dict.fromkeys(hunted, "clean")
    assert run.test("::test_skipped")["leak"] is None
    assert run.test("::test_xfailed")["leak"] is None


def test_a_test_that_fails_by_itself_is_told_what_was_left_undone(project):
    """It wasn't hunted, and its limits, where it has any, weren't judged: no more is said than that."""
    suite = """
        import pytest
        @pytest.fixture
        def broken(): raise RuntimeError
        def test_fails(): assert False
        def test_errs(broken): pass
        @pytest.mark.memory_limit(growth="1 MB")
        def test_limited(): assert False
    """
    files = {"test_fails.py": dedent(suite)}
    told = {name: record["why"] for name, record in project.with_files(files).measure("--memopt-leaks").tests.items()}
    assert told == {
        "test_fails.py::test_fails": "the test failed by itself, so it was not hunted for leaks",
        "test_fails.py::test_errs": "the test failed by itself, so it was not hunted for leaks",
        "test_fails.py::test_limited": "the test failed by itself, so its limits were not judged, and it was not hunted for leaks",
    }
    without = project.with_files(files).measure().test("::test_limited")["why"]
    assert without == "the test failed by itself, so its limits were not judged"


def test_what_is_printed_into_a_pipe_is_not_kept(project):
    """Without capturing, text waits for its writing in the stream, a few kilobytes of it: neither a leak nor growth."""
    suite = """
        import sys, pytest
        def test_prints(): print("a line".upper())
        def test_complains(): sys.stderr.write("a line".upper())
        @pytest.mark.memory_limit(growth="1 KB")
        def test_prints_much(): print("many words ".upper() * 300)
    """
    run = project.with_files({"test_prints.py": dedent(suite)}).measure("--memopt-leaks", "-s")
    run.assert_no_crash()
    assert {record["verdict"] for record in run.tests.values()} == {"ok"}, run.tests


def test_what_waits_in_an_open_file_is_no_leak(project):
    """A text file that stays open keeps what was written until it is some kilobytes, which is told as a filling cache."""
    suite = """
        FILE = open("log.txt", "w", encoding="utf-8")
        def test_writes(): FILE.write("a line".upper())
    """
    run = project.with_files({"test_writes.py": dedent(suite)}).measure("--memopt-leaks")
    assert run.test("::test_writes")["verdict"] == "filling-cache"


def test_totals_are_those_of_one_run(project):
    """Reruns are heard by nobody: as many tests, subtests and lines of output as without the hunt."""
    calm = project.with_files({"test_clean.py": CLEAN}).run("-rA")
    hunted = project.execute("-rA", "--memopt-leaks")
    assert hunted.counts == calm.counts
    assert len(hunted.lines_with("x" * 1000)) == len(calm.lines_with("x" * 1000))


def test_what_fails_the_second_time_is_inconclusive(project):
    """A test that can't be repeated is told with the reason, and passes as it did."""
    suite = """
        DONE = []
        def test_once():
            assert not DONE
            DONE.append(1)
    """
    run = project.with_files({"test_once.py": dedent(suite)}).measure("--memopt-leaks")
    record = run.test("::test_once")
    assert (record["outcome"], record["verdict"]) == ("passed", "inconclusive")
    assert "when it was run again, its call failed" in record["why"]


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_hunt_that_came_to_nothing_is_told(project, is_marked):
    """Without the report too, and where only a mark asked for the hunt, it is told with the reason; the rest is counted."""
    suite = """
        import pytest
        @pytest.mark.no_leaks
        @pytest.mark.parametrize("number", range(5))
        def test_once(number, done=set()):
            assert number not in done
            done.add(number)
    """
    run = project.with_files({"test_once.py": dedent(suite)}).run(*([] if is_marked else ["--memopt-leaks"]))
    assert run.counts == {"passed": 5}
    assert (
        len(run.lines_with("test_once.py::test_once[", ": inconclusive: when it was run again, its call failed")) == 3
    )
    assert run.lines_with("and 2 more inconclusive")


@pytest.mark.parametrize(("args", "is_counted"), [((), False), (("-q",), False), (("-q", "--memopt-report"), True)])
def test_a_warning_is_told_or_counted(project, args, is_counted):
    """Only a summary that leaves it out says that there is one."""
    known = '[[leak]]\nsignature = "app.X <- list"\nreason = "an old one"\n'
    files = {"test_calm.py": "def test_calm(): pass\n", "memopt-known-leaks.toml": known}
    run = project.with_files(files).run("--memopt-leaks", "--memopt-no-history", *args)
    assert bool(run.lines_with("1 warning, told without -q")) is is_counted
    assert bool(run.lines_with("warning: the known leak 'app.X <- list' was not seen")) is not is_counted


def test_rare_leaks_need_more_rounds(serial_project):
    """A leak in every seventh run is seen with ``--memopt-rounds 21``, and is said to be clean after a few."""
    suite = """
        import itertools
        COUNT, KEPT = itertools.count(), []
        def test_seventh():
            if next(COUNT) % 7 == 0: KEPT.append([1])
    """
    project = serial_project.with_files({"test_rare.py": dedent(suite)})
    thorough = project.measure("--memopt-leaks", "--memopt-rounds=21").test("::test_seventh")
    assert thorough["verdict"] == "leak"
    assert thorough["leak"]["culprits"][0]["holder"] == "test_rare.KEPT"
    assert thorough["leak"]["rounds"] > 21


def test_an_undecided_hunt_is_given_up(serial_project):
    """When the time is up, the verdict is inconclusive, with the rounds that were made."""
    suite = """
        import random, time
        KEPT = []
        def test_restless():
            time.sleep(0.02)
            KEPT[:] = [bytes(random.randrange(20_000)) for _ in range(random.randrange(200))]
    """
    project = serial_project.with_files({"test_slow.py": dedent(suite)})
    record = project.measure("--memopt-leaks", "--memopt-leaks-budget=0.2").test("::test_restless")
    assert (record["outcome"], record["verdict"]) == ("passed", "inconclusive")
    assert "0.2 s" in record["why"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ("--memopt-rounds=0", "--memopt-rounds: '0' is not a whole number of 1 or more"),
        ("--memopt-leaks-budget=soon", "--memopt-leaks-budget: 'soon' is not a number of seconds above 0"),
    ],
)
def test_wrong_values_are_one_line(serial_project, args, told):
    """A value that makes no sense ends the run before the first test, in one line."""
    run = serial_project.with_files({"test_a.py": "def test_a(): pass\n"}).run("--memopt-leaks", args)
    run.assert_no_crash()
    assert run.lines_with(told)
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR


def test_ini_asks_for_the_hunt(project):
    """``memopt_leaks = true`` hunts in every run, and ``memopt(skip=True)`` exempts a test from it."""
    suite = """
        import pytest
        KEPT = []
        def test_leaks(): KEPT.append([1])
        @pytest.mark.memopt(skip=True)
        def test_exempt(): KEPT.append([1])
    """
    ini = "[pytest]\nmemopt_leaks = true\nmemopt_rounds = 4\n"
    run = project.with_files({"test_ini.py": dedent(suite), "pytest.ini": ini}).run()
    assert run.counts == {"failed": 1, "passed": 1}
    assert run.lines_with("MEMORY test_ini.py::test_leaks")


def test_known_leaks_are_let_pass(project):
    """A leak whose signature is listed passes as known, until the day it expires."""
    known = '[[leak]]\nsignature = "app.SESSIONS[*] <- app.Session"\nreason = "issue 7"\nexpires = {}\n'
    files = {**LEAKY, "memopt-known-leaks.toml": known.format("2999-01-01")}
    record = project.with_files(files).measure("--memopt-leaks", "-k", "test_registry").test("::test_registry")
    assert (record["outcome"], record["verdict"], record["why"]) == ("passed", "known-leak", "issue 7")
    files["memopt-known-leaks.toml"] = known.format("2001-01-01")
    record = project.with_files(files).measure("--memopt-leaks", "-k", "test_registry").test("::test_registry")
    assert record["verdict"] == "leak"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[leak]]\nreason = 'a'\n", "leak 1: signature = None is not a text"),
        ("[[leak]]\nsignature = 's'\nreason = 'a'\nexpires = '2027'\n", "leak 1: expires = '2027' is not a day"),
        ("[[leak]]\nsignatur = 's'\n", "unknown keyword 'signatur'; did you mean 'signature'?"),
        ("leak = 3\n", "'leak' is not a list"),
        ("not toml", "the known leaks can't be read"),
    ],
)
def test_a_wrong_list_of_known_leaks_is_one_line(serial_project, text, told):
    """What can't be understood ends the run before the first test, naming file and place."""
    files = {"test_a.py": "def test_a(): pass\n", "memopt-known-leaks.toml": text}
    run = serial_project.with_files(files).run("--memopt-leaks")
    run.assert_no_crash()
    assert run.lines_with("memopt-known-leaks.toml", told)
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_leak_of_a_fixture_is_told_with_its_name(project):
    """What a fixture makes, itself or through code that it calls, is charged to it by name; what the test makes isn't."""
    suite = {
        "app.py": "POOL, USERS = [], []\nclass Conn: pass\nclass User: pass\ndef connect():\n    POOL.append(Conn())\n",
        "conftest.py": """
            import app, os, pytest
            @pytest.fixture
            def client():
                yield app.connect()
            @pytest.fixture
            def log():
                return os.open(os.devnull, os.O_RDONLY)
        """,
        "test_app.py": """
            import app
            def test_pool(client): pass
            def test_log(log): pass
            def test_users(client, log): app.USERS.append(app.User())
        """,
    }
    run = project.with_files({name: dedent(text) for name, text in suite.items()}).measure("--memopt-leaks")
    blamed = {
        (record["nodeid"].partition("::")[2], culprit["type"]): culprit["fixture"]
        for record in run.tests.values()
        for culprit in record["leak"]["culprits"]
    }
    assert blamed["test_pool", "app.Conn"] == "client"
    assert blamed["test_log", "file descriptor (/dev/null)"] == "log"
    assert blamed["test_users", "app.User"] is None
    assert run.lines_with("1 app.Conn held by app.POOL, made for fixture 'client'")


def test_a_table_of_texts_and_numbers_is_named(project):
    """A dictionary that the collector doesn't track, as only texts and numbers are in it, is a culprit like another."""
    suite = {
        "app.py": "CACHE = {}\n",
        "test_app.py": "import app\ndef test_it(): app.CACHE[1000 + len(app.CACHE)] = bytes(len(app.CACHE) + 50)\n",
    }
    run = project.with_files(suite).measure("--memopt-leaks")
    (culprit, *_) = run.test("::test_it")["leak"]["culprits"]
    assert (culprit["type"], culprit["holder"]) == ("bytes", "app.CACHE")
    assert culprit["site"] == "test_app.py:2 in test_it"
