"""A pool in constant use takes no more memory."""

from __future__ import annotations

from pytest_memopt import MemoryPool, check_leaks


def test_borrowing_leaves_nothing_behind():
    """However often a resource is lent, the process holds what it held before."""
    pool = MemoryPool(object, reset=lambda resource: None)

    def borrow_often():
        for _ in range(1000):
            with pool.borrow():
                pass

    finding = check_leaks(borrow_often)
    assert finding.verdict.value == "clean"
