"""Looking at another process: what the system tells of it, with nothing of ours inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

import psutil

from ..bounded_series import BoundedSeries, Point
from ..errors import MeterError
from ..meters.originals import os, time
from .growth import MemoryTrend, judge_series

T = TypeVar("T")
_FDS: Final = "num_handles" if os.name == "nt" else "num_fds"


class OutsideLook(NamedTuple):
    """What is seen of a process from outside; ``None`` is what the system doesn't tell us.

    Attributes:
        rss_bytes: resident memory.
        uss_bytes: the part of it that no other process shares; it takes the right to trace the process.
        fds_count: open file descriptors; handles on Windows.
        threads_count: threads, native ones included.
        children_count: processes that it started, theirs included.
        children_rss_bytes: what those have resident.
    """

    rss_bytes: int
    uss_bytes: int | None
    fds_count: int | None
    threads_count: int | None
    children_count: int | None
    children_rss_bytes: int | None


class OutsideWatch(NamedTuple):
    """What was seen of a process over some time.

    Attributes:
        first, last: the first and the last look.
        peak_rss_bytes: the highest resident memory that was seen.
        rss: resident bytes over the seconds, at most 400 points.
        trend: how they moved.
        has_ended: whether the process ended meanwhile.
    """

    first: OutsideLook
    last: OutsideLook
    peak_rss_bytes: int
    rss: tuple[Point, ...]
    trend: MemoryTrend
    has_ended: bool


def find_process(pid: int) -> psutil.Process:
    """The process of that number.

    Raises:
        MeterError: where there is none.
    """
    try:
        return psutil.Process(pid)
    except (psutil.Error, ValueError, OverflowError):
        raise MeterError(f"there is no process {pid}") from None


def look_at(process: psutil.Process) -> OutsideLook:
    """What the system tells of ``process`` now.

    Raises:
        MeterError: where not even its resident memory can be read, with the reason.
    """
    try:
        rss_bytes = process.memory_info().rss
        if process.status() == psutil.STATUS_ZOMBIE:
            raise MeterError(f"process {process.pid} has ended")
    except psutil.NoSuchProcess:
        raise MeterError(f"process {process.pid} has ended") from None
    except psutil.AccessDenied:
        raise MeterError(f"process {process.pid} may not be looked at: permission denied") from None
    sizes = _or_none(lambda: [_rss_bytes(child) for child in process.children(recursive=True)])
    return OutsideLook(
        rss_bytes=rss_bytes,
        uss_bytes=_or_none(lambda: int(process.memory_full_info().uss)),
        fds_count=_or_none(lambda: int(getattr(process, _FDS)())),
        threads_count=_or_none(process.num_threads),
        children_count=None if sizes is None else len(sizes),
        children_rss_bytes=None if sizes is None else sum(sizes),
    )


def watch_outside(
    look: Callable[[], OutsideLook],
    duration_s: float,
    interval_s: float,
    *,
    tell: Callable[[tuple[Point, ...]], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> OutsideWatch:
    """Look at a process every ``interval_s`` seconds, until ``duration_s`` are over, it ends, or Ctrl-C is pressed.

    Args:
        look: takes a look at it.
        duration_s: how long, in seconds.
        interval_s: seconds between two looks.
        tell: is given the resident bytes so far after each look.
        clock: tells the seconds.
        sleep: waits some.

    Raises:
        MeterError: where the first look fails.
    """
    series, began_s = BoundedSeries(), clock()
    first = last = look()
    series.append(0.0, first.rss_bytes)
    has_ended = False
    try:
        while (left_s := duration_s - (clock() - began_s)) > 0:
            sleep(min(interval_s, left_s))
            last = look()
            series.append(clock() - began_s, last.rss_bytes)
            tell(series.points())
    except MeterError:
        has_ended = True
    except KeyboardInterrupt:
        pass
    points = series.points()
    highest = round(max(point.value for point in points))
    return OutsideWatch(first, last, highest, points, judge_series(series), has_ended)


def command_of(process: psutil.Process) -> str:
    """How ``process`` was started, on one line; empty where the system doesn't tell."""
    try:
        return " ".join(" ".join(process.cmdline()).split())
    except (psutil.Error, OSError):
        return ""


def _rss_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has ended, or is another user's
        return 0


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (psutil.Error, OSError, AttributeError):  # AttributeError: what psutil doesn't have on this platform
        return None
