"""A file that one at a time has locked."""

from __future__ import annotations

import os

import pytest

from pytest_memopt.pool import lock_file
from pytest_memopt.pool.lock_file import Holder, LockFile, is_locked


@pytest.fixture
def path(tmp_path):
    """Where the lock lies."""
    return tmp_path / "lock"


@pytest.fixture
def pair(path):
    """Two that want the same lock."""
    files = LockFile(path), LockFile(path)
    yield files
    for file in files:
        file.close()


def test_one_of_two_has_it(pair):
    """Who comes second is refused until the first one unlocks."""
    first, second = pair
    assert first.try_lock()
    assert not second.try_lock()
    first.unlock()
    assert second.try_lock()


def test_closing_unlocks(pair):
    """A closed file, closed twice or never opened, holds nothing, and can be locked again."""
    first, second = pair
    first.try_lock()
    first.close()
    first.close()
    first.unlock()
    assert second.try_lock()
    second.close()
    assert first.try_lock()


def test_looking_makes_no_file(path, pair):
    """A lock is seen from outside, and where there is none, nothing is made."""
    assert not is_locked(path)
    assert not path.exists()
    pair[0].try_lock()
    assert is_locked(path)
    pair[0].unlock()
    assert not is_locked(path)


def test_a_file_that_was_removed_guards_nothing(path, pair):
    """Who has it open still, locks a new one that all others see."""
    first, second = pair
    assert first.try_lock()
    first.unlock()
    assert second.try_lock()
    second.remove()
    assert not path.exists()
    assert first.try_lock()
    assert is_locked(path)
    assert not second.try_lock()


def test_a_file_that_is_always_removed_is_not_locked(path, pair, monkeypatch):
    """Where each file is gone before it is locked, nothing is, and nothing loops for ever."""
    monkeypatch.setattr(lock_file, "lock_descriptor", lambda fd, blocking: path.unlink() is None)
    assert not pair[0].try_lock()


@pytest.mark.parametrize("is_removed_open", [True, False])
def test_removing_ends_the_lock(path, pair, monkeypatch, is_removed_open):
    """The file goes and is closed, also where open files can't be removed."""
    monkeypatch.setattr(lock_file, "_REMOVES_OPEN_FILES", is_removed_open)
    pair[0].try_lock()
    pair[0].remove()
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        pair[0].remove()


def test_a_refusing_system_leaves_nothing_open(path, pair, monkeypatch):
    """What the system says of a lock comes through, and the file is closed."""

    def refuse(fd, blocking):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(lock_file, "lock_descriptor", refuse)
    with pytest.raises(OSError, match="not implemented"):
        pair[0].try_lock()
    assert pair[0]._file is None


def test_a_link_is_not_followed(path, tmp_path):
    """A link in the place of the file is refused, so that nothing is written where it leads."""
    if not hasattr(os, "O_NOFOLLOW"):
        pytest.skip("this system follows")
    target = tmp_path / "target"
    path.symlink_to(target)
    with pytest.raises(OSError, match="lock"):
        LockFile(path).try_lock()
    assert not target.exists()


@pytest.mark.parametrize(
    "label", ["", "tests/test_x.py::test_y[ä-\udc80]", "a much longer one, and then a short one", "s"]
)
def test_a_note_tells_the_holder(pair, label):
    """Another one reads who has it locked, and for what, whatever was there before."""
    first, second = pair
    first.try_lock()
    first.leave_note("the one before, which was rather long: " + "x" * 50)
    first.leave_note(label)
    told = second.read_note()
    assert (told.pid, told.label.encode(errors="backslashreplace")) == (
        os.getpid(),
        label.encode(errors="backslashreplace"),
    )


def test_a_label_stays_on_its_line(pair):
    """Breaks in a label become spaces."""
    pair[0].try_lock()
    pair[0].leave_note("one\n two\r\nthree")
    assert pair[1].read_note().label == "one two three"


@pytest.mark.parametrize("content", [b"", b"\0", b"\0nonsense\n", b"\0\xff\xfe \n"])
def test_what_is_no_note_tells_nobody(path, pair, content):
    """A file in which nobody has left a note, or a part of one, is held by an unknown process."""
    path.write_bytes(content)
    assert str(pair[0].read_note()) == "an unknown process"


def test_a_holder_is_told_with_what_is_known():
    """By process, and by label where there is one."""
    assert str(Holder(12)) == "process 12"
    assert str(Holder(12, "test_x")) == "process 12 (test_x)"
