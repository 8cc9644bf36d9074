"""Modules that are imported when they are first needed, one by one."""

import importlib
import itertools

NAMES = ("colorsys", "sched", "wave", "netrc", "plistlib", "stringprep", "mailbox", "poplib", "not_there_at_all")
NUMBERS = itertools.count()


def workload() -> None:
    """Import the next one, or fail to."""
    try:
        importlib.import_module(NAMES[next(NUMBERS) % len(NAMES)])
    except ImportError:
        return
