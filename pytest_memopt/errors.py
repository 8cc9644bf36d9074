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


class OptimizationError(MemoptError):
    """Something that an optimisation was to clear, to apply or to put back could not be; the message names it."""


class UnknownModuleError(MemoptError, ModuleNotFoundError):
    """A module that is to be loaded later isn't there."""


class PoolError(MemoptError):
    """A pool can't do what it was asked for; the message names the resource type, the reason and the remedy."""


class PoolTimeout(PoolError):  # noqa: N818 - as the standard library names its own, it tells what happened
    """No resource, or slot, came free in the time that the borrower gave."""


class PoolClosed(PoolError):  # noqa: N818 - as above
    """The pool was closed before, or while, somebody asked it for a resource."""


class CallTimeout(PoolError):  # noqa: N818 - as above
    """A resource type's own code (factory, reset, ...) took longer than the type allows, and was interrupted."""


class ReturnError(PoolError):
    """What is given back isn't lent: it was given back before, or never was the pool's."""


class ResourceTypeError(PoolError, UsageError):
    """A resource type is declared with a value that makes no sense."""


class ComparisonError(PoolError):
    """A resource type can't be compared with and without its pool; the message names the operation that failed, and how."""


class MemoryLeakFound(AssertionError):  # noqa: N818 - users meet it as the name of a failure, not of a bug
    """Something that was run again and again grew each time."""


class MemoryLimitExceeded(AssertionError):  # noqa: N818 - users meet it as the name of a failure, not of a bug
    """A test or a block held, or reached, more memory than its limit, each time it was run."""


def one_line(error: BaseException) -> str:
    """An exception that isn't ours in one line: its type, and what it says."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
