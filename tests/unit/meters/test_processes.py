"""Counting child processes without starting one, and telling what they run."""

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from pytest_memopt.meters import processes
from pytest_memopt.meters.processes import (
    PATIENCE_S,
    ChildProcesses,
    child_numbers,
    command_text,
    count_by_psutil,
    describe_child,
    has_no_child,
    wait_for_dropped,
)


@pytest.fixture
def some_child(monkeypatch):
    """The system knows of a child, and Python has dropped none."""
    monkeypatch.setattr(processes, "has_no_child", lambda: False)
    monkeypatch.setattr(processes, "wait_for_dropped", lambda: None)


@pytest.fixture
def waiting():
    """A child that runs until its input is closed, and has its command line: it gets that a moment after it is there."""
    command = [sys.executable, "-c", "print(flush=True); open(0).read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        yield child


def folder(path, **children):
    """A folder of threads, each with the list of what it started."""
    for thread, listed in children.items():
        task = path / thread.replace("own", str(os.getpid())).strip("t")
        task.mkdir()
        (task / "children").write_text(listed)
    return str(path)


def test_without_a_child_nothing_is_listed(monkeypatch):
    """Where the system knows of none, that is all that is asked."""
    monkeypatch.setattr(processes, "has_no_child", lambda: True)
    assert ChildProcesses("nowhere", by_psutil=lambda: 1 / 0).read() == 0


@pytest.mark.parametrize(
    ("threads", "count"), [({"own": ""}, 0), ({"own": "12 4711 "}, 2), ({"own": "12 ", "t7": "1 2 3 ", "t8": ""}, 4)]
)
def test_children_of_all_threads_count(some_child, tmp_path, threads, count):
    """A child belongs to the thread that started it."""
    assert ChildProcesses(folder(tmp_path, **threads)).read() == count


def test_a_thread_that_ended_meanwhile_has_none(some_child, tmp_path):
    """A folder whose list can't be opened, or not be read, is passed by."""
    children = ChildProcesses(folder(tmp_path, own="12 "))
    (tmp_path / "7").mkdir()
    (tmp_path / "8" / "children").mkdir(parents=True)
    assert children.read() == 1


def test_without_lists_psutil_is_asked(some_child):
    """Where the system has no lists of children all its processes are looked at."""
    assert ChildProcesses("nowhere", by_psutil=lambda: 5).read() == 5


@pytest.mark.parametrize(("counts", "found"), [([1], 1), ([3, 3, 1], 1), ([3], 3)])
def test_settled_waits_a_moment(some_child, clock, counts, found):
    """What ends a moment later doesn't count; what stays does, when the patience is over."""
    children = ChildProcesses("nowhere", by_psutil=lambda: counts.pop(0) if len(counts) > 1 else counts[0])
    assert children.settled(1, clock, clock.pass_by) == found
    assert clock.now_s <= PATIENCE_S + 0.002


def test_a_child_is_known_until_it_was_waited_for(waiting):
    """Counting doesn't take the status of a child that has ended from whoever waits for it."""
    assert not has_no_child()
    count = ChildProcesses().read()
    assert count == count_by_psutil() >= 1
    assert waiting.pid in child_numbers()
    waiting.communicate()
    assert waiting.returncode == 0
    assert waiting.pid not in child_numbers()
    assert ChildProcesses().read() == count - 1


@pytest.mark.parametrize("error", [ChildProcessError, PermissionError, None])
def test_the_system_is_asked_for_any_child(monkeypatch, error):
    """Only its own word that there is none is believed."""

    def ask(*_):
        if error is not None:
            raise error

    monkeypatch.setattr(processes.os, "waitid", ask)
    assert has_no_child() is (error is ChildProcessError)
    monkeypatch.delattr(processes.os, "waitid")
    assert not has_no_child()


def test_dropped_ones_are_waited_for(monkeypatch):
    """What the library does when it starts the next process is done by each library that is loaded."""
    done = []
    modules = {"subprocess": SimpleNamespace(_cleanup=lambda: done.append(1)), "multiprocessing.process": object()}
    monkeypatch.setattr(processes, "sys", SimpleNamespace(modules=modules))
    wait_for_dropped()
    assert done == [1]


def test_a_running_child_is_told_by_its_command(waiting):
    """Without the folder of its program."""
    text, runs = describe_child(waiting.pid)
    assert runs
    assert text.endswith(" -c print(flush=True); open(0).read()")
    assert "/" not in text


class Ended:
    """A process that has ended, as psutil tells it."""

    def __init__(self, number):
        self.number = number

    def name(self):
        return "true"

    def cmdline(self):
        if self.number == 1:
            raise psutil.ZombieProcess(1)
        if self.number == 2:
            raise psutil.NoSuchProcess(2)
        return []

    def status(self):
        return psutil.STATUS_ZOMBIE if self.number == 3 else psutil.STATUS_RUNNING


@pytest.mark.parametrize(("number", "told"), [(1, "[true]"), (2, "[ended]"), (3, "[true]")])
def test_an_ended_child_is_told_by_its_name(monkeypatch, number, told):
    """Its command line is gone."""
    monkeypatch.setattr(psutil, "Process", Ended)
    assert describe_child(number) == (told, False)


def test_a_child_that_begins_has_no_command_yet(monkeypatch):
    """One that is being started is running, though the system doesn't know its command line for a moment."""
    monkeypatch.setattr(psutil, "Process", Ended)
    assert describe_child(4) == ("[true]", True)


def test_no_children_where_the_system_does_not_tell(monkeypatch):
    """What psutil may not see is none."""

    def refuse():
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", refuse)
    assert (child_numbers(), count_by_psutil()) == (frozenset(), 0)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["/usr/bin/sleep", "60"], "sleep 60"),
        (["python", "-c", "import os\nos.fork()"], "python -c import os os.fork()"),
        (["a", "b" * 100], f"a {'b' * 77}…"),
    ],
)
def test_a_command_is_one_line(words, text):
    """Of moderate length."""
    assert command_text(words) == text
