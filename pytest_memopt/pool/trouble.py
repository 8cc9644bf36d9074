"""What goes wrong behind a borrower's back: told to whoever listens, and never in the way of the pool."""

from __future__ import annotations

import warnings
from enum import Enum
from typing import NamedTuple


class PoolWarning(UserWarning):
    """Something went wrong in a pool; the pool goes on."""


class TroubleKind(str, Enum):
    """What went wrong."""

    KEPT = "not given back"
    OVERDUE = "held too long"
    LOST = "lost"
    SLOW = "takes too long"
    SOILED = "soiled"
    RESET_FAILED = "reset failed"
    VALIDATE_FAILED = "validate failed"
    FINGERPRINT_FAILED = "fingerprint failed"
    CLOSE_FAILED = "close failed"
    UPKEEP_FAILED = "upkeep failed"
    LEFT_BEHIND = "left behind"


class Trouble(NamedTuple):
    """One thing that went wrong.

    Attributes:
        kind: what.
        type_name: the resource type.
        told: one sentence, with type, borrower and reason.
        borrower: who had the resource (a test's id, a label), or ``None``.
        stack: where it was borrowed, the innermost line last; empty where the pool doesn't follow its borrowers.
    """

    kind: TroubleKind
    type_name: str
    told: str
    borrower: str | None = None
    stack: tuple[str, ...] = ()

    def text(self) -> str:
        """The sentence, and below it the stack."""
        return "\n".join([self.told, *(["borrowed at:"] if self.stack else []), *(f"  {line}" for line in self.stack)])


def warn(trouble: Trouble) -> None:
    """Tell by a warning: what a pool does unless told otherwise."""
    warnings.warn(trouble.text(), PoolWarning, stacklevel=3)
