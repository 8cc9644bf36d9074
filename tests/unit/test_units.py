"""Sizes in, sizes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import MemoptError, SizeError, UsageError
from pytest_memopt.units import (
    BINARY,
    DECIMAL,
    FACTORS,
    format_change,
    format_count,
    format_duration,
    format_size,
    parse_size,
)

MIB = 1024**2


@pytest.mark.parametrize(
    ("written", "expected_bytes"),
    [
        (0, 0),
        (4096, 4096),
        ("0 B", 0),
        ("640B", 640),
        ("1 kB", 1000),
        ("1KB", 1000),
        ("20 MB", 20_000_000),
        ("1.5MB", 1_500_000),
        (".5 GB", 500_000_000),
        ("2 TB", 2 * 10**12),
        ("64 KiB", 65_536),
        ("1 mib", MIB),
        ("1   GiB", 1024**3),
        ("1\tTIB", 1024**4),
        ("  3 MiB ", 3 * MIB),
        ("0.0015 KB", 2),
    ],
)
def test_a_size_is_read(written, expected_bytes):
    """An int means bytes; a number with a unit means what the unit says, in any case, with any space before it."""
    assert parse_size(written) == expected_bytes


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "12", "MB", "1 XB", "1 K", "1 M", "1 iB", "-1 MB", "+1 MB", "1,5 MB", "1e3 B", "1 MBs", "1 MB/s"),
        *("1. MB", "10 MBish/sec", "1 M B", "nan B", "inf B", "\N{ARABIC-INDIC DIGIT THREE} MB"),
        *("1 K\N{LATIN SMALL LETTER DOTLESS I}B", "1 K\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}B"),
        *(None, True, False, 1.5, b"1 MB", [1], object),
    ],
)
def test_all_else_is_refused(written):
    """What is neither an int of bytes nor a number with a known unit is an error that shows the value and the subject."""
    with pytest.raises(SizeError) as caught:
        parse_size(written, "memory_limit(growth=…) of test_x")
    assert str(caught.value).startswith("memory_limit(growth=…) of test_x: ")
    assert repr(written) in str(caught.value)
    assert "64 KiB" in str(caught.value)


def test_a_negative_int_is_refused_by_name():
    """Negative bytes are refused with their own reason."""
    with pytest.raises(SizeError, match=r"growth: -1 is negative"):
        parse_size(-1, "growth")


def test_a_wrong_size_is_a_usage_error():
    """A size error can be caught as any error of ours, as a mistake in usage, and as a ValueError."""
    assert issubclass(SizeError, UsageError)
    assert issubclass(SizeError, MemoptError)
    assert issubclass(SizeError, ValueError)


@given(st.integers(0, 10**15), st.sampled_from(sorted(FACTORS)), st.sampled_from(["", " ", "   "]), st.randoms())
def test_a_whole_number_of_units_is_exact_in_any_case(number, unit, space, chance):
    """``number unit`` is exactly the number times its factor, however the unit's letters are cased."""
    cased = "".join(chance.choice([letter.lower(), letter.upper()]) for letter in unit)
    parsed = parse_size(f"{number}{space}{cased}")
    assert parsed == pytest.approx(number * FACTORS[unit], rel=1e-15, abs=0)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    """No text does anything but give a number of bytes or a SizeError."""
    try:
        outcome = parse_size(text)
    except SizeError as error:
        outcome = str(error)
    assert repr(text) in outcome if isinstance(outcome, str) else outcome >= 0


@given(st.integers(-(10**15), 10**15))
def test_what_is_printed_can_be_read_back(count_bytes):
    """A printed size, its sign and groups aside, is read back within its last printed digit."""
    printed = format_size(count_bytes).removeprefix("-").replace(",", "")
    assert parse_size(printed) == pytest.approx(abs(count_bytes), rel=0.051)


@given(st.integers(-(10**15), 10**15))
def test_printed_sizes_are_short(count_bytes):
    """Up to a thousand of the largest unit, a printed size fits a column of ten characters."""
    assert len(format_size(count_bytes)) <= len("-1,023 GiB")


@pytest.mark.parametrize(
    ("count_bytes", "printed"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (640, "640 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (999 * 1024, "999.0 KiB"),
        (1000 * 1024, "1,000 KiB"),
        (MIB, "1.0 MiB"),
        (12 * MIB, "12.0 MiB"),
        (3 * 1024**3, "3.0 GiB"),
        (2 * 1024**4, "2.0 TiB"),
        (-640, "-640 B"),
        (-12 * MIB, "-12.0 MiB"),
        (0.4, "0 B"),
    ],
)
def test_a_size_is_printed_for_people(count_bytes, printed):
    """Bytes are printed in the largest binary unit that keeps the number at one or more, with one decimal."""
    assert format_size(count_bytes) == printed


@pytest.mark.parametrize(
    ("count_bytes", "printed"), [(0, "0 B"), (1, "+1 B"), (12 * MIB, "+12.0 MiB"), (-640, "-640 B")]
)
def test_a_change_carries_its_sign(count_bytes, printed):
    """Growth has a plus, shrinking a minus, and no change neither."""
    assert format_change(count_bytes) == printed


@pytest.mark.parametrize(
    ("count", "signed", "printed"),
    [
        (0, False, "0"),
        (0, True, "0"),
        (999, False, "999"),
        (30_012, False, "30 012"),
        (30_012, True, "+30 012"),
        (1_234_567, False, "1 234 567"),
        (-1000, True, "-1 000"),
        (-1000, False, "-1 000"),
    ],
)
def test_a_count_is_grouped(count, signed, printed):
    """Counts are grouped in thousands by a space, and signed on request unless they are zero."""
    assert format_count(count, signed=signed).replace("\u2009", " ").replace("\u202f", " ") == printed


def test_units_do_not_mix():
    """Decimal units are powers of 1000, binary ones of 1024, and no name is in both."""
    assert DECIMAL.keys() & BINARY.keys() == set()
    assert all(factor in {1000**power for power in range(5)} for factor in DECIMAL.values())
    assert all(factor in {1024**power for power in range(1, 5)} for factor in BINARY.values())


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [
        (0, "0.00 µs"),
        (9.994e-6, "9.99 µs"),
        (9.996e-6, "10.0 µs"),
        (99.96e-6, "100 µs"),
        (999.6e-6, "1.00 ms"),
        (0.0229, "22.9 ms"),
        (-0.0229, "-22.9 ms"),
        (4.3, "4.30 s"),
        (5000, "5 000 s"),
    ],
)
def test_durations_have_three_digits(duration_s, text):
    """A duration has three digits, and the unit in which it has one to three before the point."""
    assert format_duration(duration_s) == text
