"""What a pool saves, in words that fit 80 columns."""

from __future__ import annotations

import pytest

from pytest_memopt.optimize.pool_comparison import PoolComparison
from pytest_memopt.report.pool_saving import HEADINGS, format_share, format_times, saving_cells, saving_lines


def steady(anew_s, pooled_s, rebuilt_count=0, held_why=""):
    """A comparison whose pairs are nearly alike."""
    anew = [anew_s * (1 + place / 1000) for place in range(12)]
    return PoolComparison("db", tuple(anew), (pooled_s,) * 12, rebuilt_count, 14, 381_000, held_why)


def test_what_is_faster():
    """The row has all figures; below it stand share, ratio and the whole, with their intervals."""
    found = steady(0.0205, 0.00015)
    assert dict(zip(HEADINGS, saving_cells(found), strict=True)) == {
        "built anew": "20.6 ms",
        "pooled": "150 µs",
        "ratio": "137×",
        "saved": "99.27 %",
        "pays off": "after 2",
        "held idle": "372.1 KiB",
        "resource": "db",
    }
    assert saving_lines(found) == [
        "db: pooling is faster",
        "12 pairs: 99.27 % saved at each use (95 % sure: 99.27 % to 99.27 %)",
        "building anew takes 137× as long (95 % sure: 137× to 138×)",
        "100 uses with the first build: 2.06 s anew, 35.6 ms pooled, 98.3 % saved",
    ]


def test_what_is_slower():
    """Nothing is saved, it never pays off, and the advice is plain."""
    found = steady(7e-7, 2.8e-6)
    assert saving_cells(found)[2:5] == ("0.251×", "none", "never")
    assert saving_lines(found) == [
        "db: pooling is slower, don't pool this",
        "12 pairs: building anew takes 0.251× as long (95 % sure: 0.251× to 0.252×)",
    ]


def test_what_is_inside_the_noise():
    """No difference is told as none."""
    found = steady(0.01, 0.01005)
    assert saving_cells(found)[3:5] == ("none", "never")
    assert saving_lines(found)[0] == "db: no difference"


def test_what_limits_the_figures_is_told():
    """Members that the pool had to build anew, and a heap that could only be estimated, have a line each."""
    lines = saving_lines(steady(0.02, 0.01, rebuilt_count=3, held_why="no C heap (not glibc)"))
    assert lines[-2:] == [
        "the pool had to build 3 more in 14 borrows: validate refused members, or they were too old",
        "what is held idle is an estimate: no C heap (not glibc)",
    ]


@pytest.mark.parametrize("anew_s", [1e-6, 0.3, 9.0])
def test_lines_fit_80_columns(anew_s):
    """The figures of any magnitude fit, two columns in."""
    assert max(map(len, saving_lines(steady(anew_s, 9.5e-7)))) <= 78


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (-0.5, "-50.0 %"),
        (0.902, "90.2 %"),
        (0.9899, "99.0 %"),
        (0.9928, "99.28 %"),
        (0.99953, "99.953 %"),
        (0.999948, "99.9948 %"),
        (0.99999999, ">99.9999 %"),
        (1.0, ">99.9999 %"),
    ],
)
def test_shares_near_the_whole_have_more_digits(share, text):
    """Digits where they count, and never 100 %."""
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.0846, "0.0846×"), (1.874, "1.87×"), (137.4, "137×"), (18666.4, "18 666×")]
)
def test_ratios_have_three_digits(ratio, text):
    """Three digits, and all of a thousand or more."""
    assert format_times(ratio) == text
