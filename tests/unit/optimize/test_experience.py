"""What is remembered of strategies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.experience import Experience, ProcessMemory, learned, most_promising_first
from pytest_memopt.optimize.outcome import Judgement, Outcome


def outcomes(**effects):
    """One outcome for each name."""
    return [Outcome(name, Judgement(effect, "")) for name, effect in effects.items()]


def test_what_helped_is_tried_first(make_strategy):
    """What helped comes before what was never tried, and that before what didn't help; equals stay in order."""
    known = {"b": Experience(3, 0), "c": Experience(2, 2), "e": Experience(2, 2)}
    tried = most_promising_first([make_strategy(name) for name in "abcde"], known)
    assert [strategy.name for strategy in tried] == ["c", "e", "a", "d", "b"]


@pytest.mark.parametrize(
    ("effect", "helped"), [(Effect.HELPED, 1), *((each, 0) for each in Effect if each != "helped")]
)
def test_only_what_helped_counts_as_that(effect, helped):
    """Each word but "helped" counts as a trial in vain; what wasn't tried stays as it was."""
    known = {"a": Experience(4, 2), "z": Experience(1, 1)}
    assert learned(known, outcomes(a=effect, b=effect)) == {
        "a": Experience(5, 2 + helped),
        "b": Experience(1, helped),
        "z": Experience(1, 1),
    }
    assert known["a"] == Experience(4, 2)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_promise_is_a_likelihood(helped, vain):
    """It lies strictly between 0 and 1, and rises with each time that it helped."""
    before, after = Experience(helped + vain, helped), Experience(helped + vain + 1, helped + 1)
    assert 0 < before.promise_ratio < after.promise_ratio < 1


def test_the_memory_of_a_process_is_its_own():
    """What is stored can be loaded, and neither side can change the other's."""
    memory, known = ProcessMemory(), {"a": Experience(1, 1)}
    assert memory.load() == {}
    memory.store(known)
    known["b"] = memory.load()["b"] = Experience()
    assert memory.load() == {"a": Experience(1, 1)}
