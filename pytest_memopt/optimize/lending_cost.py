"""What a lease of a pool costs in waiting and in building again, before and after a change; pure."""

from __future__ import annotations

from math import hypot, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from .outcome import Timing

if TYPE_CHECKING:
    from ..pool.stats import PoolStats

STANDARD_ERRORS: Final = 4
"""Beyond so many a difference counts: waits come in bursts, for which the 2.6 of independent ones (99 %) are too few."""


class LendingCost(NamedTuple):
    """What some leases cost beyond the one build that each member takes.

    Attributes:
        leases_count: how many leases.
        waits_count, waited_s: borrowers that waited, and for how long together.
        rebuilt_count: leases for which a resource was built though the pool had had as many members before.
        build_s: seconds that a build takes.
    """

    leases_count: int
    waits_count: int
    waited_s: float
    rebuilt_count: int
    build_s: float

    @property
    def mean_s(self) -> float:
        """Seconds for a lease."""
        lost_s = self.waited_s + self.rebuilt_count * self.build_s
        return lost_s / self.leases_count if self.leases_count else 0.0

    @property
    def wait_s(self) -> float:
        """Seconds of a wait, 0 where nobody waited."""
        return self.waited_s / self.waits_count if self.waits_count else 0.0

    def error_s(self, wait_s: float) -> float:
        """The standard error of `mean_s`, where each lease waits or builds by chance, and for as long as by chance.

        Args:
            wait_s: what one wait takes; where nobody waited, one is taken for possible.
        """
        return hypot(
            _error_of_mean(wait_s, max(self.waits_count, 1), self.leases_count),
            _error_of_mean(self.build_s, self.rebuilt_count, self.leases_count),
        )


def cost_of(stats: PoolStats, new_count: int) -> LendingCost:
    """What the leases of an account cost, of which ``new_count`` found the pool with a place that it had never filled."""
    rebuilt_count = max(0, stats.misses - new_count)
    return LendingCost(stats.borrowed, stats.waits, stats.waited_s, rebuilt_count, stats.build.mean_s)


def compared(name: str, before: LendingCost, after: LendingCost) -> Timing:
    """Both costs of a lease, with the noise of their difference."""
    error_s = hypot(before.error_s(before.wait_s or after.wait_s), after.error_s(after.wait_s or before.wait_s))
    what = f"waiting and building again for a lease of the pool {name!r}"
    return Timing(what, before.mean_s, after.mean_s, STANDARD_ERRORS * error_s)


def _error_of_mean(mean_s: float, count: int, leases_count: int) -> float:
    """Of what ``count`` leases took an exponential time for, and the others none: a binomial count of such times.

    Source: the law of total variance; W. Feller, "An Introduction to Probability Theory and Its Applications", vol. 2,
    2nd ed. (1971), section V.11.
    """
    share = min(1.0, count / leases_count) if leases_count else 0.0
    return mean_s * sqrt(share * (2 - share) / max(leases_count, 1))
