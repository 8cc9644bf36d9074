"""pytest-timeout's timer: each run of ours gets the time that one run of the test has, and what is between them none."""

from __future__ import annotations

from typing import Any, Final

import pytest

_SETTINGS: Final = pytest.StashKey[Any]()


def note_timer(item: pytest.Item, settings: Any) -> None:
    """Remember with what settings pytest-timeout sets the timer of ``item``."""
    # a timer for the call alone is set, and cancelled, around each call anyway
    if not getattr(settings, "func_only", False):
        item.stash[_SETTINGS] = settings


def stop_timer(item: pytest.Item) -> None:
    """Cancel the timer of ``item``, which pytest-timeout set before the test's own run; nothing where there is none."""
    if _SETTINGS in item.stash:
        item.config.hook.pytest_timeout_cancel_timer(item=item)


def restart_timer(item: pytest.Item) -> None:
    """Give ``item`` its whole time once more; nothing where it has no timer."""
    settings = item.stash.get(_SETTINGS, None)
    if settings is not None:
        stop_timer(item)
        item.config.hook.pytest_timeout_set_timer(item=item, settings=settings)
