"""The line that tells how a hunt stands."""

import pytest

from pytest_memopt.leaks.standing import naming, standing_of
from pytest_memopt.meters.rounds import SIGNALS
from pytest_memopt.report.hunt_line import hunt_apart_line, hunt_line
from pytest_memopt.report.typeface import Typeface, cell_width

FACE = Typeface.for_encoding("utf-8")
NAME = "tests/test_shop.py::TestShop::test_order[a-long-parameter]"


def standing(*blocks):
    """A hunt that read these numbers of blocks, in twelve seconds of twenty."""
    levels = [value for level in blocks for value in (level, *(0,) * (len(SIGNALS) - 1))]
    return standing_of(levels, len(blocks) - 1, rounds=len(blocks) + 1, elapsed_s=12.0, budget_s=20.0)


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ((5,), "run 3: warming up, "),
        ((5, 5), "run 4: flat, "),
        ((5, 7, 9), "run 5: growing by 2 blocks, "),
        ((5, 9, 7, 8), "run 6: growing by 1 block, "),
        ((5, 9, 7), "run 5: undecided, "),
    ],
)
def test_a_hunt_is_told_in_one_line(blocks, told):
    """The test, the run that begins, how it stands, the time, and what is to come."""
    line = hunt_line("a.py::test_a", standing(*blocks), 101, 200, FACE)
    assert line == f"a.py::test_a  leak hunt, {told}12.0 s, 8.0 s left, 101 tests to come"


def test_the_last_test_is_called_so():
    """Where nothing comes after it."""
    assert hunt_line("a.py::test_a", standing(5), 0, 200, FACE).endswith(", the last test")


def test_a_hunt_in_a_process_of_its_own_is_told_by_its_time():
    """Nothing is known of its runs; the test, the time and what is to come are told all the same, as far as there is room."""
    line = hunt_apart_line("a.py::test_a", 3.0, 77.0, 1, 200, FACE)
    assert line == "a.py::test_a  leak hunt, in a process of its own, 3.0 s, 1 min 17 s left, 1 test to come"
    narrow = hunt_apart_line(NAME, 3.0, 77.0, 1, 64, FACE)
    assert narrow.endswith("  leak hunt, in a process of its own")
    assert cell_width(narrow) < 64


def test_what_matters_least_is_left_out_first():
    """The tests to come go first, then the time; the name is cut before how the hunt stands."""
    lines = [hunt_line(NAME, standing(5, 5), 7, width, FACE) for width in (120, 80, 60, 50)]
    assert lines[0].startswith(NAME)
    assert [line.partition("flat")[2] for line in lines] == [
        ", 12.0 s, 8.0 s left, 7 tests to come",
        ", 12.0 s, 8.0 s left",
        ", 12.0 s",
        "",
    ]


@pytest.mark.parametrize("name", [NAME, "a", "a.py::test_中文" * 9])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_terminal_is_too_narrow(name, encoding):
    """However narrow the terminal is, the line is shorter, and can be encoded."""
    for width in range(150):
        line = hunt_line(name, standing(5, 7), 7, width, Typeface.for_encoding(encoding))
        assert cell_width(line) < max(width, 1)
        line.encode(encoding)


def test_naming_the_culprit_is_told():
    """When the leak is shown no run is counted any more: the line says what is being done, and how long that may take."""
    line = hunt_line("a.py::test_a", naming(31, 3.0, 9.5), 2, 200, FACE)
    assert line == "a.py::test_a  leak hunt, looking for the culprit, 3.0 s, 9.5 s left, 2 tests to come"
