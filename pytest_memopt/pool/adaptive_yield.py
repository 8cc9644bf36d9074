"""Whether a thread that finds nothing lets the others run before it stands in the queue: learnt from whether that helped."""

from __future__ import annotations

from typing import Final

TRIALS: Final = 16
REWARD: Final = 64
CREDIT_MOST: Final = 256
PASSED_OVER_MOST: Final = 512


class AdaptiveYield:
    """A credit that each yield costs and each one that helped fills up; without credit a few are tried now and then.

    Where threads compute, who holds a resource has often just lost the interpreter: let run, it gives the resource back
    within a slice of time. To queue at once would be a convoy: a resource handed to a thread that has yet to wake up is
    missed by all others, who queue for it in turn, and from then on each lease costs a change of threads (measured: 25 000
    leases a second instead of 200 000). Where the holder waits for a disk or a network, a yield is a loss of time.

    Nobody is overtaken: who is in the queue is served before those who are not. Adaptive spinning before a wait is known
    from locks; the credit takes the place of their count of spins.

    Not for several threads at once: the pool calls it under its lock.
    """

    __slots__ = ("_credit", "_passed_over")

    def __init__(self) -> None:
        self._credit = TRIALS
        self._passed_over = 0

    def is_worth_it(self) -> bool:
        """Whether to yield this time."""
        if self._credit <= 0:
            self._passed_over += 1
            if self._passed_over > PASSED_OVER_MOST:
                self._passed_over, self._credit = 0, TRIALS
        return self._credit > 0

    def learn(self, *, has_helped: bool) -> None:
        """Note how a yield ended."""
        self._credit = min(self._credit + REWARD, CREDIT_MOST) if has_helped else self._credit - 1
