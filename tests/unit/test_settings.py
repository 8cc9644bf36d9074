"""Settings and the rule by which they are found."""

from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import UsageError
from pytest_memopt.settings import (
    GcChoice,
    Settings,
    TracerChoice,
    first_set,
    parse_choice,
    parse_count,
    parse_seconds,
    refuse_unknown,
    strip_lines,
)


@given(layers=st.lists(st.none() | st.integers()), default=st.integers())
def test_the_first_layer_that_speaks_counts(layers, default):
    """Command line, then ini, then default; 0 and ``False`` are said, ``None`` is silence."""
    said = [layer for layer in layers if layer is not None]
    assert first_set(*layers, default=default) == (said[0] if said else default)
    assert first_set(None, False, default=True) is False


@pytest.mark.parametrize(
    ("settings", "is_on", "keeps_history"),
    [
        (Settings(), False, False),
        (Settings(measure=True), True, False),
        (Settings(report=True), True, True),
        (Settings(report=True, history_path=None), True, False),
        (Settings(json_path=Path("out.json")), True, False),
        (Settings(limit_lines=(("growth=1", "memopt_limits"),)), False, False),
    ],
)
def test_what_turns_measuring_on(settings, is_on, keeps_history):
    """Measuring all tests is asked for by ``--memopt``, a summary or a report; only a summary is remembered."""
    assert (settings.is_on, settings.keeps_history) == (is_on, keeps_history)


@pytest.mark.parametrize("choices", [GcChoice, TracerChoice])
def test_every_choice_is_found_by_its_value(choices):
    """A choice is written as its value."""
    for choice in choices:
        assert parse_choice(choice.value, choices, "--it") is choice


@given(text=st.text())
def test_no_other_choice_is_taken(text):
    """Anything else is refused, with what is possible."""
    if text in {choice.value for choice in GcChoice}:
        return
    with pytest.raises(UsageError, match="choose one of freeze, collect, off") as caught:
        parse_choice(text, GcChoice, "--memopt-gc")
    assert str(caught.value).startswith(f"--memopt-gc: {text!r}")


def test_choices_may_be_of_any_type():
    """A value that is no text is told as such."""
    numbers = Enum("numbers", {"one": 1})
    with pytest.raises(UsageError, match="choose one of 1"):
        parse_choice("2", numbers, "n")


@given(count=st.integers(), least=st.integers(0, 5))
def test_counts_below_the_least_are_refused(count, least):
    """A whole number is read as what it is, from ``least`` on."""
    if count >= least:
        assert parse_count(str(count), "n", least=least) == count
    else:
        with pytest.raises(UsageError, match=f"not a whole number of {least} or more"):
            parse_count(str(count), "n", least=least)


@pytest.mark.parametrize("text", ["", "many", "1.5", "1 2", "0x3", "-"])
def test_no_count_is_refused(text):
    """What is no whole number is refused with subject and value."""
    with pytest.raises(UsageError, match=r"--memopt-top: '.*' is not a whole number"):
        parse_count(text, "--memopt-top")


def test_blank_lines_and_comments_say_nothing():
    """Lines are stripped, and those that say nothing are left out."""
    assert strip_lines(["", "  a: growth=1 ", "# why", "  # too", "b # not a comment"]) == (
        "a: growth=1",
        "b # not a comment",
    )
    assert strip_lines([]) == ()


@pytest.mark.parametrize(("text", "seconds"), [("20", 20.0), ("0.5", 0.5), (" 1e3 ", 1000.0)])
def test_seconds_are_more_than_none(text, seconds):
    """A number above 0 is a duration."""
    assert parse_seconds(text, "--it") == seconds


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "soon", "", "1 s"])
def test_no_other_seconds_are_taken(text):
    """Anything else is refused, with subject and value."""
    with pytest.raises(UsageError, match=r"^--it: '.*' is not a number of seconds above 0$"):
        parse_seconds(text, "--it")


class OwnError(UsageError):
    """An error of the caller's own kind."""


def test_known_keywords_are_not_refused():
    """What is known may be stated, in any number."""
    refuse_unknown(["rounds", "ignore", "rounds"], ("rounds", "ignore"), "mark", OwnError)
    refuse_unknown([], (), "mark", OwnError)


@pytest.mark.parametrize(
    ("keyword", "hint"), [("round", "did you mean 'rounds'?"), ("xyz", "it takes rounds, ignore"), ("", "it takes")]
)
def test_unknown_keywords_are_refused(keyword, hint):
    """The error is of the caller's kind, and suggests what is close, or all that is known."""
    with pytest.raises(OwnError) as caught:
        refuse_unknown(["rounds", keyword], ("rounds", "ignore"), "mark", OwnError)
    assert str(caught.value).startswith(f"mark: unknown keyword {keyword!r}; {hint}")
