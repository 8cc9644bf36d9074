"""The family of errors."""

import inspect

import pytest

from pytest_memopt import errors

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", FAMILY)
def test_every_error_has_one_root(kind):
    """Whoever catches the root catches all but a failed limit and a leak, which are assertions that failed."""
    root = AssertionError if kind in (errors.MemoryLimitExceeded, errors.MemoryLeakFound) else errors.MemoptError
    assert issubclass(kind, root)
    assert kind.__doc__


def test_bad_input_is_a_value_error():
    """What a user wrote wrongly is a ``ValueError`` as well, as callers expect of a parser."""
    for kind in (errors.UsageError, errors.SizeError, errors.LimitError):
        assert issubclass(kind, ValueError)
