"""The feature flags of the environment: which parts of the library a user has switched off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

from .errors import UsageError

_OFF: Final = ("false", "0", "no", "off")
_ON: Final = ("true", "1", "yes", "on")


class Flag(str, Enum):
    """A part of the library that can be switched off, by the environment variable that does it."""

    OPTIMIZATION = "ENABLE_MEMORY_OPTIMIZATION"
    POOLING = "ENABLE_MEMORY_POOLING"
    ANALYSIS = "ENABLE_MEMORY_ANALYSIS"


def is_enabled(flag: Flag, environ: Mapping[str, str] | None = None) -> bool:
    """Whether ``flag`` is on: it is unless its variable says ``false``, ``0``, ``no`` or ``off``, in any case.

    It is read anew by each call, so that a program may set the variable while it runs. A variable that is unset or
    empty is on, as are ``true``, ``1``, ``yes`` and ``on``.

    Args:
        flag: the part that is asked about.
        environ: the variables; those of this process when ``None``.

    Raises:
        UsageError: for another spelling, naming the variable, its value and what is right.
    """
    value = (os.environ if environ is None else environ).get(flag.value, "")
    word = value.strip().lower()
    if word and word not in _OFF + _ON:
        raise UsageError(
            f"{flag.value}: {value!r} is neither on nor off; write one of {', '.join(_OFF)} to switch it off, "
            f"or one of {', '.join(_ON)}"
        )
    return word not in _OFF
