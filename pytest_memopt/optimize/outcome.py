"""What a strategy did, and what came of it: helped, no effect, failed or reverted, with the readings that say so."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..units import MB, format_size
from .effect import Effect
from .readings import Noise, Reading


class Timing(NamedTuple):
    """How long something takes that happens again and again, before a change and after it.

    Attributes:
        what: as in ``a full collection``.
        before_s, after_s: seconds each time, the median of several.
        noise_s: seconds by which two such medians may differ by themselves.
    """

    what: str
    before_s: float
    after_s: float
    noise_s: float

    @property
    def is_faster(self) -> bool:
        """Whether it takes less time, by more than the noise."""
        return self.before_s - self.after_s > self.noise_s


class Change(NamedTuple):
    """What a strategy did; whether it helped is for others to say.

    Attributes:
        done: what it changed, a sentence each.
        obstacle: why it can free nothing, or nothing more, where it knows.
        timing: what it makes faster, where it is not bytes that it saves.
        kept_for: why it stays in force though no gain can be measured now, as where it shows later; else empty.
    """

    done: tuple[str, ...] = ()
    obstacle: str = ""
    timing: Timing | None = None
    kept_for: str = ""


class Judgement(NamedTuple):
    """What is to be said of a change.

    Attributes:
        effect: the word.
        why: the reason for it, one sentence.
        saved_in_use_bytes, saved_resident_bytes: what it freed beyond the noise, negative where it took; 0 unless it
            helped.
    """

    effect: Effect
    why: str
    saved_in_use_bytes: int = 0
    saved_resident_bytes: int = 0


class Outcome(NamedTuple):
    """What came of one strategy.

    Attributes:
        strategy: its name.
        judgement: whether it helped, why, and what it saved.
        before, after: readings at settled points around it; ``after`` is that of the change, also where it was
            reverted then.
        duration_s: seconds that it took to apply, without those of the readings.
        changed: what it changed, a sentence each.
        timing: what it made faster.
        is_open: whether it stays in force though no gain was measured; nothing is claimed for it.
    """

    strategy: str
    judgement: Judgement
    before: Reading = Reading()
    after: Reading = Reading()
    duration_s: float = 0.0
    changed: tuple[str, ...] = ()
    timing: Timing | None = None
    is_open: bool = False

    @property
    def stays(self) -> bool:
        """Whether the change stays in force: it helped, or is to be judged later."""
        return self.is_open or self.effect is Effect.HELPED

    @property
    def effect(self) -> Effect:
        """The word for what came of it."""
        return self.judgement.effect

    @property
    def why(self) -> str:
        """The reason for that word, one sentence."""
        return self.judgement.why

    def to_dict(self) -> dict[str, Any]:
        """The same in plain values, as JSON can hold them."""
        return {
            "strategy": self.strategy,
            "effect": self.effect.value,
            "why": self.why,
            "in_use_before_bytes": self.before.in_use_bytes,
            "in_use_after_bytes": self.after.in_use_bytes,
            "rss_before_bytes": self.before.resident_bytes,
            "rss_after_bytes": self.after.resident_bytes,
            "in_use_saved_bytes": self.judgement.saved_in_use_bytes,
            "rss_saved_bytes": self.judgement.saved_resident_bytes,
            "fragmentation_before": self.before.fragmentation_ratio,
            "fragmentation_after": self.after.fragmentation_ratio,
            "duration_s": self.duration_s,
            "in_force": self.stays,
            "changed": list(self.changed),
            "timing": None if self.timing is None else self.timing._asdict(),
        }


class Optimization(NamedTuple):
    """What came of all strategies that the state called for.

    Attributes:
        outcomes: one each, in the order in which they were tried.
        uncalled: names of the strategies that the state did not call for.
        duration_s: seconds that all of it took, readings included.
        is_enabled: ``False`` where the environment switched optimisation off.
    """

    outcomes: tuple[Outcome, ...] = ()
    uncalled: tuple[str, ...] = ()
    duration_s: float = 0.0
    is_enabled: bool = True

    @property
    def helpful(self) -> tuple[Outcome, ...]:
        """The outcomes of the strategies that helped."""
        return tuple(outcome for outcome in self.outcomes if outcome.effect is Effect.HELPED)

    @property
    def saved_in_use_bytes(self) -> int:
        """Bytes that are in use no longer, by what helped."""
        return sum(outcome.judgement.saved_in_use_bytes for outcome in self.outcomes)

    @property
    def saved_resident_bytes(self) -> int:
        """Bytes that went back to the system, by what helped."""
        return sum(outcome.judgement.saved_resident_bytes for outcome in self.outcomes)

    @property
    def saved_bytes(self) -> int:
        """Bytes saved by what helped: no longer in use, or no longer resident, whichever is more.

        Never the sum of both: what one strategy freed and the next gave back to the system are the same bytes.
        """
        return max(self.saved_in_use_bytes, self.saved_resident_bytes, 0)

    def to_dict(self) -> dict[str, Any]:
        """The same in plain values, as JSON can hold them; ``total_memory_saved_mb`` counts in steps of 1000."""
        return {
            "total_memory_saved_mb": self.saved_bytes / MB,
            "in_use_saved_bytes": self.saved_in_use_bytes,
            "rss_saved_bytes": self.saved_resident_bytes,
            "strategies_applied": [outcome.strategy for outcome in self.helpful],
            "strategies_uncalled": list(self.uncalled),
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "duration_s": self.duration_s,
            "enabled": self.is_enabled,
        }


def judge(before: Reading, after: Reading, noise: Noise, change: Change) -> Judgement:
    """What is to be said of a change: only what lies beyond the noise counts, for it or against it.

    A change that frees here and takes there helped where it freed more than it took.
    """
    in_use = _beyond(_fall(before.in_use_bytes, after.in_use_bytes), noise.in_use_bytes)
    resident = _beyond(_fall(before.resident_bytes, after.resident_bytes), noise.resident_bytes)
    if in_use + resident < 0:
        return Judgement(Effect.REVERTED, f"it cost memory: {_told(in_use, resident)}")
    beyond = f"; {change.obstacle}" if change.obstacle else ""
    if change.kept_for:
        return Judgement(Effect.NO_EFFECT, f"{change.kept_for}{beyond}")
    if in_use + resident > 0:
        return Judgement(Effect.HELPED, f"{_told(in_use, resident)}{beyond}", in_use, resident)
    timing = change.timing
    if timing is not None and timing.is_faster:
        return Judgement(Effect.HELPED, f"{_timing_text(timing)}{beyond}")
    timed = f", and {_timing_text(timing)}" if timing is not None else ""
    unmoved = f"nothing moved by more than the noise of the readings ({_noise_text(before, noise)})"
    return Judgement(Effect.NO_EFFECT, f"{unmoved}{timed}{beyond}")


def _fall(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else before - after


def _beyond(freed_bytes: int, noise_bytes: int) -> int:
    return freed_bytes if abs(freed_bytes) > noise_bytes else 0


def _told(in_use_bytes: int, resident_bytes: int) -> str:
    figures = ((in_use_bytes, "in use"), (resident_bytes, "resident"))
    return ", ".join(
        f"{format_size(abs(freed_bytes))} {'less' if freed_bytes > 0 else 'more'} {where}"
        for freed_bytes, where in figures
        if freed_bytes
    )


def _noise_text(before: Reading, noise: Noise) -> str:
    known = [
        f"{format_size(noise_bytes)} {where}"
        for reading, noise_bytes, where in (
            (before.in_use_bytes, noise.in_use_bytes, "in use"),
            (before.resident_bytes, noise.resident_bytes, "resident"),
        )
        if reading is not None
    ]
    return ", ".join(known) or "none can be taken here"


def _timing_text(timing: Timing) -> str:
    return f"{timing.what} takes {timing.after_s * 1e3:.3g} ms instead of {timing.before_s * 1e3:.3g} ms"
