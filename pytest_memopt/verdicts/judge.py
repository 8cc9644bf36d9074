"""From the runs of a test to the word that is said of it (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..limits.judge import breaches_of, unreadable
from ..limits.limits import Breach, Limits, Severity
from ..meters.measurement import Measurement
from .record import VerdictKind


class Judgement(NamedTuple):
    """What the runs of a test say about its limits.

    Attributes:
        verdict: ``ok``, ``breach``, ``warm-up`` or ``unmeasured``.
        why: the reason behind a verdict that needs one.
        breaches: the limits that the judged run went over.
    """

    verdict: VerdictKind
    why: str | None = None
    breaches: tuple[Breach, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether the test must fail."""
        return self.verdict is VerdictKind.BREACH and any(
            breach.limit.severity is Severity.FAIL for breach in self.standing
        )

    @property
    def standing(self) -> tuple[Breach, ...]:
        """The breaches that count: those that were confirmed, or all when none could be."""
        confirmed = tuple(breach for breach in self.breaches if breach.confirmed)
        return confirmed if confirmed or self.verdict is not VerdictKind.BREACH else self.breaches


def judge(runs: Sequence[Measurement], limits: Limits, *, no_rerun: str | None = None) -> Judgement:
    """The judgement on a test.

    Args:
        runs: the judged run, then each rerun that was made to confirm it; at least one.
        limits: what is limited.
        no_rerun: why reruns could not be made although they were wanted; then the first run decides.
    """
    first = runs[0]
    breaches = breaches_of(runs, limits, confirmed=no_rerun is None)
    if breaches and (no_rerun is not None or any(breach.confirmed for breach in breaches)):
        why = f"judged on its first run: {no_rerun}" if no_rerun is not None else None
        return Judgement(verdict=VerdictKind.BREACH, why=why, breaches=breaches)
    if breaches:
        return Judgement(
            verdict=VerdictKind.WARM_UP, why="it does not come back when the test runs again", breaches=breaches
        )
    if missing := unreadable(first, limits):
        names = ", ".join(sorted({limit.metric.value for limit in missing}))
        reason = "; ".join(first.notes) or "this platform has no meter for it"
        return Judgement(verdict=VerdictKind.UNMEASURED, why=f"{names} could not be measured: {reason}")
    return Judgement(verdict=VerdictKind.OK)
