"""One trial of a strategy: read, apply, read, judge; and back unless it helped."""

from __future__ import annotations

from collections.abc import Callable

from ..meters.naming import type_name
from ..meters.originals import time
from .effect import Effect
from .outcome import Change, Judgement, Outcome, judge
from .readings import Noise, Reader, Reading
from .strategy import MemoryState, OptimizationStrategy


def try_strategy(
    strategy: OptimizationStrategy,
    state: MemoryState,
    reader: Reader,
    noise: Noise,
    clock: Callable[[], float] = time.perf_counter,
) -> Outcome | None:
    """What came of ``strategy``; ``None`` where the state, which was read just now, does not call for it.

    Whatever it raises, the half of it is reverted. An exception is told in the outcome; Ctrl-C and the like go on.
    """
    try:
        reason = strategy.is_called_for(state)
    except Exception as error:  # noqa: BLE001 - a user's strategy may raise anything
        return Outcome(strategy.name, Judgement(Effect.FAILED, f"whether it is called for: {told(error)}"))
    return None if reason is None else _try(strategy, state.reading, reader, noise, clock)


def _try(
    strategy: OptimizationStrategy, before: Reading, reader: Reader, noise: Noise, clock: Callable[[], float]
) -> Outcome:
    change, problem = Change(), ""
    started_s = clock()
    try:
        change, problem = _checked(strategy.apply())
    except Exception as error:  # noqa: BLE001 - a user's strategy may raise anything
        problem = told(error)
    except BaseException:
        revert(strategy)
        raise
    duration_s = clock() - started_s
    after = reader.read_settled()
    judgement = Judgement(Effect.FAILED, problem) if problem else judge(before, after, noise, change)
    outcome = Outcome(
        strategy.name, judgement, before, after, duration_s, change.done, change.timing, is_open=bool(change.kept_for)
    )
    if not outcome.stays and (left := revert(strategy)):
        return outcome._replace(judgement=Judgement(Effect.FAILED, f"{judgement.why}; {left}"))
    return outcome


def revert(strategy: OptimizationStrategy) -> str:
    """Revert ``strategy``; why that failed where it did, as a sentence, else an empty one."""
    try:
        strategy.revert()
    except Exception as error:  # noqa: BLE001 - a user's strategy may raise anything
        return f"{strategy.name} could not be reverted: {told(error)}"
    return ""


def told(error: Exception) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type_name(type(error))}: {text}" if text else type_name(type(error))


def _checked(change: object) -> tuple[Change, str]:
    if isinstance(change, Change):
        return change, ""
    return Change(), f"apply gave a {type_name(type(change))}, not a Change"
