"""Settings of one session, frozen, and the one rule by which they are found: command line, then ini, then default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from .errors import UsageError

T = TypeVar("T")

DEFAULT_KNOWN_LEAKS: Final = Path("memopt-known-leaks.toml")
DEFAULT_HISTORY: Final = Path(".memopt") / "history.db"


class GcChoice(str, Enum):
    """How measuring windows are settled (``--memopt-gc``)."""

    FREEZE = "freeze"
    COLLECT = "collect"
    OFF = "off"


class TracerChoice(str, Enum):
    """Who counts allocated peaks and sites (``--memopt-tracer``)."""

    TRACEMALLOC = "tracemalloc"
    MEMRAY = "memray"


class StrategyChoice(str, Enum):
    """What may be optimised in a suite (``--memopt-optimize``)."""

    GC = "gc"
    COMPACT = "compact"
    CLEANUP = "cleanup"
    LAZY = "lazy"


AUTO: Final = "auto"
_OPTIMIZE_OFF: Final = "off"
AUTO_STRATEGIES: Final = (StrategyChoice.GC, StrategyChoice.COMPACT, StrategyChoice.CLEANUP)


def first_set(*layers: T | None, default: T) -> T:
    """The first layer that is not silent (``None``), else the default."""
    return next((layer for layer in layers if layer is not None), default)


class Settings(NamedTuple):
    """What the user asked for.

    Attributes:
        measure: measure every test, not only those with a limit.
        report: print the summary, and keep this run in the history.
        live: show memory while the tests run.
        limit_lines: limits by glob or marker expression with the layer they come from, the weakest first.
        confirm: reruns that must reproduce a breach.
        history_path: the history's file; ``None`` when it is off.
        json_path: where the JSON report goes; ``None`` for nowhere.
        top: rows in the summary.
        gc: how windows are settled.
        leaks: hunt leaks in every test.
        leak_rounds: rounds of a hunt at least; ``None`` for as many as the verdict needs.
        isolate: hunt in processes of their own, unless a mark says otherwise.
        leak_budget_s: seconds after which a hunt of one test that is undecided is given up; the culprit of a leak is looked
            for half as long again, at most.
        known_leaks_path: the file of leaks that are let pass; it need not exist.
        accepts_leaks: let all leaks pass that are found, and add them to that file.
        tracer: who counts allocated peaks.
        optimize: what is optimised while the suite runs.
        is_auto: whether these were left to us, which then take little time or none.
        pool_compare: compare each pool in use with building anew, when the tests are over.
        pool_adaptive: give pools the sizes that earlier runs advised.
    """

    measure: bool = False
    report: bool = False
    live: bool = False
    limit_lines: tuple[tuple[str, str], ...] = ()
    confirm: int = 2
    history_path: Path | None = DEFAULT_HISTORY
    json_path: Path | None = None
    top: int = 10
    gc: GcChoice = GcChoice.FREEZE
    leaks: bool = False
    leak_rounds: int | None = None
    isolate: bool = False
    leak_budget_s: float = 20.0
    known_leaks_path: Path = DEFAULT_KNOWN_LEAKS
    accepts_leaks: bool = False
    tracer: TracerChoice = TracerChoice.TRACEMALLOC
    optimize: tuple[StrategyChoice, ...] = ()
    is_auto: bool = False
    pool_compare: bool = False
    pool_adaptive: bool = False

    @property
    def is_on(self) -> bool:
        """Whether every test is measured, marked or not."""
        return self.measure or self.report or self.live or self.leaks or self.pool_compare or self.json_path is not None

    @property
    def keeps_history(self) -> bool:
        """Whether this run goes into the history."""
        return self.report and self.history_path is not None


def parse_choice(text: str, choices: type[Enum], subject: str) -> Enum:
    """The member of ``choices`` with this value.

    Raises:
        UsageError: naming the subject, the value and what is possible.
    """
    for choice in choices:
        if text == choice.value:
            return choice
    allowed = ", ".join(str(choice.value) for choice in choices)
    raise UsageError(f"{subject}: {text!r} is not possible; choose one of {allowed}")


def parse_strategies(text: str, subject: str) -> tuple[tuple[StrategyChoice, ...], bool]:
    """The strategies that a list of names means, each once, and whether ``auto`` was among the names.

    ``auto`` stands for all that costs no time worth mentioning, ``off`` for none.

    Raises:
        UsageError: naming the one that isn't known, with a suggestion.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == [_OPTIMIZE_OFF]:
        return (), False
    known = (AUTO, *(choice.value for choice in StrategyChoice))
    for name in names:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose of {', '.join(known)}, or 'off'"
            raise UsageError(f"{subject}: there is no strategy {name!r}; {hint}")
    chosen = [choice for name in names for choice in _strategies_called(name)]
    return tuple(dict.fromkeys(chosen)), AUTO in names


def _strategies_called(name: str) -> tuple[StrategyChoice, ...]:
    return AUTO_STRATEGIES if name == AUTO else (StrategyChoice(name),)


def parse_count(text: str, subject: str, *, least: int = 0) -> int:
    """A whole number of at least ``least``.

    Raises:
        UsageError: naming the subject and the value.
    """
    try:
        count = int(text)
    except ValueError:
        count = least - 1
    if count < least:
        raise UsageError(f"{subject}: {text!r} is not a whole number of {least} or more")
    return count


def parse_seconds(text: str, subject: str) -> float:
    """A duration in seconds, more than 0.

    Raises:
        UsageError: naming the subject and the value.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{subject}: {text!r} is not a number of seconds above 0")
    return seconds


def refuse_unknown(stated: Iterable[str], known: Sequence[str], source: str, error: type[UsageError]) -> None:
    """Refuse a keyword that isn't known, with a suggestion where one is close.

    Raises:
        UsageError: of the kind that is asked for, naming the keyword and what is known.
    """
    for keyword in stated:
        if keyword not in known:
            from difflib import get_close_matches

            close = get_close_matches(keyword, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known)}"
            raise error(f"{source}: unknown keyword {keyword!r}; {hint}")


def strip_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines that say something: without blanks and ``#`` comments."""
    stripped = (line.strip() for line in lines)
    return tuple(line for line in stripped if line and not line.startswith("#"))
