"""Report files: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import pytest

from pytest_memopt.errors import MemoptError
from pytest_memopt.report.output import ReportError, open_report


def test_the_report_appears_when_it_is_whole(tmp_path: Path) -> None:
    """While it is written the path holds nothing, and in the end nothing else lies beside it."""
    path = tmp_path / "report.json"
    with open_report(path) as out:
        out.write("é\n")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """A path may lead into folders that are not there yet."""
    with open_report(tmp_path / "a" / "b" / "report.json") as out:
        out.write("x")
    assert (tmp_path / "a" / "b" / "report.json").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_half_a_report_is_removed(tmp_path: Path, error: type[BaseException]) -> None:
    """An error in the renderer is passed on, and the older report stays as it was."""
    path = tmp_path / "report.json"
    path.write_text("older")

    def render(out: TextIO) -> None:
        out.write("half")
        raise error

    with pytest.raises(error), open_report(path) as out:
        render(out)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    """An ``OSError`` while writing names the report and the reason."""
    path = tmp_path / "report.json"
    with pytest.raises(ReportError, match=r"can't write the report .*report\.json: No space left"), open_report(path):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_a_report(tmp_path: Path) -> None:
    """A path that is a folder is refused with a remedy."""
    with pytest.raises(ReportError, match="it is a folder; name a file in it"), open_report(tmp_path):
        pytest.fail("opened a folder")
    assert issubclass(ReportError, MemoptError)


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    """A parent that can't be made is an error of the report, not a traceback."""
    (tmp_path / "a").write_text("")
    with pytest.raises(ReportError, match="can't write the report"), open_report(tmp_path / "a" / "report.json"):
        pytest.fail("opened below a file")


def test_an_error_without_a_reason_is_told_by_itself(tmp_path: Path) -> None:
    """Some errors carry no text of the system."""
    with pytest.raises(ReportError, match="gone"), open_report(tmp_path / "report.json"):
        raise OSError("gone")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What the link points to is replaced, not the link."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("older")
    link.symlink_to(real)
    with open_report(link) as out:
        out.write("newer")
    assert link.is_symlink()
    assert real.read_text() == "newer"


@pytest.mark.skipif(not Path(os.devnull).is_char_device(), reason="needs a device file")
def test_a_device_is_written_to_directly() -> None:
    """``/dev/null`` and its kin are never replaced by a file."""
    with open_report(Path(os.devnull)) as out:
        out.write("x")
    assert Path(os.devnull).is_char_device()
