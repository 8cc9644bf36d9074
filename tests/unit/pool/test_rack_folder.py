"""The folder where processes meet, and its name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import PoolError
from pytest_memopt.pool.rack_folder import RackFolder, file_name, remove_rack_files


@given(st.text(), st.text())
def test_no_two_names_share_a_folder(one, other):
    """Names that differ, if only by case, have folders that differ on every file system; safe to use on each."""
    assert re.fullmatch(r"[a-z0-9_-]{17,57}", file_name(one))
    assert (file_name(one).lower() == file_name(other).lower()) == (one == other)


@pytest.mark.parametrize("name", ["db", "DB", "../../etc", "con", "a/b\\c:*?", "x" * 300, "\udc80", ""])
def test_odd_names_stay_inside_their_folder(tmp_path, name):
    """Whatever a type is called, its files lie in a folder of their own."""
    folder = RackFolder(tmp_path, name)
    folder.make()
    folder.make()
    folder.gate.touch()
    assert [path.parent for path in (folder.gate, folder.queue, folder.slot(3))] == [next(tmp_path.iterdir())] * 3


def test_a_name_is_told_by_its_folder():
    """A name of letters is read in that of its folder."""
    assert file_name("Postgres db").startswith("postgres_db-")


def test_a_missing_folder_is_told(tmp_path):
    """Where the session has no folder, one sentence says so."""
    folder = RackFolder(tmp_path / "gone", "db")
    with (
        pytest.raises(
            PoolError, match=r"^the slots of 'db' can't be shared through .*gone \(No such file .*\); that takes"
        ),
        folder.plain_errors(),
    ):
        folder.make()


def test_removing_takes_all_and_minds_nothing(tmp_path):
    """All of a session's files go at once; what is gone already is no error."""
    session = tmp_path / "session"
    session.mkdir()
    RackFolder(session, "db").make()
    remove_rack_files(session)
    assert not session.exists()
    remove_rack_files(session)
