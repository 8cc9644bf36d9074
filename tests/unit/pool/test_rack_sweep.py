"""Clearing up behind processes that were killed."""

import pytest

from pytest_memopt.pool.lock_file import LockFile
from pytest_memopt.pool.rack_sweep import sweep_racks


@pytest.fixture
def rack(tmp_path):
    """What a killed process has left: a gate, two slots and a ticket, none of them locked."""
    rack = tmp_path / "db-1234"
    (rack / "queue").mkdir(parents=True)
    for name in ("gate", "slot-0", "slot-1", "queue/000001"):
        (rack / name).touch()
    return rack


def test_what_nobody_uses_goes(rack, tmp_path):
    """The rack is gone, the folder of the project stays."""
    sweep_racks(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["gate", "slot-1", "queue/000001"])
def test_what_somebody_uses_stays(rack, tmp_path, name):
    """Who holds a slot, waits for one or looks just now keeps the rack as it is."""
    held = LockFile(rack / name)
    assert held.try_lock()
    before = sorted(rack.rglob("*"))
    sweep_racks(tmp_path)
    assert sorted(rack.rglob("*")) == before
    held.close()
    sweep_racks(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_rack_is_let_be(tmp_path):
    """Other files and folders stay, and a folder that isn't there is none to sweep."""
    (tmp_path / "notes.txt").touch()
    (tmp_path / "other").mkdir()
    sweep_racks(tmp_path)
    sweep_racks(tmp_path / "nowhere")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "other"]


def test_what_can_not_go_is_let_be(rack, tmp_path):
    """Something else inside a rack keeps its folder, and raises nothing."""
    (rack / "strange").mkdir()
    sweep_racks(tmp_path)
    assert (rack / "strange").is_dir()
