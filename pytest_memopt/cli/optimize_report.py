"""What came of the strategies on a program, for people and for programs."""

from __future__ import annotations

from typing import Any, Final

from ..optimize.effect import Effect
from ..optimize.outcome import Optimization, Outcome
from ..optimize.paired_effect import EffectWord, MedianInterval, PairedEffect
from ..optimize.readings import RESIDENT_FLOOR_BYTES
from ..report.wording import counted
from ..units import format_change, format_seconds, format_size
from .analysis_report import print_ending, program_document
from .programs.optimized import OptimizedRun
from .screen import Look, Screen

_LOOKS: Final = {Effect.HELPED: Look.GOOD, Effect.FAILED: Look.BAD}
_WORDS: Final = {EffectWord.LESS: "faster", EffectWord.MORE: "slower", EffectWord.NONE: "no effect"}
_PEAK_WORDS: Final = {EffectWord.LESS: "lower", EffectWord.MORE: "higher", EffectWord.NONE: "no effect"}
_PEAK_LOOKS: Final = {EffectWord.LESS: Look.GOOD, EffectWord.MORE: Look.BAD}
OFF: Final = "ENABLE_MEMORY_OPTIMIZATION is off: nothing was tried"


def print_optimization(run: OptimizedRun, screen: Screen) -> None:
    """How the program ended, what each strategy did, and what they do to further calls."""
    print_ending(str(run.target), run.ending, screen)
    done = run.optimization
    if not done.is_enabled:
        screen.line(OFF)
        return
    screen.listing((_LOOKS.get(one.effect, Look.PLAIN), one.strategy, _told(one)) for one in done.outcomes)
    if done.uncalled:
        screen.line(f"not called for: {', '.join(done.uncalled)}", Look.FAINT)
    screen.line(_total(done), Look.STRONG)
    if run.problem:
        screen.line(f"further calls could not be compared: {run.problem}", Look.BAD)
    if run.effect is not None:
        _print_effect(run.effect, screen)


def optimization_document(run: OptimizedRun) -> dict[str, Any]:
    """All of it for programs."""
    return {
        "program": program_document(run.target, run.ending),
        "optimization": run.optimization.to_dict(),
        "effect": None if run.effect is None else _effect_document(run.effect),
        "problem": run.problem,
    }


def _told(one: Outcome) -> str:
    changed = "".join(f"; {what}" for what in one.changed) if one.stays else ""
    return f"{one.effect.value}, in {format_seconds(one.duration_s)}: {one.why}{changed}"


def _total(done: Optimization) -> str:
    took = f"; trying took {format_seconds(done.duration_s)}"
    if not done.saved_bytes:
        return f"no memory saved{took}"
    in_use, resident = format_size(done.saved_in_use_bytes), format_size(done.saved_resident_bytes)
    return f"saved {format_size(done.saved_bytes)} ({in_use} in use, {resident} resident){took}"


def _print_effect(effect: PairedEffect, screen: Screen) -> None:
    pairs = counted(len(effect.plain), "pair")
    took = format_seconds(effect.optimizing_s)
    screen.line(f"further calls, {pairs} of one without and one with the strategies in force:", Look.STRONG)
    ratio, word = effect.time_ratio, effect.time_word
    interval = f"{ratio.value:.2f} of the time (95 % sure: {ratio.low:.2f} to {ratio.high:.2f})"
    entries = [(_PEAK_LOOKS.get(word, Look.PLAIN), "time", f"{_WORDS[word]}: {interval}")]
    change, peak_word = effect.peak_change_bytes, effect.peak_word(RESIDENT_FLOOR_BYTES)
    if change is None:
        entries.append((Look.FAINT, "peak RSS", peak_word.value))
    else:
        entries.append(
            (_PEAK_LOOKS.get(peak_word, Look.PLAIN), "peak RSS", f"{_PEAK_WORDS[peak_word]}: {_bytes(change)}")
        )
    entries.append((Look.FAINT, "price", f"{took} each time to optimise, which is not in these times"))
    screen.listing(entries)


def _bytes(change: MedianInterval) -> str:
    low, high = format_change(round(change.low)), format_change(round(change.high))
    return f"{format_change(round(change.value))} (95 % sure: {low} to {high})"


def _effect_document(effect: PairedEffect) -> dict[str, Any]:
    change = effect.peak_change_bytes
    return {
        "pairs": [
            {"plain": plain._asdict(), "tuned": tuned._asdict()}
            for plain, tuned in zip(effect.plain, effect.tuned, strict=True)
        ],
        "time_ratio": effect.time_ratio._asdict(),
        "time": effect.time_word.value,
        "peak_change_bytes": None if change is None else change._asdict(),
        "peak": effect.peak_word(RESIDENT_FLOOR_BYTES).value,
        "optimizing_s": effect.optimizing_s,
    }
