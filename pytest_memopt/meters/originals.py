"""The interpreter's functions as they were when this was imported, for all that runs while a test's patches may be in place.

A test may replace ``gc.collect`` or ``os.stat`` by something that raises or lies, and ``unittest.mock.patch`` leaves it in
place until the teardown; a patch that is never undone stays for the rest of the session. Readings that fall in between
must not notice. So what reads imports these modules from here, where nobody looks for them: each has the same functions
under the same names.
"""

from __future__ import annotations

import gc as gc  # noqa: PLC0414 - handed on, here and below
import os as os  # noqa: PLC0414
import sys as sys  # noqa: PLC0414
import threading as threading  # noqa: PLC0414
import time as time  # noqa: PLC0414
import tracemalloc as tracemalloc  # noqa: PLC0414
import weakref as weakref  # noqa: PLC0414
from types import ModuleType
from typing import TYPE_CHECKING


def copy_of(module: ModuleType) -> ModuleType:
    """A module with the names and values that ``module`` has now; what is assigned to the one isn't seen in the other."""
    copy = ModuleType(module.__name__)
    vars(copy).update(vars(module))
    return copy


if not TYPE_CHECKING:
    gc, os, sys, threading, time, tracemalloc, weakref = map(
        copy_of, (gc, os, sys, threading, time, tracemalloc, weakref)
    )
