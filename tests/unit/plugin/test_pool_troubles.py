"""Troubles of the session's pools: whom they fail, and what is only a warning."""

from __future__ import annotations

import warnings

import pytest

from pytest_memopt.plugin.pool_troubles import PoolTroubles, kept
from pytest_memopt.pool.trouble import PoolWarning, Trouble, TroubleKind

PLACE = ("test_a.py", 3)
CLOSE_FAILED = Trouble(TroubleKind.CLOSE_FAILED, "db", "resource 'db' could not be closed: OSError: busy")


@pytest.fixture
def troubles():
    """Where troubles are told."""
    return PoolTroubles()


@pytest.fixture
def warned():
    """The warnings of the test, each of them."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield warned


def test_a_test_is_failed_for_its_own_troubles_only(troubles, warned):
    """What another kept stays until that one is asked for; once told, nothing is told again."""
    troubles.tell(kept("db", "a", ("a.py:1 in a",)))
    troubles.tell(kept("db", "b", ()))
    (told,) = troubles.take("a", PLACE)
    assert told.startswith("resource 'db' was not given back by a; use `with`")
    assert told.endswith("borrowed at:\n  a.py:1 in a")
    assert troubles.take("a", PLACE) == []
    assert "b" in str(warned[0].message)


def test_a_fixture_that_ended_fails_the_test_that_is_torn_down(troubles, warned):
    """What it kept comes first, and once."""
    troubles.tell(kept("db", "fixture 'wide'", ()))
    troubles.blame_later("fixture 'wide'")
    troubles.tell(kept("db", "a", ()))
    assert ["wide" in text for text in troubles.take("a", PLACE)] == [True, False]
    assert troubles.take("a", PLACE) == []
    assert not warned


def test_what_fails_nobody_is_a_warning_at_the_test(troubles, warned):
    """A close that failed is told where the test stands."""
    troubles.tell(CLOSE_FAILED)
    assert troubles.take("a", PLACE) == []
    assert [(str(one.message), one.filename, one.lineno) for one in warned] == [(CLOSE_FAILED.told, *PLACE)]


def test_a_warning_that_is_an_error_fails_the_test(troubles):
    """With ``-W error`` the sentence is given back."""
    troubles.tell(CLOSE_FAILED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert troubles.take("a", PLACE) == [CLOSE_FAILED.told]


@pytest.mark.parametrize(("action", "fails"), [("always", False), ("error", True)])
def test_at_the_end_errors_are_warnings_and_said_to_be_errors(troubles, warned, action, fails):
    """No test can be failed any more, and nothing is lost."""
    warnings.simplefilter(action)
    troubles.tell(CLOSE_FAILED)
    assert troubles.tell_last(PLACE) is fails
    assert [str(one.message) for one in warned] == [CLOSE_FAILED.told]


def test_what_a_fixture_kept_until_the_end_is_told_there(troubles, warned):
    """As when the user interrupts, and fixtures are torn down outside of tests."""
    troubles.tell(kept("db", "fixture 'wide'", ()))
    troubles.blame_later("fixture 'wide'")
    assert troubles.tell_last(PLACE)
    assert not troubles.tell_last(PLACE)
    assert [one.category for one in warned] == [PoolWarning]


def test_loops_that_leave_resources_behind_are_told_once_a_type(troubles, warned):
    """Each test with an event loop of its own does; the sentence says what to do about it."""
    for type_name in ("client", "client", "other"):
        troubles.tell(Trouble(TroubleKind.LEFT_BEHIND, type_name, "left behind"))
        troubles.take("a", PLACE)
    assert [str(one.message).partition(";")[2] for one in warned] == [
        " have tests share a loop (a wider loop_scope), or register it with keep_idle=False, which closes it in its own"
    ] * 2
