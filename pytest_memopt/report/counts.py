"""The last line of the summary: how many tests got which verdict, with what the bare number would hide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ..verdicts.record import Outcome, TestRecord, VerdictKind
from .ranking import failing, unchecked
from .text import Span, Style
from .wording import counted

_WORDS: Final = {
    VerdictKind.BREACH: ("breach", "breaches"),
    VerdictKind.LEAK: ("leak", "leaks"),
    VerdictKind.KNOWN_LEAK: ("known leak", "known leaks"),
    VerdictKind.WARM_UP: ("warm-up", "warm-ups"),
    VerdictKind.FILLING_CACHE: ("filling cache", "filling caches"),
}
_STYLES: Final = {VerdictKind.BREACH: Style.BAD, VerdictKind.LEAK: Style.BAD}
# of their memory there is nothing to say, but nobody would call them ok
_NOT_OK: Final = {
    Outcome.FAILED: ("failed", "failed"),
    Outcome.ERROR: ("error", "errors"),
    Outcome.SKIPPED: ("skipped", "skipped"),
    Outcome.XFAILED: ("xfailed", "xfailed"),
}


def verdict_counts(tests: Sequence[TestRecord]) -> list[Span]:
    """A piece for each verdict that some test got; those that are ok come last, and ran to their end."""
    counts = Counter(record.verdict for record in tests)
    asides = _asides(tests)
    told = [
        Span(
            counted(counts[kind], *_WORDS.get(kind, (kind.value, kind.value))) + asides.get(kind, ""),
            _STYLES.get(kind, Style.WARN if asides.get(kind) else Style.PLAIN),
        )
        for kind in VerdictKind
        if counts[kind] and kind is not VerdictKind.OK
    ]
    return [*told, *_quiet_counts(tests)]


def _quiet_counts(tests: Sequence[TestRecord]) -> list[Span]:
    """The tests whose memory is fine, by what became of them."""
    outcomes = Counter(record.outcome for record in tests if record.verdict is VerdictKind.OK)
    told = [Span(counted(outcomes[outcome], *words)) for outcome, words in _NOT_OK.items() if outcomes[outcome]]
    fine = sum(count for outcome, count in outcomes.items() if outcome not in _NOT_OK)
    return [*told, *([Span(counted(fine, "ok", "ok"), Style.GOOD)] if fine else [])]


def _asides(tests: Sequence[TestRecord]) -> dict[VerdictKind, str]:
    """What belongs behind a count in brackets."""
    warned = sum(record.verdict is VerdictKind.BREACH and not failing(record) for record in tests)
    without = sum(map(unchecked, tests))
    return {
        VerdictKind.BREACH: f" ({warned} without failing)" if warned else "",
        VerdictKind.UNMEASURED: f" ({without} with a limit)" if without else "",
    }
