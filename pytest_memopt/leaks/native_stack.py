"""The native calls behind C memory that stays, from memray where it is installed."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final

_ROUNDS: Final = 3
_BUDGET_S: Final = 10.0
_FRAMES_ASKED: Final = 40
_FRAMES_TOLD: Final = 6
_LEAST_SHARE: Final = 0.1  # of what the heap gains per round: it may be asked for in several pieces
_MOST_SHARE: Final = 1.05
_ALLOCATORS: Final = ("obmalloc.c", "malloc.c")

Frame = tuple[str, str, int]


def native_stack(
    run: Callable[[], object],
    bytes_per_round: float,
    memray: Any = None,
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = perf_counter,
) -> tuple[str, ...]:
    """The calls that lead to memory which stays, the innermost first, down to the first line of Python.

    Nothing where memray isn't installed, where somebody else is tracking with it, where there is no time for its rounds,
    or where no allocation that it saw explains the growth: memory that is asked for past it (``ctypes`` calling
    ``malloc`` itself) is not in its records.

    Args:
        run: one round of the workload; what it raises comes through.
        bytes_per_round: what a round leaves on the C heap.
        memray: the package; imported when ``None``.
        budget_s: seconds for the rounds; one that was begun is finished.
        clock: seconds.
    """
    deadline_s = clock() + budget_s
    try:
        memray = memray or importlib.import_module("memray")
    except ImportError:
        return ()
    with tempfile.TemporaryDirectory(prefix="memopt-") as folder:
        record = str(Path(folder, "allocations.bin"))
        try:
            tracker = memray.Tracker(record, native_traces=True)
            tracker.__enter__()
        except (RuntimeError, OSError):
            return ()
        try:
            for _ in range(_ROUNDS):
                if clock() >= deadline_s:
                    return ()
                run()
        finally:
            tracker.__exit__(None, None, None)
        try:
            with memray.FileReader(record) as reader:
                return _closest(reader.get_leaked_allocation_records(merge_threads=True), bytes_per_round)
        except (RuntimeError, OSError, ValueError):
            return ()


def _closest(records: Iterable[Any], bytes_per_round: float) -> tuple[str, ...]:
    """The calls of the record that explains the most of what a round leaves; none where no record does."""
    shares = [
        (record.size / _ROUNDS / bytes_per_round, record) for record in records if record.n_allocations >= _ROUNDS
    ]
    near = [pair for pair in shares if _LEAST_SHARE <= pair[0] <= _MOST_SHARE]
    if not near:
        return ()
    _, record = min(near, key=lambda pair: abs(pair[0] - 1))
    return _told(record.hybrid_stack_trace(_FRAMES_ASKED))


def _told(frames: Sequence[Frame]) -> tuple[str, ...]:
    """The frames in words, without those of allocators, and none beyond the first that is Python's."""
    told: list[str] = []
    for function, path, line in frames:
        if path.endswith(_ALLOCATORS):
            continue
        told.append(f"{function} ({Path(path).name}:{line})" if line else f"{function} ({Path(path).name})")
        if path.endswith(".py") or len(told) == _FRAMES_TOLD:
            break
    return tuple(told)
