"""Limits as they are written on a test: the arguments of ``memory_limit`` and of ``memopt``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..errors import LimitError
from ..settings import refuse_unknown
from ..units import parse_size
from .limits import Limit, Limits, Metric, Severity

ALL_TYPES: Final = "*"
_KEYWORDS: Final = (*(metric.value for metric in Metric), "warmup", "severity")
_EXEMPT_KEYWORDS: Final = ("skip", "reason", "gc")


class Exemption(NamedTuple):
    """What ``@pytest.mark.memopt`` says of a test.

    Attributes:
        skip: don't measure it.
        reason: why, for the report.
        gc_off: leave the collector alone while it runs (for tests of the collector itself).
    """

    skip: bool = False
    reason: str = ""
    gc_off: bool = False


def limits_from_mark(args: Sequence[object], kwargs: Mapping[str, object], source: str) -> Limits:
    """The limits that one ``memory_limit(...)`` states.

    Raises:
        LimitError: for an unknown keyword or a value that makes no sense; the message starts with ``source``.
        SizeError: for a size that can't be read.
    """
    stated = _with_positional_peak(args, kwargs, source)
    refuse_unknown(stated, _KEYWORDS, source, LimitError)
    warmup = _count(stated.pop("warmup", 0), f"{source}: warmup")
    severity = _severity(stated.pop("severity", Severity.FAIL.value), source)
    if not stated:
        raise LimitError(f'{source} limits nothing; write for instance memory_limit(growth="64 KiB")')
    limits: list[Limit] = []
    for keyword, value in stated.items():
        limits.extend(_limits_of(Metric(keyword), value, severity, source))
    return Limits(limits=tuple(limits), warmup=warmup)


def exemption_from_mark(args: Sequence[object], kwargs: Mapping[str, object], source: str) -> Exemption:
    """What one ``memopt(...)`` mark states.

    Raises:
        LimitError: for anything but ``skip=``, ``reason=`` and ``gc="off"``.
    """
    if args:
        raise LimitError(f"{source} takes keywords only (skip, reason, gc), got {args[0]!r}")
    refuse_unknown(kwargs, _EXEMPT_KEYWORDS, source, LimitError)
    skip, reason, gc = kwargs.get("skip", False), kwargs.get("reason", ""), kwargs.get("gc", "")
    if not isinstance(skip, bool):
        raise LimitError(f"{source}: skip={skip!r} is not a truth value; write skip=True")
    if not isinstance(reason, str):
        raise LimitError(f"{source}: reason={reason!r} is not a text")
    if gc not in ("", "off"):
        raise LimitError(f"{source}: gc={gc!r} is not possible; only gc='off' is")
    return Exemption(skip, reason, gc == "off")


def _with_positional_peak(args: Sequence[object], kwargs: Mapping[str, object], source: str) -> dict[str, object]:
    if len(args) > 1:
        raise LimitError(
            f"{source} takes one size without a name (the peak), got {len(args)}: {', '.join(map(repr, args))}"
        )
    if args and "peak" in kwargs:
        raise LimitError(f"{source} states the peak twice: {args[0]!r} and peak={kwargs['peak']!r}")
    return {"peak": args[0], **kwargs} if args else dict(kwargs)


def _limits_of(metric: Metric, value: object, severity: Severity, source: str) -> list[Limit]:
    subject = f"{source}: {metric.value}"
    if metric.is_bytes:
        written = " ".join(value.split()) if isinstance(value, str) else None
        ceiling = parse_size(value, subject)
        return [Limit(metric=metric, ceiling=ceiling, severity=severity, source=source, written=written)]
    if metric is Metric.OBJECTS and isinstance(value, Mapping):
        return [_type_limit(name, count, severity, source) for name, count in value.items()]
    return [Limit(metric=metric, ceiling=_count(value, subject), severity=severity, source=source)]


def _type_limit(name: object, count: object, severity: Severity, source: str) -> Limit:
    if not isinstance(name, str) or not name:
        raise LimitError(
            f"{source}: objects: {name!r} is not the name of a type; write for instance 'app.models.Session'"
        )
    ceiling = _count(count, f"{source}: objects: {name}")
    type_name = None if name == ALL_TYPES else name
    return Limit(metric=Metric.OBJECTS, ceiling=ceiling, type_name=type_name, severity=severity, source=source)


def _count(value: object, subject: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise LimitError(f"{subject}: {value!r} is not a count; give a whole number of 0 or more")


def _severity(value: object, source: str) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        raise LimitError(f"{source}: severity={value!r} is not possible; choose 'fail' or 'warn'") from None
