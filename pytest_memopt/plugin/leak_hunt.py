"""Hunting leaks in one test: its rounds are reruns that nobody hears of, and what the hunt brings becomes a finding."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ..leaks.check import finding_of, with_site
from ..leaks.finding import Culprit, LeakFinding
from ..leaks.hunt import Catch, Hunt, Patience
from ..leaks.known import KnownLeaks
from ..leaks.ruling import FLAT_ROUNDS, LeakKind
from ..leaks.wish import LeakWish
from ..meters.plan import Plan
from ..meters.rounds import RoundMeter
from .rerun import CannotRerun, Rerunner


class LeakHunter:
    """Hunts leaks in one item after the other; one per process."""

    def __init__(self, meter: RoundMeter, budget_s: float, known: KnownLeaks) -> None:
        self._meter = meter
        self._budget_s = budget_s
        self._known = known

    def excuse(self, finding: LeakFinding, wish: LeakWish) -> str | None:
        """Why a leak is let pass; ``None`` when it isn't."""
        if wish.lets_pass(finding):
            return "ignored by its mark"
        return self._known.excuse(finding.signature, datetime.now().astimezone().date())

    def hunt(self, item: pytest.Item, nextitem: pytest.Item | None, rerunner: Rerunner, wish: LeakWish) -> LeakFinding:
        """What the hunt for leaks in ``item`` found; an item that can't be repeated is inconclusive."""
        patience = Patience(least=wish.rounds or FLAT_ROUNDS, budget_s=self._budget_s)
        with rerunner.quiet(nextitem):
            hunt = Hunt(rerunner.repeat, self._meter, patience)
            try:
                catch = hunt.pursue()
            except CannotRerun as problem:
                return LeakFinding(
                    LeakKind.INCONCLUSIVE, hunt.rounds, why=str(problem), duration_s=round(hunt.elapsed_s, 3)
                )
            culprits: tuple[Culprit, ...] = ()
            if catch.ruling.kind is LeakKind.LEAK:
                culprits = _culprits(catch, rerunner, item.config.rootpath)
        return finding_of(catch, culprits)


def _culprits(catch: Catch, rerunner: Rerunner, root: Path) -> tuple[Culprit, ...]:
    from ..leaks.culprits import name_culprits

    try:
        culprits = name_culprits(rerunner.repeat, catch)
        sites = rerunner.find_sites(Plan())
    except Exception:  # noqa: BLE001 - a finding without a culprit is worth more than a session that broke off
        return ()
    return with_site(culprits, sites, root)
