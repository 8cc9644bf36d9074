"""The interpreter's functions as they were, whatever a test puts in their place."""

import gc
import time

from pytest_memopt.meters import originals


def test_what_is_patched_later_is_not_seen(monkeypatch):
    """A function that is replaced in its module is still the interpreter's own here."""
    real = gc.collect
    monkeypatch.setattr(gc, "collect", None)
    assert originals.gc.collect is real


def test_modules_share_what_changes():
    """What a module refers to, and doesn't replace, is the same thing in both: the modules that are loaded, say."""
    assert originals.sys.modules["time"] is time
    assert originals.time is not time
