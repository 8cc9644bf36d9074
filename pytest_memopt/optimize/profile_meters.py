"""The meters that a profile is read from, chosen once for this process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import psutil

from ..errors import MeterError
from ..meters.allocators import Allocators, AllocatorUse
from ..meters.descriptors import OpenDescriptors
from ..meters.resident_sources import ResidentSource, source_if_any
from ..meters.threads import Threads

Reading = Callable[[], int | None]


class ProfileMeters(NamedTuple):
    """What a profile asks; each gives ``None`` where this platform can't tell.

    Attributes:
        allocators: what is handed out and held.
        resident: resident memory now, and its peak.
        unshared: resident memory that no other process shares.
        threads, fds: how many there are.
    """

    allocators: Callable[[], AllocatorUse]
    resident: Callable[[], tuple[int | None, int | None]]
    unshared: Reading
    threads: Reading
    fds: Reading


@cache
def process_meters() -> ProfileMeters:
    """The meters of this process; they go on to work in a child that it forks."""
    fds = OpenDescriptors()
    return ProfileMeters(
        allocators=Allocators().read,
        resident=resident_reader(source_if_any()),
        unshared=unshared_bytes,
        threads=or_none(Threads().read),
        fds=or_none(fds.read),
    )


def or_none(read: Callable[[], int]) -> Reading:
    """A reading that gives ``None`` where ``read`` fails."""

    def attempt() -> int | None:
        try:
            return read()
        except (MeterError, OSError, psutil.Error):
            return None

    return attempt


def resident_reader(source: ResidentSource | None) -> Callable[[], tuple[int | None, int | None]]:
    """A reading of resident memory and its peak that gives ``None`` for what ``source`` doesn't tell."""

    def read() -> tuple[int | None, int | None]:
        if source is None:
            return None, None
        try:
            now, high = source.look()
        except (MeterError, OSError, psutil.Error):
            return None, None
        return now, None if high is None else max(now, high)  # kernels count the mark in batches

    return read


def unshared_bytes(process: psutil.Process | None = None) -> int | None:
    """The unique set size of a process, its own when ``None``; ``None`` where the system doesn't tell."""
    try:
        full = (process or psutil.Process()).memory_full_info()
    except (OSError, psutil.Error):
        return None
    return getattr(full, "uss", None)
