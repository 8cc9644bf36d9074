"""Hunting leaks in one test: its rounds are reruns that nobody hears of, and what the hunt brings becomes a finding."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ..errors import MeterError
from ..leaks.catch import Catch, Patience
from ..leaks.check import finding_of
from ..leaks.clues import LineClues
from ..leaks.culprits import Blame, name_culprits
from ..leaks.finding import INTERRUPTED, LeakFinding, NoLine
from ..leaks.first_run import first_run
from ..leaks.hunt import Hunt
from ..leaks.known import KnownLeaks, today
from ..leaks.ruling import FLAT_ROUNDS, LeakKind
from ..leaks.shown import ShownLeaks
from ..leaks.standing import Standing, naming
from ..leaks.wish import LeakWish
from ..meters.rounds import RoundMeter
from ..settings import Settings, first_set
from .fixture_lines import fixture_lines
from .hunt_progress import HuntProgress
from .rerun import CannotRerun, Rerunner
from .run import INTERRUPTIONS

if TYPE_CHECKING:
    from .isolation import Isolation

SILENT_S = 1.0
ACCEPTED = "accepted in this run"


class LeakHunter:
    """Hunts leaks in one item after the other; one per process.

    Attributes:
        interruption: what broke off the last hunt from outside (Ctrl-C); ``None`` where nothing did.
    """

    def __init__(
        self,
        meter: RoundMeter,
        settings: Settings,
        known: KnownLeaks,
        make_isolation: Callable[[], Isolation] | None,
        progress: HuntProgress | None = None,
    ) -> None:
        """Prepare for hunts.

        Args:
            meter: reads what may leak.
            settings: how long a hunt may take, and where it is made.
            known: the leaks that are let pass.
            make_isolation: for hunts in processes of their own; ``None`` in one of those.
            progress: shows how a hunt here stands.
        """
        self._progress = progress
        self.interruption: BaseException | None = None
        self._meter = meter
        self._settings = settings
        self._accepts = settings.accepts_leaks
        self._known = known
        self._make_isolation = make_isolation
        self._last_leak: tuple[pytest.Item, LeakFinding] | None = None
        self._shown = ShownLeaks()
        self._first_run = first_run()

    def excuse(self, finding: LeakFinding, wish: LeakWish) -> str | None:
        """Why a leak is let pass; ``None`` when it isn't."""
        if wish.lets_pass(finding):
            return "ignored by its mark"
        excuse = self._known.excuse(finding.signature, today())
        return ACCEPTED if excuse is None and self._accepts else excuse

    def lapsed(self, finding: LeakFinding) -> str | None:
        """That a leak was let pass once, but isn't any more; ``None`` where that isn't so."""
        known = self._known.lapsed(finding.signature, today())
        return f"known until {known.expires}, which is over: {known.reason}" if known is not None else None

    def hunt(self, item: pytest.Item, nextitem: pytest.Item | None, rerunner: Rerunner, wish: LeakWish) -> LeakFinding:
        """What the hunt for leaks in ``item`` found; an item that can't be repeated is inconclusive.

        When it is interrupted, what was found until then; whoever asks raises ``interruption`` when that is told. A leak
        that was found in ``item`` is final: pytest-rerunfailures runs what failed anew, which doesn't mend it.
        """
        if self._last_leak is not None and self._last_leak[0] is item:
            return self._last_leak[1]
        if self._make_isolation is not None and first_set(wish.isolate, default=self._settings.isolate):
            finding = self._hunt_apart(self._make_isolation(), item, wish)
        else:
            finding = self._hunt_here(item, nextitem, rerunner, wish)
        if finding.is_leak:
            self._last_leak = item, finding
        return finding

    def _hunt_here(
        self, item: pytest.Item, nextitem: pytest.Item | None, rerunner: Rerunner, wish: LeakWish
    ) -> LeakFinding:
        patience = Patience(least=wish.rounds or FLAT_ROUNDS, budget_s=self._settings.leak_budget_s, silent_s=SILENT_S)
        shown = self._progress.of(item) if self._progress is not None else nullcontext()
        with rerunner.quiet(nextitem), shown as tell:
            hunt = Hunt(
                rerunner.repeat, self._meter, patience, suspects=self._shown.containers, first_run=self._first_run
            )
            finding = self._pursue(hunt, _Scene(item, rerunner, patience, tell))
        return finding._replace(wanted_rounds=patience.least)

    def _hunt_apart(self, isolation: Isolation, item: pytest.Item, wish: LeakWish) -> LeakFinding:
        shown = self._progress.apart(item) if self._progress is not None else nullcontext()
        try:
            with shown as on_wait:
                finding = isolation.hunt(item, wish, on_wait)
        except INTERRUPTIONS as interruption:
            self.interruption = interruption
            why = f"{INTERRUPTED} in a process of its own"
            finding = LeakFinding(LeakKind.INCONCLUSIVE, 0, why=why, isolated=True)
        return finding._replace(wanted_rounds=wish.rounds or FLAT_ROUNDS)

    def _pursue(self, hunt: Hunt, scene: _Scene) -> LeakFinding:
        try:
            catch = hunt.pursue(scene.tell)
        except (CannotRerun, MeterError) as problem:
            return LeakFinding(
                LeakKind.INCONCLUSIVE, hunt.rounds, why=str(problem), duration_s=round(hunt.elapsed_s, 3)
            )
        except INTERRUPTIONS as interruption:
            self.interruption = interruption
            catch = hunt.break_off()
        blame = Blame(())
        if catch.ruling.kind is LeakKind.LEAK:
            try:
                blame = self._blame(catch, hunt, scene)
            except INTERRUPTIONS as interruption:
                self.interruption = interruption
            catch = catch._replace(duration_s=hunt.elapsed_s)
        place = scene.item.nodeid.partition("[")[0]
        return finding_of(catch, blame.culprits, no_line=blame.no_line, place=place)

    def _blame(self, catch: Catch, hunt: Hunt, scene: _Scene) -> Blame:
        """The culprits of a leak; of one that is met for the first time they are remembered for the tests to come."""
        if shown := self._shown.culprits_of(catch):
            return Blame(shown)
        blame = self._name(catch, hunt, scene)
        self._shown.add(catch, blame, own_file=scene.item.location[0])
        return blame

    def _name(self, catch: Catch, hunt: Hunt, scene: _Scene) -> Blame:
        run, item = scene.rerunner.repeat, scene.item
        try:
            clues = LineClues(
                *(run, self._meter.counters, item.config.rootpath, fixture_lines(item)),
                budget_s=scene.patience.naming_s,
                round_s=catch.duration_s / catch.rounds,
                on_step=lambda left_s: scene.tell_naming(hunt, left_s),
            )
            return name_culprits(run, catch, clues, CannotRerun)
        except INTERRUPTIONS:
            raise
        except Exception:  # noqa: BLE001 - a finding without a culprit is worth more than a session that broke off
            return Blame((), no_line=NoLine.FAILED)


class _Scene(NamedTuple):
    """One hunt here: the test, what repeats it, how long it may take, and who is told how it stands."""

    item: pytest.Item
    rerunner: Rerunner
    patience: Patience
    tell: Callable[[Standing], None] | None

    def tell_naming(self, hunt: Hunt, left_s: float) -> None:
        """Say that the culprit is being looked for."""
        if self.tell is not None:
            self.tell(naming(hunt.rounds, hunt.elapsed_s, left_s))
