"""Clean but noisy: property tests, whose runner keeps examples, statistics and caches of its own."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)


@settings(derandomize=True, database=None, max_examples=30, deadline=None)
@given(st.lists(st.integers()))
def test_derandomized(values):
    """The same examples in each run."""
    assert len(sorted(values)) == len(values)


@settings(derandomize=True, database=None, max_examples=30, deadline=None)
@given(text=st.text(), number=st.integers(0, 100))
def test_derandomized_text(text, number):
    """Texts of Unicode, whose tables are loaded once."""
    assert len(text * number) == len(text) * number


@settings(derandomize=True, database=None, max_examples=20, deadline=None)
@example(0)
@given(st.integers())
def test_with_example(number):
    """An explicit example first."""
    assert number + 0 == number


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False)))
def test_random_with_database(table):
    """Other examples in each run, with the database on."""
    assert dict(table) == table


@settings(derandomize=True, database=None, max_examples=20, deadline=None)
@given(st.integers())
def test_with_assumption(number):
    """Examples that are thrown away."""
    assume(number % 2 == 0)
    assert number // 2 * 2 == number


@settings(derandomize=True, database=None, max_examples=20, deadline=None)
@given(st.data())
def test_interactive(data):
    """Values drawn on the way."""
    size = data.draw(st.integers(0, 5))
    assert len(data.draw(st.lists(st.booleans(), min_size=size, max_size=size))) == size


class TestMethods:
    """Property tests in a class."""

    @settings(derandomize=True, database=None, max_examples=20, deadline=None)
    @given(st.binary())
    def test_method(self, data):
        """A method with examples."""
        assert bytes(bytearray(data)) == data


@pytest.mark.xfail(strict=True, reason="the property is false")
@settings(derandomize=True, database=None, max_examples=50, deadline=None)
@given(st.integers())
def test_false_property(number):
    """A property that is shrunk to its smallest failure, as expected."""
    assert number < 1000
