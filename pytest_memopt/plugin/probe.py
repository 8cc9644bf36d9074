"""The object behind the ``memopt`` fixture: it measures or limits a part of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final

from ..errors import MemoryLimitExceeded, MeterError, UsageError
from ..leaks.check import assert_no_leaks
from ..limits.judge import exceeded, unreadable, value_of
from ..limits.limits import Limit, Limits, Metric
from ..limits.marks import limits_from_mark
from ..meters.block import Block, BlockMeter, process_meter
from ..meters.block_use import BlockUse
from ..meters.measurement import Measurement, TypeUse
from ..meters.naming import type_name
from ..meters.objects import count_by_class
from ..meters.originals import gc
from ..report.wording import value_text

SOURCE: Final = "memopt.limit"
_GENEROUS: Final[tuple[Mapping[str, object], ...]] = (
    {"growth": "1 TB", "objects": 10**9},
    {"objects": {"*": 10**9, "pytest_memopt.Nothing": 10**9}},
)


class MemoryProbe:
    """Measures or limits a part of a test."""

    def measure(self, *, peak: bool = False) -> Block:
        """Measure what the code in a ``with`` statement keeps: ``with memopt.measure() as use: ...``.

        See `measure_block`, which does the same without pytest.

        Args:
            peak: also count allocations for ``use.peak_bytes``; slower, and before Python 3.12.5 the growth is then
                an estimate.
        """
        return Block(_METER, peak=peak)

    def limit(
        self,
        peak: int | str | None = None,
        *,
        growth: int | str | None = None,
        objects: int | Mapping[str, int] | None = None,
    ) -> LimitedBlock:
        """Limit what the code in a ``with`` statement may keep, or have at one time, as ``memory_limit`` does for a test.

        Args:
            peak: the most memory allocated at one time.
            growth: bytes that may be left behind.
            objects: how many new objects may be left behind, in all or by type.

        Raises:
            LimitError: for a value that makes no sense, or when nothing is limited.
            SizeError: for a size that can't be read.
        """
        stated = {"peak": peak, "growth": growth, "objects": objects}
        given = {keyword: value for keyword, value in stated.items() if value is not None}
        __tracebackhide__ = True
        try:
            limits = limits_from_mark((), given, SOURCE)
        except UsageError as error:
            raise type(error)(str(error)) from None  # from here, so that the report shows the caller's line
        return LimitedBlock(_METER, limits)

    def assert_no_leaks(
        self, run: Callable[[], object], *, rounds: int | None = None, ignore: Sequence[str] = ()
    ) -> None:
        """Call ``run`` again and again, and fail the test when the process grows each time.

        Args:
            run: what may leak; called at least four times.
            rounds: calls to judge at least; a leak in every k-th call needs 3k.
            ignore: parts of the names of types or holders that may grow.

        Raises:
            MemoryLeakFound: when it leaks; the message names the culprit.
        """
        __tracebackhide__ = True
        assert_no_leaks(run, rounds=rounds, ignore=ignore)

    def __repr__(self) -> str:
        return "<MemoryProbe: measure(), limit(), assert_no_leaks()>"


class LimitedBlock:
    """A block that fails the test when it goes over its limits; use `MemoryProbe.limit`."""

    def __init__(self, meter: BlockMeter, limits: Limits) -> None:
        self._limits = limits
        self._types = tuple(limit.type_name for limit in limits.limits if limit.type_name is not None)
        self._types_before: Mapping[str, int] = {}
        self._block = Block(meter, peak=limits.covers(Metric.PEAK))
        self._use: BlockUse | None = None

    def __enter__(self) -> BlockUse:
        self._types_before = _listed(self._types)
        self._use = self._block.__enter__()
        return self._use

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block.

        Raises:
            MemoryLimitExceeded: when it went over a limit, and ended without an exception of its own.
            MeterError: when a limit on it can't be judged.
        """
        __tracebackhide__ = True
        self._block.__exit__(kind, error, traceback)
        if kind is not None or self._use is None:
            return
        measured = self._measurement(self._use)
        if unreadable(measured, self._limits):
            raise MeterError(f"{SOURCE}: the peak is not known: the block stopped or cleared tracemalloc")
        if broken := exceeded(measured, self._limits):
            raise MemoryLimitExceeded(_sentence(measured, broken))

    def _measurement(self, use: BlockUse) -> Measurement:
        counts = _listed(self._types)
        types = tuple(TypeUse(name, counts[name] - self._types_before[name], 0) for name in self._types)
        return Measurement(
            growth_bytes=use.growth_bytes,
            exact=use.exact,
            blocks=use.blocks,
            objects=use.objects,
            peak_bytes=use.peak_bytes,
            types=types,
        )


def _listed(names: Iterable[str]) -> dict[str, int]:
    """How many objects of these types the collector lists; what a window froze before is left out, then and now."""
    counts = dict.fromkeys(names, 0)
    if counts:
        gc.collect()
        for cls, count in count_by_class(gc.get_objects()):
            name = type_name(cls)
            if name in counts:
                counts[name] += count
    return counts


def _sentence(measured: Measurement, broken: Iterable[Limit]) -> str:
    # a function of its own, since a generator expression in `__exit__` would make a cell there, which is an object more
    return f"the block {' and '.join(_story(measured, limit) for limit in broken)}"


def _story(measured: Measurement, limit: Limit) -> str:
    value = value_of(measured, limit) or 0
    texts = value_text(limit.metric, value), value_text(limit.metric, limit.ceiling)
    if texts[0] == texts[1]:
        texts = f"{value:,} B", f"{limit.ceiling:,} B"
    if limit.metric is Metric.PEAK:
        deed = f"allocated {texts[0]} at one time"
    elif limit.metric is Metric.GROWTH:
        deed = f"left {texts[0]} behind"
    else:
        deed = f"left {texts[0]} new {'object' if value == 1 else 'objects'}{_of_type(limit)} behind"
    return f"{deed}, limit {texts[1].replace('.0 ', ' ')}"


def _of_type(limit: Limit) -> str:
    return "" if limit.type_name is None else f" of type {limit.type_name}"


def _ready_meter() -> BlockMeter:
    """This process's meter, with the code of a limited block run before: code that runs first may take memory to keep."""
    meter = process_meter()
    for stated in _GENEROUS * 2:
        with LimitedBlock(meter, limits_from_mark((), stated, SOURCE)):
            pass
    return meter


# made when this module is imported, which the plugin does before the window on a test that uses it opens
_METER: Final = _ready_meter()
