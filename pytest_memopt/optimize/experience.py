"""What is remembered of strategies: which helped, so that those are tried first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .effect import Effect

if TYPE_CHECKING:
    from .strategy import OptimizationStrategy


class Experience(NamedTuple):
    """How a strategy has done.

    Attributes:
        tried_count: how often it was applied.
        helped_count: how often it helped.
    """

    tried_count: int = 0
    helped_count: int = 0

    @property
    def promise_ratio(self) -> float:
        """How likely it is to help again, from 0 to 1: by Laplace's rule of succession, 0.5 for one that was never tried."""
        return (self.helped_count + 1) / (self.tried_count + 2)


class Tried(Protocol):
    """What came of a strategy that was tried, an `Outcome` or a suite's `StrategyEffect`."""

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        ...

    @property
    def effect(self) -> Effect:
        """The word for what came of it."""
        ...


class Memory(Protocol):
    """Where experience is kept between optimisations."""

    def load(self) -> Mapping[str, Experience]:
        """What is known, by name of the strategy."""
        ...

    def store(self, known: Mapping[str, Experience]) -> None:
        """Keep ``known`` in place of what was."""
        ...


class ProcessMemory:
    """Experience that lasts as long as this object."""

    def __init__(self) -> None:
        self._known: dict[str, Experience] = {}

    def load(self) -> Mapping[str, Experience]:
        """What is known, by name of the strategy."""
        return dict(self._known)

    def store(self, known: Mapping[str, Experience]) -> None:
        """Keep ``known`` in place of what was."""
        self._known = dict(known)


def most_promising_first(
    strategies: Iterable[OptimizationStrategy], known: Mapping[str, Experience]
) -> list[OptimizationStrategy]:
    """The strategies by how likely they are to help; those of which the same is known stay in their order."""
    return sorted(strategies, key=lambda strategy: -known.get(strategy.name, Experience()).promise_ratio)


def learned(known: Mapping[str, Experience], outcomes: Sequence[Tried]) -> dict[str, Experience]:
    """What is known with ``outcomes`` in it."""
    more = dict(known)
    for outcome in outcomes:
        was = more.get(outcome.strategy, Experience())
        helped_count = was.helped_count + (outcome.effect is Effect.HELPED)
        more[outcome.strategy] = Experience(was.tried_count + 1, helped_count)
    return more
