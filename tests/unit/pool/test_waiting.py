"""Waits that leave the sleeping to others."""

from __future__ import annotations

import pytest

from pytest_memopt.pool.waiting import sleep_through


@pytest.fixture
def ends():
    """What the waits have told at their end."""
    return []


@pytest.fixture
def wait(ends):
    """A wait of two pauses."""

    def begin():
        try:
            yield 1.0
            yield 2.0
            return "gained"
        finally:
            ends.append("ended")

    return begin()


def test_each_pause_is_slept(wait):
    """In turn; what was waited for comes back."""
    slept_s = []
    assert sleep_through(wait, slept_s.append) == "gained"
    assert slept_s == [1.0, 2.0]


def test_an_interrupted_sleep_ends_the_wait(wait, ends):
    """At once, not when somebody looks at what is left of it."""

    def interrupt(seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        sleep_through(wait, interrupt)
    assert (ends, caught.traceback[-1].name) == (["ended"], "interrupt")
