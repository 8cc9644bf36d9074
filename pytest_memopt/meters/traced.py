"""Traced allocations: tracemalloc counts each one, for the exact peak and for the lines whose memory is still held."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from .measurement import Site
from .originals import tracemalloc
from .status import MeterStatus
from .traced_peak import TRACING_LEAKS, UNTOLD_TRACE_BYTES

MOST_SITES: Final = 20
_PARSED_MOST: Final = 16  # files whose functions are known; to parse one of many lines takes half a second
_OWN_FOLDER: Final = str(Path(__file__).parents[1])
_RUNNER_PARTS: Final = (
    "/_pytest/",
    "/pluggy/",
    "/pytest/__main__.py",
    "<frozen importlib",
    "<frozen runpy",
    "<unknown>",
)
_DISTURBED: Final = "the test stopped or cleared tracemalloc, so its peak is not known"


class Traced(NamedTuple):
    """What a tracer found.

    Attributes:
        peak_bytes: most memory allocated at one time since the start; ``None``, with ``why``, where it was disturbed.
        sites: lines whose allocations are still held, the largest first.
        why: the reason behind a missing peak.
    """

    peak_bytes: int | None
    sites: tuple[Site, ...] = ()
    why: str | None = None


class HeldBy(NamedTuple):
    """Memory still held, with the lines that led to its allocation.

    Attributes:
        frames: file, line and (where the tracer knows it) function of each, the innermost first.
        size_bytes: how much.
        blocks_count: in how many blocks.
    """

    frames: tuple[tuple[str, int, str | None], ...]
    size_bytes: int
    blocks_count: int


class TracemallocTracer:
    """Counts by tracemalloc: exact for Python's allocators and numpy, about four times slower; not for plain C ``malloc``.

    Where it traces already (``python -X tracemalloc``, a program of the user's), it goes on doing so afterwards, and
    the figures are relative to the start: memory from before that is freed in between then counts against the peak.
    """

    name: Final = "tracemalloc"
    leaks: Final = TRACING_LEAKS

    def __init__(self, frames: int = 1) -> None:
        """Remember ``frames`` calling lines of each allocation: more make better sites, and cost more."""
        self._frames = frames
        self._base_bytes = 0
        self._is_foreign = False
        self._sentinel: object = None
        self._before: tracemalloc.Snapshot | None = None

    def status(self) -> MeterStatus:
        """It is always there, with CPython."""
        return MeterStatus(name="traced peak", available=True, how=self.name)

    def start(self) -> None:
        """Begin to count."""
        self._is_foreign = tracemalloc.is_tracing()
        if self._is_foreign:
            self._before = tracemalloc.take_snapshot()
        else:
            tracemalloc.start(self._frames)
        self._sentinel = bytearray(1)
        tracemalloc.reset_peak()
        self._base_bytes = tracemalloc.get_traced_memory()[0]

    def forget_peak(self) -> None:
        """Let the peak begin anew."""
        tracemalloc.reset_peak()

    def current(self) -> int:
        """Bytes allocated since the start and not freed yet."""
        return tracemalloc.get_traced_memory()[0] - self._base_bytes

    def tables_bytes(self, blocks_count: int) -> int:
        """Bytes of C heap that tracemalloc's tables take, with what it leaves out of its own account for each trace."""
        return tracemalloc.get_tracemalloc_memory() + blocks_count * UNTOLD_TRACE_BYTES

    def stop(self, *, with_sites: bool = False) -> Traced:
        """End the count, and free all that tracemalloc holds, unless it traced before ``start``."""
        peak_bytes = tracemalloc.get_traced_memory()[1] - self._base_bytes
        is_whole = tracemalloc.get_object_traceback(self._sentinel) is not None
        held = self._held() if with_sites and is_whole else []
        if not self._is_foreign:
            tracemalloc.stop()
        self._sentinel = self._before = None
        if not is_whole:
            return Traced(None, (), _DISTURBED)
        return Traced(peak_bytes, sites_of(held))

    def _held(self) -> list[HeldBy]:
        now = tracemalloc.take_snapshot()
        before = self._before or tracemalloc.Snapshot((), 1)
        return [
            HeldBy(
                tuple((frame.filename, frame.lineno, None) for frame in reversed(change.traceback)),
                change.size_diff,
                change.count_diff,
            )
            for change in now.compare_to(before, "traceback")
            if change.size_diff > 0
        ]


def sites_of(held: Iterable[HeldBy], most: int = MOST_SITES) -> tuple[Site, ...]:
    """The ``most`` lines that hold the most, each the innermost one that is neither ours nor the test runner's.

    Where all is of the runner's, its innermost lines are given: a strange answer is better than none.
    """
    own: dict[tuple[str, int, str | None], list[int]] = {}
    others: dict[tuple[str, int, str | None], list[int]] = {}
    for frames, size_bytes, blocks_count in held:
        known = next((frame for frame in frames if not is_runner(frame[0])), None)
        if known is None and not frames:
            continue
        total = own.setdefault(known, [0, 0]) if known else others.setdefault(frames[0], [0, 0])
        total[0] += size_bytes
        total[1] += blocks_count
    ranked = sorted((own or others).items(), key=lambda item: (-item[1][0], item[0][:2]))[:most]
    return tuple(
        Site(path, line, function if function is not None else function_at(path, line), size_bytes, count)
        for (path, line, function), (size_bytes, count) in ranked
    )


def is_runner(path: str) -> bool:
    """Whether ``path`` is a file of ours, of a tracer's or of pytest's, which a user can't change."""
    if path.startswith(_OWN_FOLDER) or path == tracemalloc.__file__:
        return True
    plain = path.replace("\\", "/")
    return any(part in plain for part in _RUNNER_PARTS)


def function_at(path: str, line: int) -> str | None:
    """The name of the innermost function or class around a line, as tracebacks give it; ``None`` without its source."""
    scopes = _scopes_of(path)
    if scopes is None:
        return None
    around = [
        (last - first, -number, name) for number, (first, last, name) in enumerate(scopes) if first <= line <= last
    ]
    return min(around)[2] if around else "<module>"


@lru_cache(maxsize=_PARSED_MOST)
def _scopes_of(path: str) -> tuple[tuple[int, int, str], ...] | None:
    """First and last line, and name, of all functions and classes of a file, an inner one after those around it."""
    try:
        with tokenize.open(path) as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    return tuple(
        (*_lines_of_body(node), getattr(node, "name", "<lambda>"))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
    )


def _lines_of_body(scope: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda) -> tuple[int, int]:
    """Decorators, defaults and the ``def`` line itself run in the scope around it."""
    first = scope.body.lineno if isinstance(scope, ast.Lambda) else scope.body[0].lineno
    return first, scope.end_lineno or first
