"""The journal: what a process that was killed leaves behind."""

import json
import os
import subprocess
import sys

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters import originals
from pytest_memopt.plugin.journal import SUFFIX, Journal, LastEntry, take_last, take_orphans

RUN = "run1"
NEXT = "run2"


@pytest.fixture
def folder(tmp_path):
    """Where the pages go, not made yet."""
    return tmp_path / ".memopt" / "journal"


@pytest.fixture
def page(folder):
    """Writes a page as somebody else would have left it."""

    def write(name, text):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}{SUFFIX}"
        path.write_text(text if isinstance(text, str) else json.dumps(text), "utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def dead_pid():
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def entry(pid, nodeid="test_a.py::test_a", worker="main"):
    """What a page says."""
    return {"worker": worker, "nodeid": nodeid, "rss_bytes": 3 * 1024**2, "pid": pid}


def pages(folder):
    """The names of the pages that are there."""
    return sorted(path.name for path in folder.glob(f"*{SUFFIX}"))


def test_the_last_test_is_on_the_page(folder):
    """The page tells the test that began last, however long the one before was called."""
    journal = Journal(folder, RUN, "gw0")
    journal.note("test_a.py::test_" + "x" * 500, 1)
    journal.note("test_a.py::test_b", 2048)
    last = take_last(folder, RUN, "gw0")
    assert last == LastEntry("gw0", "test_a.py::test_b", 2048, os.getpid())
    assert last.story == "it was running test_a.py::test_b, which it began with 2.0 KiB resident"
    assert take_last(folder, RUN, "gw0") is None
    journal.close()


def test_before_the_first_test_there_is_no_test(folder):
    """A process that died before any test says so."""
    journal = Journal(folder, RUN, "gw0")
    assert take_last(folder, RUN, "gw0").story == "it had not begun a test"
    journal.close()


@given(nodeid=st.text(max_size=60))
def test_any_name_is_told(tmp_path_factory, nodeid):
    """Quotes, line ends and other scripts in a test's name arrive as they are."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder, RUN, "main")
    try:
        journal.note(nodeid, 7)
        last = take_last(folder, RUN, "main")
    finally:
        journal.close()
    # lone surrogates can't be in a file's name or a source, so not in a test's
    assert last is None or last.nodeid == nodeid


def test_a_page_is_gone_when_all_went_well(folder):
    """Closing removes the page, and a second time does nothing; the folder stays."""
    journal = Journal(folder, RUN, "main")
    assert len(pages(folder)) == 1
    journal.close()
    journal.close()
    journal.note("test_late", 1)
    assert pages(folder) == []


def test_the_page_of_an_interrupted_process_waits_for_its_reader(folder):
    """It outlives the process, says so, and is told by the one who was there, not by the next run."""
    for worker in ("gw0", "gw1"):
        journal = Journal(folder, RUN, worker)
        journal.note("test_a.py::test_a", 2048)
        journal.leave_to_reader()
        journal.close()
    assert take_last(folder, RUN, "gw0") == LastEntry("gw0", "test_a.py::test_a", 2048, os.getpid(), interrupted=True)
    assert take_last(folder, RUN, "gw0") is None
    assert len(pages(folder)) == 1


def test_a_page_that_was_read_already_does_not_come_back(folder):
    """Where the reader was faster the page is gone; a process without one, and a child, leave nothing either."""
    journal = Journal(folder, RUN, "gw0")
    journal.note("test_a.py::test_a", 2048)
    assert not take_last(folder, RUN, "gw0").interrupted
    journal.leave_to_reader()
    journal.close()
    journal.leave_to_reader()
    assert pages(folder) == []


def test_a_new_folder_is_hidden_from_version_control(folder, tmp_path):
    """The folder that is made for it carries its own ``.gitignore``; one that was there is left as it is."""
    Journal(folder, RUN, "main").close()
    assert (folder.parent / ".gitignore").read_text() == "*\n"
    (tmp_path / "mine").mkdir()
    Journal(tmp_path / "mine" / "journal", RUN, "main").close()
    assert not (tmp_path / "mine" / ".gitignore").exists()


def test_an_unwritable_folder_is_no_error(tmp_path):
    """Where no page can be had the tests run all the same, and nothing is told."""
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal", RUN, "main")
    journal.note("test_a", 1)
    journal.close()
    assert take_last(tmp_path / "file" / "journal", RUN, "main") is None


def test_a_full_disk_is_no_error(folder, monkeypatch):
    """A page that can't be written is left, and the tests go on."""

    def refuse(*args):
        raise OSError(28, "no space left on device")

    journal = Journal(folder, RUN, "main")
    monkeypatch.setattr(originals.os, "pwrite", refuse, raising=False)
    journal.note("test_a", 1)
    journal.close()
    assert pages(folder) == []


def test_a_platform_without_pwrite_seeks(folder, monkeypatch):
    """Where there is no ``pwrite`` (Windows) the entry is overwritten all the same."""
    monkeypatch.delattr(originals.os, "pwrite", raising=False)
    journal = Journal(folder, RUN, "main")
    journal.note("test_long_name", 1)
    journal.note("test_b", 2)
    assert take_last(folder, RUN, "main").nodeid == "test_b"
    journal.close()


def test_a_forked_child_keeps_off_the_page(folder, monkeypatch):
    """A child that a test forks neither writes on its parent's page nor removes it."""
    journal = Journal(folder, RUN, "main")
    journal.note("test_parent", 1)
    with monkeypatch.context() as child:
        child.setattr(originals.os, "getpid", lambda: -1)
        journal.note("test_child", 1)
        journal.close()
    assert take_last(folder, RUN, "main").nodeid == "test_parent"


def test_pages_of_dead_processes_are_orphans(folder, page, dead_pid):
    """What a killed run left is told once, in order of the pages; pages of living processes stay."""
    page("b", entry(dead_pid, "test_b", "gw1"))
    page("a", entry(dead_pid, "test_a", "gw0"))
    page("alive", entry(os.getpid()))
    assert [(one.worker, one.nodeid) for one in take_orphans(folder, NEXT)] == [("gw0", "test_a"), ("gw1", "test_b")]
    assert take_orphans(folder, NEXT) == []
    assert pages(folder) == ["alive.journal"]


def test_pages_of_this_run_are_no_orphans(folder, page, dead_pid):
    """A worker of this very run that died is told as such, not as an earlier run."""
    page(f"{NEXT}-gw0", entry(dead_pid))
    assert take_orphans(folder, NEXT) == []
    assert take_last(folder, NEXT, "gw0").nodeid == "test_a.py::test_a"


def test_those_that_were_not_killed_in_a_test_are_not_told(folder, page, dead_pid):
    """A page without a test is removed and says nothing, and so is that of a process that was interrupted."""
    page("idle", entry(dead_pid, ""))
    page("interrupted", {**entry(dead_pid), "interrupted": True})
    assert take_orphans(folder, NEXT) == []
    assert pages(folder) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pid": 1}', '{"pid": 1, "odd": 2}', "\0\0"])
def test_a_page_that_can_not_be_read_is_somebody_s(folder, page, text):
    """A page that is just being written is left alone."""
    page("new", text)
    assert take_orphans(folder, NEXT) == []
    assert take_last(folder, "new", "x") is None
    assert pages(folder) == ["new.journal"]


def test_what_stands_behind_the_line_is_not_read(folder, page, dead_pid):
    """The rest of a longer entry from before doesn't matter."""
    page("old", json.dumps(entry(dead_pid)) + '\nx::test_longer"}')
    assert [one.nodeid for one in take_orphans(folder, NEXT)] == ["test_a.py::test_a"]


def test_no_folder_has_no_orphans(folder):
    """Before the first run there is nothing to find."""
    assert take_orphans(folder, NEXT) == []


@pytest.mark.parametrize(
    ("answer", "is_orphan"),
    [
        (psutil.STATUS_ZOMBIE, True),
        (psutil.STATUS_SLEEPING, False),
        (psutil.NoSuchProcess(1), True),
        (psutil.AccessDenied(1), False),
    ],
)
def test_who_counts_as_gone(folder, page, monkeypatch, answer, is_orphan):
    """A zombie is gone; a process that may not be asked is taken to be running."""

    class Process:
        def __init__(self, pid):
            pass

        def status(self):
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(psutil, "Process", Process)
    page("one", entry(12345))
    assert bool(take_orphans(folder, NEXT)) == is_orphan


def test_a_page_that_can_not_be_removed_is_told_all_the_same(folder, page, dead_pid, monkeypatch):
    """A folder that became read-only doesn't keep the story back."""
    page("one", entry(dead_pid))

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    assert len(take_orphans(folder, NEXT)) == 1


def test_a_killed_process_leaves_its_page(folder):
    """A process that is killed in the midst of a test is told by whoever looks next."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pytest_memopt.plugin.journal import Journal\n"
        "Journal(Path(sys.argv[1]), 'run1', 'main').note('test_a.py::test_that_kills', 5)\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(folder)], check=False, capture_output=True)
    assert killed.returncode != 0
    (orphan,) = take_orphans(folder, NEXT)
    assert (orphan.worker, orphan.nodeid, orphan.rss_bytes) == ("main", "test_a.py::test_that_kills", 5)
