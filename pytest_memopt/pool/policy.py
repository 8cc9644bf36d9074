"""The rules of a pool: how many, how long, in which order; pure."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from ..errors import ResourceTypeError

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

NEVER_S: Final = float("inf")
LIFETIME_JITTER: Final = 0.05
"""Share of the lifetime by which members end early, each by its own: so that those built together don't end together."""


class Order(str, Enum):
    """Which of the idle members is lent next."""

    LIFO = "lifo"
    FIFO = "fifo"


class PoolPolicy(NamedTuple):
    """How a pool treats its members.

    Attributes:
        max_size: members at the most, lent and idle together.
        min_idle: idle members that upkeep keeps ready.
        idle_ttl_s: an idle member is closed after this time; ``None`` for never.
        max_lifetime_s: a member is closed at this age, less a jitter of up to 5 %; ``None`` for never.
        timeout_s: how long a borrower waits; 0 for not at all, ``None`` for ever.
        leak_threshold_s: a lease that is held for longer is told of, with the borrower's stack; ``None`` for never.
        order: which idle member is lent next.
        same_thread: whether a lease must be given back by the thread that borrowed it.
        cleanup_interval_s: between two rounds of upkeep in the background; ``None`` for none.
        call_timeout_s: a call of the type's own code that takes longer is interrupted where that can be done; ``None`` for never.
        keep_idle: whether what comes back is kept for the next borrower; if not, each lease builds and closes.
    """

    max_size: int = 100
    min_idle: int = 0
    idle_ttl_s: float | None = 600.0
    max_lifetime_s: float | None = None
    timeout_s: float | None = 30.0
    leak_threshold_s: float | None = None
    order: Order = Order.LIFO
    same_thread: bool = False
    cleanup_interval_s: float | None = 300.0
    call_timeout_s: float | None = None
    keep_idle: bool = True

    def lifetime_s(self, chance: float) -> float:
        """The age at which a member ends, for a random number ``chance`` between 0 and 1."""
        if self.max_lifetime_s is None:
            return NEVER_S
        return self.max_lifetime_s * (1.0 - LIFETIME_JITTER * chance)


def make_policy(  # noqa: PLR0913 - what a user registers a type with
    subject: str,
    *,
    max_size: int = 100,
    min_idle: int = 0,
    idle_ttl: float | None = 600.0,
    max_lifetime: float | None = None,
    timeout: float | None = 30.0,
    leak_threshold: float | None = None,
    order: str = "lifo",
    same_thread: bool = False,
    cleanup_interval: float | None = 300.0,
    call_timeout: float | None = None,
    keep_idle: bool = True,
) -> PoolPolicy:
    """The policy with these values, all of them checked; times are in seconds.

    Raises:
        ResourceTypeError: naming ``subject``, the value and what would be right.
    """
    _check_count(subject, "max_size", max_size, least=1)
    _check_count(subject, "min_idle", min_idle, least=0)
    if min_idle > max_size:
        raise ResourceTypeError(f"{subject}: min_idle={min_idle} is more than max_size={max_size}")
    if min_idle and not keep_idle:
        raise ResourceTypeError(f"{subject}: min_idle={min_idle} keeps resources ready, which keep_idle=False forbids")
    _check_time(subject, "idle_ttl", idle_ttl)
    _check_time(subject, "max_lifetime", max_lifetime)
    _check_time(subject, "leak_threshold", leak_threshold)
    _check_time(subject, "timeout", timeout, allows_zero=True)
    _check_time(subject, "cleanup_interval", cleanup_interval)
    _check_time(subject, "call_timeout", call_timeout)
    try:
        chosen = Order(order)
    except ValueError:
        raise ResourceTypeError(f'{subject}: order={order!r} is not possible; it is "lifo" or "fifo"') from None
    return PoolPolicy(
        max_size,
        min_idle,
        idle_ttl,
        max_lifetime,
        timeout,
        leak_threshold,
        chosen,
        same_thread,
        cleanup_interval,
        call_timeout,
        keep_idle,
    )


def _check_count(subject: str, name: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ResourceTypeError(f"{subject}: {name}={value!r} is not a whole number of {least} or more")


def _check_time(subject: str, name: str, value: object, *, allows_zero: bool = False) -> None:
    if value is None:
        return
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not (value > 0 or (allows_zero and value == 0)):  # type: ignore[operator]
        least = "0 or more" if allows_zero else "more than 0"
        raise ResourceTypeError(f"{subject}: {name}={value!r} is not a number of seconds, {least}, or None")
