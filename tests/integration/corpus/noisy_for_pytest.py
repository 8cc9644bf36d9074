"""Tests that make pytest keep something: output, log records, warnings, reports; each is followed by an empty one."""
# ruff: noqa: T201 - output in every shape is what is tested

from __future__ import annotations

import logging
import warnings

import pytest

LOGGER = logging.getLogger("noisy")


def _fall(depth, ballast):
    if depth:
        return _fall(depth - 1, ballast)
    raise ValueError("bottom " * 10_000)


def _print():
    print("p" * 1_000_000)


def _log():
    for number in range(10_000):
        LOGGER.warning("record %d", number)


def _warn():
    for number in range(100):
        warnings.warn(f"warning {number}", UserWarning, stacklevel=1)


def _fail():
    _fall(100, bytes(5_000_000))


def _compare():
    assert list(range(20_000)) == list(range(1, 20_001))


def test_warm_print():
    """What printing needs is imported and cached."""
    _print()


def test_print():
    """A megabyte is printed."""
    _print()


def test_after_print():
    """Nothing."""


def test_warm_log():
    """What logging needs is imported and cached."""
    _log()


def test_log():
    """Ten thousand records."""
    _log()


def test_after_log():
    """Nothing."""


def test_warm_warn():
    """What warnings need is imported and cached."""
    _warn()


def test_warn():
    """A hundred warnings, kept by pytest for its summary."""
    _warn()


def test_after_warn():
    """Nothing."""


def test_warm_fail():
    """What failing needs is imported and cached."""
    _fail()


def test_fail():
    """A failure with a traceback of a hundred frames, a long message and five megabytes in its locals."""
    _fail()


def test_after_fail():
    """Nothing."""


def test_warm_compare():
    """What explaining needs is imported and cached."""
    _compare()


def test_compare():
    """A failed comparison of large lists."""
    _compare()


def test_after_compare():
    """Nothing."""


def test_warm_property(record_property):
    """What properties need is imported and cached."""
    record_property("note", "n" * 100_000)


def test_property(record_property):
    """A property that stays in the report."""
    record_property("note", "n" * 100_000)


def test_after_property():
    """Nothing."""


def test_warm_skip():
    """What skipping needs is imported and cached."""
    pytest.skip("s" * 10_000)


def test_skip():
    """A skip with a long reason."""
    pytest.skip("s" * 10_000)


def test_after_skip():
    """Nothing."""


@pytest.fixture
def broken():
    """A fixture that fails."""
    _fall(50, bytes(1_000_000))


def test_warm_error(broken):
    """What an error in set-up needs is imported and cached."""


def test_error(broken):
    """An error in set-up."""


def test_after_error():
    """Nothing."""
