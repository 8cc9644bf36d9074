"""Not a leak: a table that is built by the first who asks, and kept for everybody."""

from functools import cache

import pytest


@cache
def places():
    return {f"{code:05}": f"Place number {code}" for code in range(10_000)}


@pytest.mark.memory_limit(growth="64 KiB")
def test_place_of_code():
    assert places()["00042"] == "Place number 42"
