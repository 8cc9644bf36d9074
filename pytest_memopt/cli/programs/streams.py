"""The program's standard output, out of the way of a JSON document."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Final

_STDOUT: Final = 1
_STDERR: Final = 2


@contextmanager
def stdout_to_stderr(*, wanted: bool) -> Generator[None, None, None]:
    """Have what is written to stdout go to stderr while it lasts, where ``wanted``: also what other processes write."""
    if not wanted:
        yield
        return
    with redirect_stdout(sys.stderr):
        kept = _swapped()
        try:
            yield
        finally:
            if kept is not None:
                os.dup2(kept, _STDOUT)
                os.close(kept)


def _swapped() -> int | None:
    """A descriptor of what stdout was, which is stderr from now on; ``None`` where one of them is closed."""
    with suppress(OSError, ValueError, AttributeError):
        sys.__stdout__.flush()  # type: ignore[union-attr] # it may be None: that is one of those suppressed
    try:
        kept = os.dup(_STDOUT)
    except OSError:
        return None
    try:
        os.dup2(_STDERR, _STDOUT)
    except OSError:
        os.close(kept)
        return None
    return kept
