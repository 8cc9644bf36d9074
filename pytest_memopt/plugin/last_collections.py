"""Sparing the last collections: pytest's second one, and those of an interpreter that ends, over a heap that goes away."""

from __future__ import annotations

import atexit

import pytest

from ..meters.originals import gc


class LastCollections:
    """Freezes the heap when all is over, which takes nothing, so that what collects then finds nothing to look at.

    Garbage with finalizers was found before: by pytest's own collection, which is left as it is. What the interpreter
    finalizes while it ends is what was reachable to the last, and it promises that for nothing in a reference cycle.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Arrange for it; to be made while pytest configures itself, so that its own clean-up comes before ours."""
        config.add_cleanup(gc.unfreeze)  # whoever runs pytest inside a process that goes on gets a heap that is thawed
        # once, however many sessions one process sees
        atexit.unregister(gc.freeze)
        atexit.register(gc.freeze)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """All is over, and pytest has collected: nothing that it kept needs to be looked at again."""
        gc.freeze()
