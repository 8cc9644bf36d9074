"""What a pool is given from outside: a clock, listeners, and what its surroundings want to know of its work."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .trouble import Trouble, warn

if TYPE_CHECKING:
    from .keeper import Keeper


class Operation(str, Enum):
    """What a pool does that takes its time, most of it in user code."""

    OPEN = "making the pool"
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
        keeper: looks after pools in the background, once they have built something; ``None`` for nobody.
        rack_folder: where the processes that share a type meet; ``None`` for the user's own, see `user_folder`.
    """

    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    tell: Callable[[Trouble], None] = warn
    around: Callable[[Operation, str], AbstractContextManager[object]] | None = None
    label: Callable[[], str | None] | None = None
    follows: bool = False
    pools: bool = True
    keeper: Keeper | None = None
    rack_folder: Path | None = None
