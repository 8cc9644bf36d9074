"""What a pool is given from outside: a clock, listeners, and what its surroundings want to know of its work."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from typing import NamedTuple

from .trouble import Trouble, warn


class Operation(str, Enum):
    """What a pool calls of a resource type."""

    BUILD = "factory"
    VALIDATE = "validate"
    RESET = "reset"
    FINGERPRINT = "fingerprint"
    CLOSE = "close"


class PoolHooks(NamedTuple):
    """What a pool is given.

    Attributes:
        clock: monotonic, in seconds.
        chance: a random number from 0 to 1, for the jitter of lifetimes.
        tell: called with each trouble.
        around: makes a context around each call into user code, from the operation and the type's name.
        label: who borrows now (a test's id), or ``None``.
        follows: whether to note where each borrower stands.
        pools: whether members are kept; if not, every lease builds and closes.
    """

    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    tell: Callable[[Trouble], None] = warn
    around: Callable[[Operation, str], AbstractContextManager[object]] | None = None
    label: Callable[[], str | None] | None = None
    follows: bool = False
    pools: bool = True
