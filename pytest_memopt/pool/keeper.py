"""Upkeep in the background: one thread sees to all pools of the process, and ends when there are none left."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from .forks import FORKS
from .recipe import ResourceType

_LOG: Final = logging.getLogger(__name__)


class Kept(Protocol):
    """A pool, as the keeper sees it."""

    kind: ResourceType

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing left to do."""

    def maintain(self) -> None:
        """One round of upkeep."""


class Keeper:
    """Calls `maintain` of the pools that are alive, each at its own interval; holds them weakly.

    One pool after the other, each round in a thread of its own: where a ``close`` or a factory hangs that upkeep called,
    that pool is left alone until it ends, and the others have theirs. Borrowers don't need upkeep, as they look themselves
    whether a member is too old, and who waits is told what hangs.

    Args:
        clock: monotonic, in seconds.
        start: starts what it is given in the background.
        patience_s: how long a round is waited for.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], object] | None = None,
        *,
        patience_s: float = 1.0,
    ) -> None:
        self._clock = clock
        self._start = start or _start_thread
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._due_s: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        self._rounds: weakref.WeakKeyDictionary[Any, threading.Thread] = weakref.WeakKeyDictionary()
        self._is_running = False
        FORKS.add(self)

    @property
    def is_running(self) -> bool:
        """Whether the thread is there."""
        return self._is_running

    def watch(self, pool: Kept) -> None:
        """Look after ``pool`` from now on; a type without ``cleanup_interval`` is left alone."""
        interval_s = pool.kind.policy.cleanup_interval_s
        if interval_s is None:
            return
        with self._changed:
            self._due_s[pool] = self._clock() + interval_s
            if not self._is_running:
                self._is_running = self._has_started()
            self._changed.notify()

    def dismiss(self, pool: Kept) -> None:
        """``pool`` needs nobody any more; with the last one the thread ends."""
        with self._changed:
            self._due_s.pop(pool, None)
            self._changed.notify()

    def wait_s(self) -> float | None:
        """Seconds until the next round is due, 0 for one that is overdue; ``None`` when no pool is left."""
        due_s = [at_s for pool, at_s in self._due_s.items() if not pool.is_closed]
        return max(min(due_s) - self._clock(), 0.0) if due_s else None

    def work(self) -> None:
        """Look after the pools whose time has come."""
        with self._changed:
            due = self._take_due()
        while due:  # and none of them is held any longer than it has to be
            self._attend(due.pop())

    def after_fork_in_child(self) -> None:
        """The thread stayed with the parent; pools come here again when they build their first member in the child."""
        self._changed = threading.Condition()
        self._due_s = weakref.WeakKeyDictionary()
        self._rounds = weakref.WeakKeyDictionary()
        self._is_running = False

    def _attend(self, pool: Kept) -> None:
        """One round, waited for but for so long."""
        try:
            self._rounds[pool] = attending = _start_thread(partial(_maintain, pool))
        except RuntimeError:  # no more threads
            _maintain(pool)
            return
        attending.join(self._patience_s)
        if attending.is_alive():
            _LOG.warning(
                "the upkeep of %r goes on for more than %g s; it has no other until that ends", pool, self._patience_s
            )

    def _is_attended(self, pool: Kept) -> bool:
        attending = self._rounds.get(pool)
        return attending is not None and attending.is_alive()

    def _has_started(self) -> bool:
        try:
            self._start(self._run)
        except RuntimeError as error:  # no more threads, or the interpreter ends: lending goes on
            _LOG.warning("pools are not looked after in the background: %s", error)
            return False
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                if (wait_s := self.wait_s()) is None:
                    self._is_running = False
                    return
                self._changed.wait(wait_s)
            self.work()

    def _take_due(self) -> list[Kept]:
        now_s = self._clock()
        due: list[Kept] = [pool for pool, at_s in self._due_s.items() if at_s <= now_s and not pool.is_closed]
        for pool in due:
            self._due_s[pool] = now_s + (pool.kind.policy.cleanup_interval_s or 0.0)
        return [pool for pool in due if not self._is_attended(pool)]


def _maintain(pool: Kept) -> None:
    try:
        pool.maintain()
    except BaseException:  # noqa: BLE001 - user code, and other pools are to be looked after
        _LOG.exception("the upkeep of %r failed", pool)


def _start_thread(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, name="memopt-pool-upkeep", daemon=True)
    thread.start()
    return thread


KEEPER: Final = Keeper()
"""One for the process."""
