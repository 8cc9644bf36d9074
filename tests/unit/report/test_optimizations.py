"""What optimising was good for, in words."""

from __future__ import annotations

import pytest

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.suite_effect import StrategyEffect
from pytest_memopt.report.advice import Advice, AdviceKind
from pytest_memopt.report.optimizations import brief, optimization_lines

MIB = 1024**2
GC = StrategyEffect(
    "gc",
    Effect.HELPED,
    "9 objects were frozen; thresholds 1",
    1,
    collections_count=64,
    collections_s=0.31,
    spared_count=1540,
    spared_s=4.06,
)
COMPACT = StrategyEffect(
    "compact", Effect.HELPED, "324.0 MiB less resident; 14 arenas stay open", 2, freed_rss_bytes=324 * MIB
)
CLEANUP = StrategyEffect("cleanup", Effect.NO_EFFECT, "nothing called for it")
LAZY = StrategyEffect("lazy", Effect.NO_EFFECT, "imports took 61.0 MiB")
ADVICE = (Advice(AdviceKind.IMPORT, "a", "`import a` costs"), Advice(AdviceKind.IMPORT, "b", "`import b` costs"))


def test_what_helped_and_what_did_not_are_lines_of_their_own() -> None:
    """An estimate is told as one, beside what was measured; what had no effect is told with its reason."""
    helped, idle = brief([GC, COMPACT, CLEANUP], 112 * MIB, "utf-8")
    assert helped == (
        "optimised: gc: ≈ 4.1 s of collections spared (estimated; ≈ 1 540 fewer, 64 made in 0.3 s), 9 objects were frozen; thresholds 1 · "
        "compact: 324.0 MiB given back to the system in 2 goes, 324.0 MiB less resident · peak RSS 112.0 MiB"
    )
    assert idle == "no effect: cleanup: nothing called for it"


def test_advice_is_told_once_with_the_number_of_others() -> None:
    """Three lines are the most, so of advice the first is told."""
    lines = brief([GC, CLEANUP, LAZY], None, "utf-8", advice=ADVICE)
    assert len(lines) == 3
    assert lines[2] == "advice: `import a` costs (and 1 more: --memopt-report)"
    assert brief([LAZY], None, "utf-8", advice=ADVICE[:1]) == ["advice: `import a` costs"]
    assert brief([LAZY], 1, "utf-8") == ["lazy: imports took 61.0 MiB"]


def test_when_nothing_helped_that_is_said() -> None:
    """There is no total of what helped not."""
    assert brief([CLEANUP], 2 * MIB, "utf-8")[0] == "optimised: nothing helped · peak RSS 2.0 MiB"


def test_switched_off() -> None:
    """Why nothing was done is the only line."""
    assert brief([], 1, "utf-8", off_because="X switches it off") == ["optimised: nothing, as X switches it off"]


@pytest.mark.parametrize("encoding", ["ascii", None, "latin-1"])
def test_a_stream_without_fancy_characters(encoding: str | None) -> None:
    """Every line can be encoded."""
    for line in brief([GC, COMPACT, CLEANUP, LAZY], 1, encoding):
        line.encode(encoding or "ascii")


def test_the_summary_has_a_line_for_each() -> None:
    """It is marked where it helped."""
    cleared = StrategyEffect("cleanup", Effect.HELPED, "less in use", 1, cleared_count=1200)
    lines = list(optimization_lines([cleared, CLEANUP, LAZY]))
    assert lines == [
        ("optimised  cleanup: 1 200 entries of caches cleared, less in use", True),
        ("optimised  cleanup: no effect, nothing called for it", False),
        ("optimised  lazy: no effect, imports took 61.0 MiB", False),
    ]


def test_one_go() -> None:
    """A single time isn't a plural."""
    ((line, _),) = optimization_lines([COMPACT._replace(applied_count=1)])
    assert "in one go" in line
