"""Names of tests cut to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.report.nodeids import shorten
from pytest_memopt.report.typeface import cell_width


def test_what_fits_is_left_alone() -> None:
    """A name that is as wide as the column is not touched."""
    assert shorten("test_a.py::test_b", 17, "…") == "test_a.py::test_b"


@pytest.mark.parametrize("width", range(20, 44))
def test_the_tests_own_name_stays_whole(width: int) -> None:
    """What is cut is the path, as long as the test's name fits."""
    short = shorten("tests/unit/storage/test_disk.py::TestDisk::test_write_twice", width, "…")
    assert short.endswith("test_write_twice")
    assert cell_width(short) == width


def test_the_start_of_the_path_and_the_file_stay_in_sight() -> None:
    """The cut lies in the first half, where names tell the least."""
    short = shorten("tests/integration/storage/test_disk.py::test_write", 36, "…")
    assert short.startswith("tests/")
    assert short.endswith("/test_disk.py::test_write")


def test_parameters_that_look_like_a_path_belong_to_the_name() -> None:
    """A ``::`` inside the brackets does not end the name."""
    assert shorten("tests/test_parse.py::test_nodeid[a::b]", 24, "…").endswith("test_nodeid[a::b]")


def test_a_name_that_is_too_long_loses_its_middle() -> None:
    """The start of the name and the end of its parameters are both kept."""
    short = shorten(f"tests/test_parse.py::test_words[{'x' * 60}-last]", 24, "...")
    assert short.startswith("test_words")
    assert short.endswith("-last]")
    assert cell_width(short) == 24


@given(nodeid=st.text(), width=st.integers(min_value=5, max_value=60), ellipsis=st.sampled_from(["…", "..."]))
def test_never_wider_than_the_column(nodeid: str, width: int, ellipsis: str) -> None:
    """Any name in any script fits the column."""
    assert cell_width(shorten(nodeid, width, ellipsis)) <= width
