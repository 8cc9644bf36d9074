"""What a hunt reads, how long it may take, and what it brings."""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple, Protocol

from ..meters.rounds import AnySignal, Care
from .census import Grown
from .ruling import FLAT_ROUNDS, Ruling
from .series import ContainerGrowth, Levels

_NAMING_SHARE: Final = 0.5  # of the budget, and besides it


class Rounds(Protocol):
    """What reads a row of signals at the end of a round.

    Attributes:
        signals: what is read, in the order of a row.
    """

    @property
    def signals(self) -> tuple[AnySignal, ...]:
        """What is read, in the order of a row."""
        ...

    def begin(self, care: Care) -> None:
        """Settle before the first round."""
        ...

    def read(self, into: array[int], row: int) -> None:
        """Settle, and note all signals."""
        ...

    def stands(self) -> bool:
        """Whether the rows that were read since the first one are right; where not, the next are, from a new first one on."""
        ...

    def thaw(self) -> None:
        """Let the collector list everything, what is left out of collections too."""
        ...

    def end(self) -> None:
        """The last round is over."""
        ...


class Patience(NamedTuple):
    """How long a hunt may take.

    Attributes:
        least: rounds that are wanted at least before a workload is called clean.
        budget_s: seconds after which an undecided hunt is given up.
        silent_s: seconds after which those who wait are told, before each round, how it stands.
    """

    least: int = FLAT_ROUNDS
    budget_s: float = 20.0
    silent_s: float = 1.0

    @property
    def naming_s(self) -> float:
        """Seconds for naming the culprit of a leak, however long it took to show: without a name it is worth little."""
        return _NAMING_SHARE * self.budget_s


class Catch(NamedTuple):
    """What a hunt brought.

    Attributes:
        ruling: the word, and which signals and containers are behind it.
        rounds: how many times the workload was run, warm-ups included.
        series: the signals over the rounds that were judged.
        containers: the containers that changed their length in them.
        followed: the containers themselves, by the keys of ``containers``; to be let go of when the culprit is named.
        late: containers that had grown at the end, where none of those that were followed explains a leak.
        duration_s: what it took.
    """

    ruling: Ruling
    rounds: int
    series: tuple[Levels, ...]
    containers: tuple[ContainerGrowth, ...]
    followed: tuple[object, ...]
    late: tuple[Grown, ...]
    duration_s: float


def per_round(catch: Catch) -> dict[AnySignal, float]:
    """What a round adds to each signal, where it adds anything: not to those that came to rest meanwhile."""
    growing = (one for one in catch.series if one.signal in catch.ruling.signals or not _is_at_rest(one))
    return {one.signal: one.per_round for one in growing if one.per_round}


def _is_at_rest(one: Levels) -> bool:
    """Whether nothing was added in the newer half of the rounds."""
    return not any(one.changes[len(one.changes) // 2 :])
