"""Profiles, issues and recommendations as plain dictionaries, ready for JSON."""

from __future__ import annotations

from typing import Any, Final

from ..units import MB
from .issues import MemoryIssue
from .profile import MemoryProfile
from .recommendations import Recommendation

_RATIO_DIGITS: Final = 4
_MB_DIGITS: Final = 3


def profile_to_wire(profile: MemoryProfile) -> dict[str, Any]:
    """A profile; sizes in bytes, ``None`` for what could not be read."""
    allocators, ratio = profile.allocators, profile.fragmentation_ratio
    plain = profile._asdict()
    return {
        "taken_epoch_s": round(profile.taken_epoch_s, 3),
        "in_use_bytes": profile.in_use_bytes,
        "held_bytes": allocators.held_bytes,
        "free_bytes": allocators.free_bytes,
        "fragmentation_ratio": None if ratio is None else round(ratio, _RATIO_DIGITS),
        **allocators._asdict(),
        **{name: plain[name] for name in ("rss_bytes", "uss_bytes", "peak_rss_bytes", "objects_count")},
        "types": [use._asdict() for use in profile.types],
        "gc": {name: _plain(value) for name, value in profile.collector._asdict().items()},
        "threads_count": profile.threads_count,
        "fds_count": profile.fds_count,
        "pools": {name: dict(figures) for name, figures in profile.pools.items()},
        "pool_totals": profile.pool_totals._asdict(),
    }


def issue_to_wire(issue: MemoryIssue) -> dict[str, Any]:
    """An issue; its figure and threshold are in what ``measure`` says."""
    return {
        **issue._asdict(),
        "kind": issue.kind.value,
        "severity": issue.severity.value,
        "measure": issue.measure.value,
    }


def recommendation_to_wire(one: Recommendation) -> dict[str, Any]:
    """A recommendation; what it saves is in MB too, as people read it."""
    return {**one._asdict(), "action": one.action.value, "saves_mb": rounded_mb(one.saves_bytes)}


def rounded_mb(count_bytes: float | None, unit_bytes: int = MB) -> float | None:
    """Bytes in MB (10**6 bytes) to three digits; ``None`` stays so."""
    return None if count_bytes is None else round(count_bytes / unit_bytes, _MB_DIGITS)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
