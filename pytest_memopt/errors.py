"""The errors of pytest-memopt: one root, small families, messages that name subject, value and remedy."""

from __future__ import annotations


class MemoptError(Exception):
    """Root of every error that pytest-memopt raises on purpose."""


class UsageError(MemoptError, ValueError):
    """What a user wrote (a size, a mark, an option, a query) can't be understood; the message says what would be."""


class SizeError(UsageError):
    """A memory size is neither an int of bytes nor a number with a unit."""


class LimitError(UsageError):
    """A memory limit names an unknown metric, or gives it a value that makes no sense."""


class MeterError(MemoptError):
    """A meter could not be read where the caller relied on it."""


class HistoryError(MemoptError):
    """The history can't be opened, read or written; the run goes on without it."""


class PoolError(MemoptError):
    """A pool, or what several processes share of it, can't do what it was asked for."""


class PoolTimeout(PoolError):  # noqa: N818 - as the standard library names its own, it tells what happened
    """Nothing became free within the time that the caller would wait."""


class MemoryLeakFound(AssertionError):  # noqa: N818 - users meet it as the name of a failure, not of a bug
    """Something that was run again and again grew each time."""


class MemoryLimitExceeded(AssertionError):  # noqa: N818 - users meet it as the name of a failure, not of a bug
    """A test or a block held, or reached, more memory than its limit, each time it was run."""
