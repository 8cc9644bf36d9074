"""Tickets: who came first is served first, and who has gone is in nobody's way."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.pool.lock_file import LockFile
from pytest_memopt.pool.ticket_queue import TicketQueue


@pytest.fixture
def queue(tmp_path):
    """A queue that nobody has used."""
    return TicketQueue(tmp_path / "queue")


def test_nobody_waits_in_a_new_queue(queue):
    """A queue whose folder isn't there yet is empty."""
    assert queue.is_empty()


def test_the_one_who_gave_up_is_gone(queue, tmp_path):
    """Who leaves takes the ticket along, and the queue is as before."""
    ticket = queue.draw()
    assert not queue.is_empty()
    ticket.give_up()
    assert queue.is_empty()
    assert list((tmp_path / "queue").iterdir()) == []


def test_a_dead_ticket_is_removed_by_whoever_looks(queue, tmp_path):
    """The ticket of a process that was killed is a file that isn't locked: no one waits."""
    queue.draw()._file.close()
    assert queue.is_empty()
    assert list((tmp_path / "queue").iterdir()) == []


def test_giving_up_twice_is_no_error(queue):
    """A ticket that is gone already can be given up."""
    ticket = queue.draw()
    ticket.give_up()
    ticket.give_up()


def test_a_ticket_that_nobody_can_lock_is_an_error(queue, monkeypatch):
    """Without its lock a place in the queue would be lost, so that none is given."""
    monkeypatch.setattr(LockFile, "try_lock", lambda self: False)
    with pytest.raises(BlockingIOError, match="has locked"):
        queue.draw()


@given(st.lists(st.tuples(st.sampled_from(["draw", "give up", "die", "look"]), st.integers(0, 9)), max_size=30))
def test_it_is_always_the_turn_of_the_one_who_waits_longest(steps):
    """Whoever comes, leaves or dies: exactly the oldest that still waits has nobody before, and no count rises."""
    with tempfile.TemporaryDirectory() as folder:
        queue, waiting, counts = TicketQueue(Path(folder) / "queue"), [], {}
        for step, choice in steps:
            if step == "draw":
                waiting.append(queue.draw())
            elif waiting and step != "look":
                leaving = waiting.pop(choice % len(waiting))
                leaving.give_up() if step == "give up" else leaving._file.close()
            else:
                assert queue.is_empty() == (not waiting)
            for place, ticket in enumerate(waiting):
                before_count = ticket.count_before()
                assert place <= before_count <= counts.get(ticket, before_count)
                assert (before_count == 0) == (place == 0)
                counts[ticket] = before_count
        for ticket in waiting:
            ticket.give_up()
