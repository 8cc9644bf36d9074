"""Tests that leave the process in disorder: the verdicts on those that follow are the same, and nothing falls over."""

from __future__ import annotations

from textwrap import dedent

import pytest

DISORDER = """
    import builtins, gc, io, locale, logging, os, random, signal, sys, tempfile, threading, time, warnings
    DONE, KEPT = [], []

    def streams():
        sys.stdout = io.StringIO()
        sys.stdout.close()
        sys.stderr, sys.__stderr__ = object(), None

    def environment():
        os.environ = {}
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.chdir(tempfile.mkdtemp())
        os.rmdir(os.getcwd())

    def clocks():
        time.time = time.perf_counter = time.monotonic = lambda: 0.0
        time.sleep, time.perf_counter_ns = (lambda s: None), (lambda: 0)
        random.random = lambda: 0
        locale.setlocale(locale.LC_ALL, "C")

    def hooks():
        sys.setprofile(lambda *args: None)
        threading.excepthook = sys.excepthook = sys.displayhook = None
        warnings.simplefilter("error")
        warnings.showwarning = warnings._showwarnmsg_impl = None
        logging.root.handlers = []
        logging.disable(100)

    def recursion():
        depth, frame = 0, sys._getframe()
        while frame: depth, frame = depth + 1, frame.f_back
        sys.setrecursionlimit(depth + 60)

    def builtin_functions():
        builtins.open = builtins.print = lambda *args, **named: None
        builtins.id = lambda one: 7

    def modules():
        class Odd:
            def __getattribute__(self, name): raise RuntimeError(name)
        sys.modules.update(odd_1=None, odd_2=Odd(), odd_3=5)
        for name in ("linecache", "_strptime", "fnmatch"): sys.modules.pop(name, None)
        sys.modules = dict(sys.modules)

    def collector():
        gc.disable()
        gc.set_threshold(0)
        gc.unfreeze()
        gc.freeze()

    def imports():
        def refuse(*args, **named): raise ImportError("no imports here")
        builtins.__import__ = refuse

    def test_before(): pass
    def test_leaves_disorder():
        if not DONE:
            DONE.append(1)
            LEFT()
    def test_clean(): pass
    def test_leaks(): KEPT.append([1])
"""
HOSTILE = """
    import ctypes, sys, types, weakref

    class Refusal(BaseException): pass
    def refuse(*args): raise Refusal("nobody may ask")

    class Liar:
        __class__ = property(refuse)
    class Shy:
        __getattribute__ = __getattr__ = __len__ = __bool__ = __sizeof__ = __eq__ = __hash__ = refuse
    class Table(dict):
        keys = items = values = __iter__ = __len__ = refuse
    class Meta(type):
        __getattribute__ = __instancecheck__ = __subclasscheck__ = __eq__ = refuse
        __hash__ = None
    Odd = Meta("Odd", (), {})
    class Structure(ctypes.Structure):
        _fields_ = [("held", ctypes.py_object)]

    def hostile():
        dead = weakref.proxy(Structure([1]))
        table = Table()
        dict.__setitem__(table, 2**5000, [1])
        return [Liar(), Shy(), table, object.__new__(Odd), Structure([1]), dead, {2**5000: [1], (2**5000,): [2]}]

    sys.modules.update(odd_1=None, odd_2=5, odd_3=types.ModuleType.__new__(types.ModuleType))
"""
MEETS_THEM = """
    import hostile
    KEPT = []

    def test_clean(): hostile.hostile()
    def test_leaks(): KEPT.append(hostile.hostile())
    def test_snapshot(memory_snapshot):
        before = memory_snapshot()
        kept = hostile.hostile()
        assert (memory_snapshot() - before).new.where(type=hostile.Liar).count == 1
"""
KINDS = ("streams", "environment", "clocks", "hooks", "recursion", "builtin_functions", "modules", "collector")


def suite(kind):
    """The tests, one of which leaves this kind of disorder."""
    return {"test_disorder.py": f"{dedent(DISORDER)}\nLEFT = {kind}\n"}


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_are_the_same_afterwards(serial_project, kind):
    """Whatever a test left behind, the clean test after it is clean and the leaking one leaks."""
    # pytest's own cache is written at the end, and pytest 8 falls over it where nothing can be opened
    run = serial_project.with_files(suite(kind)).measure("--memopt-leaks", "-p", "no:cacheprovider")
    run.assert_no_crash()
    assert run.counts == {"passed": 3, "failed": 1}
    verdicts = {nodeid.rpartition("::test_")[2]: record["verdict"] for nodeid, record in run.tests.items()}
    assert verdicts == {"before": "ok", "leaves_disorder": "ok", "clean": "ok", "leaks": "leak"}


def test_hostile_objects_are_not_asked(serial_project):
    """Objects that raise at every question, and modules that are none, are counted, followed and named like others."""
    run = serial_project.with_files({"hostile.py": dedent(HOSTILE), "test_hostile.py": dedent(MEETS_THEM)}).measure(
        "--memopt-leaks"
    )
    run.assert_no_crash()
    assert run.counts == {"passed": 2, "failed": 1}
    assert run.test("::test_leaks")["leak"]["signature"] == "test_hostile.KEPT[*] <- list"
    assert {run.test(f"::test_{name}")["verdict"] for name in ("clean", "snapshot")} == {"ok"}


def test_a_process_that_can_import_nothing_is_no_crash(serial_project):
    """Where a test takes something away that nothing works without, a line says what there is no telling of."""
    run = serial_project.with_files(suite("imports")).run("--memopt-leaks")
    assert "INTERNALERROR" not in run.text
    assert run.counts.get("passed", 0) + run.counts.get("failed", 0) == 4
    assert run.lines_with("memopt: the run could not be summed up: ") or run.lines_with("4 tests measured")
