"""Which worker compares a pool."""

import tempfile
from types import SimpleNamespace

import pytest

from pytest_memopt.plugin import compare_claims
from pytest_memopt.plugin.compare_claims import CompareClaims, CompareMeeting


def met(meeting, *workers):
    """The claims of workers to which the controller has told where they meet."""
    nodes = [SimpleNamespace(workerinput={"workerid": worker}) for worker in workers]
    for node in nodes:
        meeting.pytest_configure_node(node)
    return [CompareClaims.of(node) for node in nodes]


@pytest.fixture
def meeting():
    """The controller's half; what it made is gone in the end."""
    meeting = CompareMeeting()
    yield meeting
    meeting.pytest_unconfigure()


def test_the_first_who_comes_compares(meeting):
    """A type is compared by one worker, whatever it is called; another type may be another's."""
    one, other = met(meeting, "gw1", "alpha")
    assert [one.takes("db"), other.takes("db"), other.takes("a/b: *"), one.takes("a/b: *")] == [
        True,
        False,
        True,
        False,
    ]


def test_without_workers_everything_is_compared():
    """The only process takes every type, and waits for nobody."""
    claims = CompareClaims.of(SimpleNamespace())
    with claims.one_at_a_time():
        assert claims.takes("db")


def test_workers_that_cannot_meet_leave_it_to_the_first(meeting, monkeypatch):
    """On another machine, or where no folder can be made, the first worker compares what it used."""

    def refuse(**options):
        raise OSError("read-only")

    meeting.pytest_unconfigure()
    assert [claims.takes("db") for claims in met(meeting, "gw0", "gw1")] == [True, False]
    monkeypatch.setattr(compare_claims, "TemporaryDirectory", refuse)
    lonely = CompareMeeting()
    assert [claims.takes("db") for claims in met(lonely, "gw0", "gw1")] == [True, False]
    lonely.pytest_unconfigure()


def test_nothing_is_left_behind(monkeypatch, tmp_path):
    """The folder goes with its locks and marks."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    meeting = CompareMeeting()
    (claims,) = met(meeting, "gw3")
    with claims.one_at_a_time():
        assert claims.takes("db")
        assert len(list(tmp_path.iterdir())) == 1
    meeting.pytest_unconfigure()
    assert list(tmp_path.iterdir()) == []


def test_who_waits_for_too_long_goes_on(meeting, monkeypatch):
    """A worker that hangs while it compares holds up no other for ever."""
    monkeypatch.setattr(compare_claims, "_PATIENCE_S", 0.01)
    one, other = met(meeting, "gw0", "gw1")
    with one.one_at_a_time():
        reached = []
        with other.one_at_a_time():
            reached.append(other.takes("db"))
        assert reached == [True]
