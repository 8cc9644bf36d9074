"""Waiting for a count to fall: what was told to end is still counted for a moment."""

from __future__ import annotations

from collections.abc import Callable


def wait_to_fall(
    read: Callable[[], int],
    expected: int,
    patience_s: float,
    pause_s: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> int:
    """What ``read`` gives, after waiting for it to fall to ``expected``; without a pause where it has already.

    Args:
        read: counts.
        expected: what it is waited for.
        patience_s: seconds after which it is no longer waited for.
        pause_s: seconds between two readings.
        clock: seconds.
        pause: waits for so many of them.
    """
    count = read()
    if count <= expected:
        return count
    give_up = clock() + patience_s
    while count > expected and clock() < give_up:
        pause(pause_s)
        count = read()
    return count
