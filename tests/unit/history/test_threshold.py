"""Thresholds of two parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import UsageError
from pytest_memopt.history.threshold import Threshold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20%", Threshold(ratio=0.2)),
        ("64KiB", Threshold(bytes=65536)),
        ("20%+64KiB", Threshold(ratio=0.2, bytes=65536)),
        (" 1 MB + 0.5 % ", Threshold(ratio=0.005, bytes=1_000_000)),
        ("0B", Threshold()),
        (".5%", Threshold(ratio=0.005)),
    ],
)
def test_what_is_a_threshold(text, expected):
    """A percentage, a size, or both in any order."""
    assert Threshold.parse(text) == expected


@pytest.mark.parametrize("text", ["", "20", "20%+", "20%+5%", "1MB+2MB", "-5%", "5%+-1MB", "growth", "20%1MB", "nan%"])
def test_what_is_no_threshold(text):
    """All else is refused, naming the subject and the text."""
    with pytest.raises(UsageError, match=r"^--fail-on: .*give a percentage, a size, or both"):
        Threshold.parse(text, "--fail-on")


@given(st.text())
def test_any_text_is_a_threshold_or_refused(text):
    """No text ends in another error."""
    try:
        threshold = Threshold.parse(text)
    except UsageError:
        return
    assert threshold.ratio >= 0
    assert threshold.bytes >= 0


@pytest.mark.parametrize(
    ("before", "after", "exceeded"),
    [
        (1000, 1150, False),  # beyond neither
        (1000, 1250, True),  # beyond both
        (10, 100, False),  # beyond the relative part only
        (10_000, 11_500, False),  # beyond the absolute part only
        (0, 101, True),
        (-1000, -850, False),
        (1000, 0, False),
    ],
)
def test_both_parts_must_be_exceeded(before, after, exceeded):
    """Growth counts beyond 20 % and beyond 100 bytes."""
    assert Threshold(ratio=0.2, bytes=100).exceeded(before, after) is exceeded


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        (Threshold(ratio=0.2, bytes=65536), "20% + 64 KiB"),
        (Threshold(ratio=0.005), "0.5%"),
        (Threshold(bytes=1536), "1.5 KiB"),
        (Threshold(), "0 B"),
    ],
)
def test_it_reads_as_it_is_written(threshold, text):
    """Its text can be parsed again."""
    assert str(threshold) == text
    assert Threshold.parse(text) == threshold
