"""Judging measurements against limits: which were exceeded, in which runs, and which can't be judged (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..meters.measurement import Measurement
from .limits import Breach, Limit, Limits, Metric

SLIGHT_BYTES: Final = 16 * 1024
SLIGHT_OBJECTS: Final = 10


def value_of(measured: Measurement, limit: Limit) -> int | None:
    """What ``measured`` says about the metric of ``limit``; ``None`` where it was not read."""
    if limit.metric is Metric.OBJECTS and limit.type_name is not None:
        if measured.objects is None:
            return None
        return next((use.count for use in measured.types if use.type == limit.type_name), 0)
    by_metric = {
        Metric.PEAK: measured.peak_bytes,
        Metric.GROWTH: measured.growth_bytes,
        Metric.RSS: measured.peak_rss_bytes,
        Metric.OBJECTS: measured.objects,
        Metric.FDS: measured.fds,
        Metric.THREADS: measured.threads,
    }
    return by_metric[limit.metric]


def exceeded(measured: Measurement, limits: Limits) -> tuple[Limit, ...]:
    """The limits that this one run went over."""
    return tuple(limit for limit in limits.limits if _is_over(measured, limit))


def unreadable(measured: Measurement, limits: Limits) -> tuple[Limit, ...]:
    """The limits about which this run says nothing."""
    return tuple(limit for limit in limits.limits if value_of(measured, limit) is None)


def exceeded_in_all(runs: Sequence[Measurement], limits: Limits) -> tuple[Limit, ...]:
    """The limits that each of ``runs`` went over: what can still become a failure."""
    return tuple(limit for limit in limits.limits if runs and all(_is_over(run, limit) for run in runs))


def is_in_doubt(runs: Sequence[Measurement], limits: Limits) -> bool:
    """Whether what still stands against the test is so little that it may be a cache that fills over some runs.

    Interpreters and libraries keep tables that fill bit by bit (attribute names, interned strings, compiled patterns):
    a few kilobytes, for a few runs. What is held on purpose, or leaks, is held in the tenth run too.
    """
    standing = exceeded_in_all(runs, limits)
    return bool(standing) and all(_is_slight(runs, limit) for limit in standing)


def _is_slight(runs: Sequence[Measurement], limit: Limit) -> bool:
    excess = min(value - limit.ceiling for value in _values(runs, limit))
    if limit.metric is Metric.GROWTH:
        return excess < SLIGHT_BYTES
    return limit.metric is Metric.OBJECTS and excess < SLIGHT_OBJECTS


def breaches_of(runs: Sequence[Measurement], limits: Limits, *, confirmed: bool) -> tuple[Breach, ...]:
    """One breach for each limit that the first of ``runs`` went over.

    Args:
        runs: the judged run, then its reruns.
        limits: what is limited.
        confirmed: whether as many reruns were made as were asked for; else what was found is not confirmed.
    """
    stands = set(exceeded_in_all(runs, limits)) if confirmed else set()
    return tuple(
        Breach(limit=limit, runs=_values(runs, limit), confirmed=limit in stands) for limit in exceeded(runs[0], limits)
    )


def _is_over(measured: Measurement, limit: Limit) -> bool:
    value = value_of(measured, limit)
    return value is not None and value > limit.ceiling


def _values(runs: Sequence[Measurement], limit: Limit) -> tuple[int, ...]:
    return tuple(value for run in runs if (value := value_of(run, limit)) is not None)
