"""The first thorough run of a hunt, which isn't judged; on CPython 3.10 it makes what functions take when they are called often."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Final

from ..meters.originals import sys
from . import census, interned, ruling, series, standing

_JUDGING: Final[tuple[ModuleType, ...]] = (census, interned, ruling, series, standing)
"""What runs between two rounds, besides the hunt itself; what reads the signals runs in the first round."""


def first_run() -> Callable[[Callable[[], object]], object] | None:
    """What makes the first thorough run of a hunt; ``None`` where it is a run like any other, as from CPython 3.11 on."""
    if sys.version_info >= (3, 11) or sys.implementation.name != "cpython" or hasattr(sys, "gettotalrefcount"):
        return None  # a debug build ends where something is to be thrown that isn't there
    from ..meters.opcode_caches import OpcodeCaches
    from ..meters.spare_frames import SpareFrames, functions_in

    caches = OpcodeCaches()

    def run_first(run: Callable[[], object]) -> None:
        caches.make_for(run)
        SpareFrames(caches.make).lay_out(function for module in _JUDGING for function in functions_in(module))

    return run_first
