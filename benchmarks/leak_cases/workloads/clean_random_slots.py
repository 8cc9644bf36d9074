"""Slots that are overwritten at random with buffers of random sizes."""

import random

RANDOM = random.Random(3)
SLOTS: list[bytearray | None] = [None] * 150


def workload() -> None:
    """Fill five slots anew."""
    for _ in range(5):
        SLOTS[RANDOM.randrange(150)] = bytearray(RANDOM.randrange(10, 9000))
