"""Hunting leaks in one test: its rounds are reruns that nobody hears of, and what the hunt brings becomes a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..leaks.finding import Culprit, LeakFinding, signature_of
from ..leaks.hunt import Catch, Hunt, Patience, per_round
from ..leaks.ruling import FLAT_ROUNDS, LeakKind
from ..leaks.wish import LeakWish
from ..meters.measurement import Site
from ..meters.plan import Plan
from ..meters.rounds import RoundMeter
from .rerun import CannotRerun, Rerunner

_CHANGES_KEPT = 24
_TELLING_SHARE = 10  # a line that holds less than one part in so many of the largest is not the one


class LeakHunter:
    """Hunts leaks in one item after the other; one per process."""

    def __init__(self, meter: RoundMeter, budget_s: float) -> None:
        self._meter = meter
        self._budget_s = budget_s

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
        return _finding(catch, culprits)


def _culprits(catch: Catch, rerunner: Rerunner, root: Path) -> tuple[Culprit, ...]:
    from ..leaks.culprits import name_culprits

    try:
        culprits = name_culprits(rerunner.repeat, catch)
        sites = rerunner.find_sites(Plan())
    except Exception:  # noqa: BLE001 - a finding without a culprit is worth more than a session that broke off
        return ()
    return _with_site(culprits, sites, root)


def _with_site(culprits: tuple[Culprit, ...], sites: tuple[Site, ...], root: Path) -> tuple[Culprit, ...]:
    """The first culprit with the line that holds the most; which line allocated which of them can't be told."""
    if not (culprits and sites):
        return culprits
    site = max(sites, key=lambda one: one.bytes)
    path = Path(site.path)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    text = f"{shown}:{site.line}" + (f" in {site.function}" if site.function else "")
    return (culprits[0]._replace(site=text), *culprits[1:])


def _finding(catch: Catch, culprits: tuple[Culprit, ...]) -> LeakFinding:
    is_leak = catch.ruling.kind is LeakKind.LEAK
    signals = tuple(signal.value for signal in catch.ruling.signals)
    return LeakFinding(
        verdict=catch.ruling.kind,
        rounds=catch.rounds,
        per_round={signal.value: round(amount, 3) for signal, amount in per_round(catch.series).items()},
        culprits=culprits,
        signature=signature_of(culprits, signals) if is_leak else None,
        why=catch.ruling.why,
        series={one.signal.value: one.changes[-_CHANGES_KEPT:] for one in catch.series if any(one.changes)},
        duration_s=round(catch.duration_s, 3),
    )
