"""Counting the tasks that have not ended, in loops that run or not."""

import asyncio
import gc
import sys
from types import SimpleNamespace

import pytest

from pytest_memopt.meters.tasks import count_pending, describe_task, pending_tasks


async def poll():
    """Waits for something that never comes."""
    await asyncio.get_running_loop().create_future()


@pytest.fixture
def loop():
    """An event loop that doesn't run while it isn't told to."""
    loop = asyncio.new_event_loop()
    yield loop
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_tasks_count_while_they_wait(loop):
    """One that waits counts, though its loop doesn't run; one that has ended doesn't, though it is held."""
    before = count_pending()
    waits, ended = loop.create_task(poll()), loop.create_task(asyncio.sleep(0))
    loop.run_until_complete(ended)
    assert count_pending() == before + 1
    assert pending_tasks().count(waits) == 1
    assert ended not in pending_tasks()


def test_where_asyncio_has_no_list_the_collector_has_one(loop):
    """From 3.14 on tasks are picked from what the garbage collector lists."""
    task = loop.create_task(poll())
    assert count_pending([task, object(), loop], (3, 14)) == 1
    assert task in pending_tasks((3, 14))
    assert len(pending_tasks((3, 14))) == count_pending(gc.get_objects())


def test_eager_tasks_count(loop, monkeypatch):
    """Those that run at once are in a list of their own, from 3.12 on."""
    before, task = count_pending(), loop.create_task(poll())
    monkeypatch.setattr(asyncio.tasks, "_all_tasks", SimpleNamespace(data=()), raising=False)
    monkeypatch.setattr(asyncio.tasks, "_scheduled_tasks", SimpleNamespace(data=()), raising=False)
    monkeypatch.setattr(asyncio.tasks, "_eager_tasks", {task}, raising=False)
    assert (count_pending(), pending_tasks()) == (1, [task])
    assert before >= 0


def test_without_asyncio_there_is_none(monkeypatch):
    """Who didn't load it can't have one."""
    monkeypatch.delitem(sys.modules, "asyncio.tasks")
    assert (count_pending([object()]), pending_tasks()) == (0, [])


def test_a_task_is_told_by_what_it_runs(loop):
    """Module and name of the coroutine's function; the name alone of what has no frame."""
    assert describe_task(loop.create_task(poll())) == f"{__name__}.poll"
    odd = SimpleNamespace(get_coro=lambda: (value for value in ()))
    assert describe_task(odd).endswith("<genexpr>")
    assert describe_task(SimpleNamespace(get_coro=object)) == "object"
