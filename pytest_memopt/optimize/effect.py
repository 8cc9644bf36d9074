"""The word for what came of a strategy."""

from __future__ import annotations

from enum import Enum


class Effect(str, Enum):
    """The word for what came of a strategy."""

    HELPED = "helped"
    NO_EFFECT = "no effect"
    FAILED = "failed"
    REVERTED = "reverted"
