"""Hunting leaks without a test runner: call something again and again, and say whether it leaks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..errors import MemoryLeakFound
from ..meters.choice import choose_meters
from ..meters.collector import Collector
from ..meters.frozen_heap import freeze_again, is_heap_frozen
from ..meters.originals import gc
from ..meters.rounds import RoundMeter
from .catch import Catch, Patience, per_round
from .finding import Culprit, LeakFinding, NoLine, signature_of
from .first_run import first_run
from .hunt import Hunt
from .ruling import FLAT_ROUNDS, LeakKind
from .story import leak_lines
from .wish import LeakWish

_CHANGES_KEPT: Final = 24
_HUNTING: Final = ("pytest_memopt.leaks.", "pytest_memopt.meters.", "contextlib")


def check_leaks(run: Callable[[], object], *, rounds: int | None = None, budget_s: float = 20.0) -> LeakFinding:
    """Whether calling ``run`` again and again makes the process grow, and who is to blame.

    Args:
        run: called at least four times; what it raises ends the hunt and comes through.
        rounds: calls to judge at least; a leak in every k-th call needs 3k. By default as few as the verdict needs.
        budget_s: seconds after which a hunt that is undecided is given up; the culprit of a leak is looked for half as
            long again, at most.
    """
    choice = choose_meters()
    was_frozen = is_heap_frozen()
    _lay_out_frames()
    try:
        meter = RoundMeter(choice.instruments, Collector())
        patience = Patience(rounds or FLAT_ROUNDS, budget_s)
        hunt = Hunt(run, meter, patience, first_run=first_run())
        catch = hunt.pursue()
        if catch.ruling.kind is not LeakKind.LEAK:
            return finding_of(catch)
        from .clues import LineClues
        from .culprits import name_culprits

        time_s, round_s = patience.naming_s, catch.duration_s / catch.rounds
        clues = LineClues(run, meter.counters, _current_folder(), budget_s=time_s, round_s=round_s)
        blame = name_culprits(run, catch, clues)
        return finding_of(catch._replace(duration_s=hunt.elapsed_s), blame.culprits, no_line=blame.no_line)
    finally:
        choice.resident.close()
        gc.unfreeze()
        if was_frozen:
            freeze_again()


def assert_no_leaks(
    run: Callable[[], object], *, rounds: int | None = None, ignore: Sequence[str] = (), budget_s: float = 20.0
) -> LeakFinding:
    """Check that calling ``run`` again and again doesn't make the process grow; the finding, when it doesn't.

    Args:
        run: called at least four times.
        rounds: calls to judge at least; a leak in every k-th call needs 3k.
        ignore: parts of the names of types or holders that may grow.
        budget_s: seconds after which a hunt that is undecided is given up.

    Raises:
        MemoryLeakFound: when it leaks; the message names the culprit.
    """
    __tracebackhide__ = True
    finding = check_leaks(run, rounds=rounds, budget_s=budget_s)
    if finding.is_leak and not LeakWish(ignore=tuple(ignore)).lets_pass(finding):
        raise MemoryLeakFound("\n  ".join(leak_lines(finding)))
    return finding


def finding_of(
    catch: Catch, culprits: tuple[Culprit, ...] = (), *, no_line: NoLine | None = None, place: str | None = None
) -> LeakFinding:
    """What a hunt brought, in names and numbers.

    Args:
        catch: the hunt.
        culprits: of a leak.
        no_line: why the line behind them isn't told.
        place: the test, by which a leak of which nothing else is known has its signature.
    """
    is_leak, is_clean = catch.ruling.kind is LeakKind.LEAK, catch.ruling.kind is LeakKind.CLEAN
    signals = tuple(signal.value for signal in catch.ruling.signals)
    return LeakFinding(
        verdict=catch.ruling.kind,
        rounds=catch.rounds,
        per_round={} if is_clean else {one.value: round(add, 3) for one, add in per_round(catch).items()},
        culprits=culprits,
        signature=signature_of(culprits, signals, place) if is_leak else None,
        why=catch.ruling.why,
        series={one.signal.value: one.changes[-_CHANGES_KEPT:] for one in catch.series if any(one.changes)},
        duration_s=round(catch.duration_s, 3),
        no_line=no_line,
    )


def _current_folder() -> Path:
    """Below which paths are told shorter; a relative one, below which no path lies, where the current folder is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def _lay_out_frames() -> None:
    """Have the frames made that hunting takes for ever when a function of it runs for the first time, in some round."""
    if sys.version_info >= (3, 11):
        return
    from ..meters import processes, tasks  # noqa: F401 - the first round would import them
    from ..meters.spare_frames import lay_out_loaded

    lay_out_loaded(_HUNTING)
