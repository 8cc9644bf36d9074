"""Worker processes that are started once for a module."""

import math


def test_roots(shared_workers):
    """The processes compute."""
    assert list(shared_workers.map(math.sqrt, [1, 4, 9])) == [1, 2, 3]


def test_factorials(shared_workers):
    """The same processes, for another test."""
    assert list(shared_workers.map(math.factorial, range(5))) == [1, 1, 2, 6, 24]
