"""Progress of a long hunt: a line below what pytest wrote, painted between two rounds, and erased in the end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from ..leaks.standing import Standing, standing_of
from ..meters.rounds import SIGNALS
from ..report.hunt_line import hunt_apart_line, hunt_line
from ..report.typeface import Typeface
from .screen import Screen, screen_of, tests_write_to_terminal

if TYPE_CHECKING:
    from ..leaks.fresh_process import OnWait

_VERY_QUIET: Final = -2


class HuntProgress:
    """Paints how one hunt after the other stands."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._face = Typeface.for_encoding(screen.encoding)

    @contextmanager
    def of(self, item: pytest.Item) -> Generator[Callable[[Standing], None], None, None]:
        """What is to be told between the rounds of the hunt in ``item``; afterwards the terminal is as it was before."""
        screen = self._screen

        def line(standing: Standing) -> str:
            return hunt_line(item.nodeid, standing, _tests_after(item), screen.width, self._face)

        # what the first line takes for ever is taken before the first reading
        screen.remember()
        line(standing_of((0,) * len(SIGNALS), 0, 0, 0.0, 0.0))
        try:
            yield lambda standing: screen.show_below(line(standing))
        finally:
            screen.erase()

    @contextmanager
    def apart(self, item: pytest.Item) -> Generator[OnWait, None, None]:
        """The same for a hunt in a process of its own: what is to be told of the waiting."""
        screen = self._screen

        def tell(elapsed_s: float, left_s: float) -> None:
            width, tests_left = screen.width, _tests_after(item)
            screen.show_below(hunt_apart_line(item.nodeid, elapsed_s, left_s, tests_left, width, self._face))

        screen.remember()
        try:
            yield tell
        finally:
            screen.erase()


def _tests_after(item: pytest.Item) -> int:
    items = item.session.items
    return len(items) - items.index(item) - 1 if item in items else 0


def hunt_progress_of(config: pytest.Config) -> HuntProgress | None:
    """What shows the progress of hunts; ``None`` where nobody would see it, or where it would mix with what tests write."""
    screen = screen_of(config)
    if screen is None or config.get_verbosity() <= _VERY_QUIET or tests_write_to_terminal(config):
        return None
    return HuntProgress(screen)
