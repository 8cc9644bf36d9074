"""What the environment switches off, and how it may be spelt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import UsageError
from pytest_memopt.flags import Flag, is_enabled

OFF = ("false", "0", "no", "off")
ON = ("true", "1", "yes", "on")


@pytest.mark.parametrize("flag", Flag)
def test_a_flag_is_on_unless_something_is_said(flag):
    """A variable that is unset, or blank, leaves its part on."""
    assert is_enabled(flag, {})
    assert is_enabled(flag, {flag.value: " "})


@given(st.sampled_from(Flag), st.sampled_from(OFF + ON), st.integers(0, 2**5 - 1))
def test_a_flag_is_spelt_in_any_case(flag, word, capitals):
    """Each accepted word switches by its meaning, however its letters are written."""
    spelling = "".join(letter.upper() if capitals >> place & 1 else letter for place, letter in enumerate(word))
    assert is_enabled(flag, {flag.value: spelling}) is (word in ON)


def test_each_flag_has_a_variable_of_its_own():
    """One flag that is off leaves the others on."""
    environ = {Flag.POOLING.value: "off"}
    assert [flag for flag in Flag if not is_enabled(flag, environ)] == [Flag.POOLING]


def test_the_environment_of_the_process_is_asked_each_time(monkeypatch):
    """A program that sets the variable while it runs is heard."""
    monkeypatch.setenv(Flag.ANALYSIS.value, "0")
    assert not is_enabled(Flag.ANALYSIS)
    monkeypatch.setenv(Flag.ANALYSIS.value, "1")
    assert is_enabled(Flag.ANALYSIS)


def test_another_spelling_is_refused():
    """A word that means nothing is an error with the variable, the word and what is right."""
    with pytest.raises(UsageError, match=r"ENABLE_MEMORY_POOLING: 'nope' .* one of false, 0, no, off .* true, 1"):
        is_enabled(Flag.POOLING, {"ENABLE_MEMORY_POOLING": "nope"})
