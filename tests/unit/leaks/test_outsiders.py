"""Naming what comes with each round and no container of Python's need hold."""

import gc
import multiprocessing
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from pytest_memopt.leaks import outsiders
from pytest_memopt.leaks.finding import OUTSIDE, Culprit
from pytest_memopt.leaks.outsiders import Outsider, Outsiders, outside_culprits
from pytest_memopt.leaks.survivors import EXTRA_ROUNDS
from pytest_memopt.meters.rounds import LeakSignal


def nobody(targets, own):
    """No Python object is held by anything."""
    return [(OUTSIDE, None)] * len(targets)


def came(**signals):
    """What has come, by the name of the signal."""
    return SimpleNamespace(added=lambda: {LeakSignal(name): list(found) for name, found in signals.items()})


def named(*texts, signals=(), signal="fds"):
    """The culprits, where descriptors of these names came."""
    return outside_culprits(came(**{signal: map(Outsider, texts)}), signals, nobody).get(LeakSignal(signal), [])


@pytest.mark.parametrize(
    ("texts", "kind", "example"),
    [
        (["/dev/null"] * 3, "/dev/null", None),
        ([f"/tmp/test_a{number}/x.txt" for number in range(3)], "/tmp/test_a*/x.txt", "/tmp/test_a1/x.txt"),
        ([f"/tmp/tmpabc_{name}xyz/x" for name in "abc"], "/tmp/tmp*/x", "/tmp/tmpabc_bxyz/x"),
        (
            [f"socket 127.0.0.1:{port} -> 10.0.0.1:80" for port in (40000, 40001, 40002)],
            "socket 127.0.0.1:* -> 10.0.0.1:*",
            "socket 127.0.0.1:40001 -> 10.0.0.1:80",
        ),
    ],
)
def test_numbers_do_not_tell_them_apart(texts, kind, example):
    """What differs from run to run is in the example alone, so that the signature is the same in the next run."""
    noun = "file descriptor"
    told = None if example is None else f"{noun} ({example})"
    assert named(*texts) == [Culprit(f"{noun} ({kind})", 1, example=told)]


def test_what_has_nothing_in_common_is_told_together():
    """Descriptors of different names are counted, and one of them is shown."""
    assert named("/a", "/b", "/c") == [Culprit("file descriptor", 1, example="file descriptor (/b)")]


def test_what_came_once_is_not_told():
    """Less than one for each round is a leak only where it was shown to be one."""
    assert named("/a", "/b") == []
    assert named("/a", signals=(LeakSignal.THREADS,)) == []
    (rare,) = named("/a", signals=(LeakSignal.FDS,))
    assert rare.count_per_round == pytest.approx(1 / EXTRA_ROUNDS)
    assert [one.type for one in named(*["/a"] * 3, "/b", signals=(LeakSignal.FDS,))] == ["file descriptor (/a)"]


def test_the_two_most_frequent_kinds_are_told():
    """Of each signal, so that there is room for others."""
    texts = ["/a"] * 3 + ["/b"] * 6 + ["/c"] * 4
    assert [one.type for one in named(*texts)] == ["file descriptor (/b)", "file descriptor (/c)"]


def test_the_holder_of_what_stands_for_it_is_told():
    """A process is held where its object is held; the search is led through none of our own lists."""
    targets = [SimpleNamespace() for _ in range(3)]
    asked = []

    def held_by(wanted, own):
        asked.append((wanted[0], len(own)))
        return [("app.JOBS", "app.JOBS[*]")]

    found = [Outsider("sleep 60", f"pid {number}", target) for number, target in enumerate(targets)]
    (culprit,) = outside_culprits(came(processes=found), (), held_by)[LeakSignal.PROCESSES]
    held = Culprit("process (sleep *)", 1, holder="app.JOBS", path="app.JOBS[*]")
    assert culprit == held._replace(example="process (sleep 60, pid 1)")
    assert asked[0][0] is targets[1]
    assert asked[0][1] > len(found)


def test_only_what_came_is_told(tmp_path):
    """With nothing faked: a file, a thread and a child that were there before are not among what was added."""
    done = threading.Event()

    def wait():
        threading.Thread(target=done.wait, name="later", daemon=True).start()

    with (tmp_path / "old.txt").open("w"), subprocess.Popen(["cat"], stdin=subprocess.PIPE) as old:
        before = Outsiders()
        with (tmp_path / "new.txt").open("w"), subprocess.Popen(["cat", "-"], stdin=subprocess.PIPE) as new:
            wait()
            found = before.added()
        done.set()
    assert str(tmp_path / "new.txt") in [one.text for one in found[LeakSignal.FDS]]
    assert str(tmp_path / "old.txt") not in [one.text for one in found[LeakSignal.FDS]]
    assert "later, daemon, runs threading.Event.wait" in [one.text for one in found[LeakSignal.THREADS]]
    (process,) = found[LeakSignal.PROCESSES]
    assert process == Outsider("cat -", f"pid {new.pid}", new)
    assert found[LeakSignal.TASKS] == []
    assert old.returncode == 0


def test_tasks_are_told_by_what_they_run(monkeypatch):
    """Those that were pending before are not told."""
    coroutine = SimpleNamespace(__qualname__="poll", cr_frame=SimpleNamespace(f_globals={"__name__": "app"}))
    old, new = (SimpleNamespace(get_coro=lambda: coroutine, get_name=lambda: "Task-7") for _ in range(2))
    pending = [old]
    monkeypatch.setattr(outsiders, "pending_tasks", lambda: list(pending))
    before = Outsiders()
    pending.append(new)
    assert before.added()[LeakSignal.TASKS] == [Outsider("app.poll", "Task-7", new)]


@pytest.fixture
def ended(monkeypatch):
    """Every process has ended, and its name alone is known."""
    monkeypatch.setattr(outsiders, "describe_child", lambda number: ("[true]", False))


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"args": ["/bin/true", 1]}, "true 1"),
        ({"args": "true | cat"}, "true | cat"),
        ({"args": b"true"}, "[true]"),
        ({"args": ()}, "[true]"),
        ({"_name": "Worker-3"}, "Worker-3, runs types.SimpleNamespace.run"),
        (None, "[true]"),
    ],
)
def test_the_object_tells_more_than_the_system(ended, own, text):
    """Of a process that has ended the command is known to its object alone; of a fork, what it runs."""
    known = SimpleNamespace(**own) if own is not None else None
    assert outsiders._process(7, known) == Outsider(text, "pid 7, ended, never waited for", known)


def test_a_process_of_the_library_is_told_by_its_name(ended):
    """What it runs is forgotten when it has started, and its command is that of this process."""
    process = multiprocessing.Process(target=len, name="Process-3")
    assert outsiders._process(7, process).text == "Process-3"


def test_objects_are_found_by_the_number_of_their_process(monkeypatch):
    """Those of ``subprocess`` and of ``multiprocessing``, where these are loaded; what has no number is passed by."""
    popen, process, idle = (
        object.__new__(kind) for kind in (subprocess.Popen, multiprocessing.Process, multiprocessing.Process)
    )
    popen.__dict__.update(pid=3, returncode=0, _child_created=False)
    process.__dict__.update(_popen=SimpleNamespace(pid=4))
    idle.__dict__.update(_popen=None)
    found = outsiders._python_processes()
    assert (found[3], found[4]) == (popen, process)
    gone = {name: module for name, module in sys.modules.items() if name != "subprocess" and "multi" not in name}
    monkeypatch.setattr(outsiders, "sys", SimpleNamespace(modules=gone))
    assert outsiders._python_processes() == {}
    assert gc.is_tracked(popen)
