"""Limits as they are written on a test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import LimitError, SizeError, UsageError
from pytest_memopt.limits.limits import Limit, Limits, Metric, Severity
from pytest_memopt.limits.marks import Exemption, exemption_from_mark, limits_from_mark
from pytest_memopt.settings import refuse_unknown

WHERE = "tests/test_a.py::test_it: memory_limit"
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
COUNTS = st.integers(min_value=0)


def limits(*args, **kwargs):
    """What a mark with these arguments states."""
    return limits_from_mark(args, kwargs, WHERE)


def only_limit(*args, **kwargs):
    """The only limit that it states."""
    (limit,) = limits(*args, **kwargs).limits
    return limit


def attempt(args, kwargs):
    """The limits, or the usage error that there is instead."""
    try:
        return limits_from_mark(args, kwargs, "m")
    except UsageError as error:
        return error


def test_a_size_without_a_name_is_the_peak():
    """``memory_limit("20 MB")`` limits the peak, and says where it was written."""
    assert only_limit("20 MB") == Limit(metric=Metric.PEAK, ceiling=20_000_000, source=WHERE)


@pytest.mark.parametrize("metric", [metric for metric in Metric if metric.is_bytes])
def test_bytes_are_sizes(metric):
    """A metric in bytes takes an int or a size with a unit."""
    assert only_limit(**{metric.value: "64 KiB"}).ceiling == 65_536
    assert only_limit(**{metric.value: 7}) == Limit(metric=metric, ceiling=7, source=WHERE)


@pytest.mark.parametrize("metric", [metric for metric in Metric if not metric.is_bytes])
def test_counts_are_whole_numbers(metric):
    """A metric that counts takes a whole number, 0 included, and no unit."""
    assert only_limit(**{metric.value: 0}) == Limit(metric=metric, ceiling=0, source=WHERE)
    with pytest.raises(LimitError, match=rf"{metric.value}: '3 B' is not a count"):
        limits(**{metric.value: "3 B"})


def test_objects_by_type_are_a_limit_each():
    """A mapping limits each type by itself, and ``*`` stands for all together."""
    stated = limits(objects={"app.Session": 0, "*": 500})
    assert [(limit.type_name, limit.ceiling) for limit in stated.limits] == [("app.Session", 0), (None, 500)]
    assert {limit.metric for limit in stated.limits} == {Metric.OBJECTS}


def test_warmup_and_severity_are_no_limits():
    """``warmup`` belongs to all limits of the mark, ``severity`` to each of them."""
    stated = limits(growth=1, fds=2, warmup=3, severity="warn")
    assert stated.warmup == 3
    assert [limit.severity for limit in stated.limits] == [Severity.WARN, Severity.WARN]


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ((), {}, "limits nothing"),
        ((), {"warmup": 2}, "limits nothing"),
        (("1 MB", "2 MB"), {}, "one size without a name"),
        (("1 MB",), {"peak": "2 MB"}, "states the peak twice"),
        ((), {"grwoth": 1}, "did you mean 'growth'"),
        ((), {"zzz": 1}, "it takes peak, growth"),
        ((), {"growth": 1, "warmup": -1}, "warmup: -1 is not a count"),
        ((), {"growth": 1, "warmup": True}, "warmup: True is not a count"),
        ((), {"growth": 1, "severity": "loud"}, "severity='loud' is not possible"),
        ((), {"growth": 1, "severity": []}, r"severity=\[\] is not possible"),
        ((), {"objects": {1: 2}}, "1 is not the name of a type"),
        ((), {"objects": {"": 2}}, "'' is not the name of a type"),
        ((), {"objects": {"a.B": "many"}}, "objects: a.B: 'many' is not a count"),
        ((), {"objects": 1.5}, "objects: 1.5 is not a count"),
    ],
)
def test_nonsense_is_refused(args, kwargs, told):
    """What makes no sense is an error that begins with where it was written."""
    with pytest.raises(LimitError, match=told) as caught:
        limits(*args, **kwargs)
    assert str(caught.value).startswith(WHERE)


@pytest.mark.parametrize("size", ["much", "5", -1, True, None, 1.5])
def test_a_size_that_is_none_is_refused(size):
    """A size that can't be read is an error that names the metric."""
    with pytest.raises(SizeError, match="growth"):
        limits(growth=size)


@given(args=st.lists(ANYTHING, max_size=2), kwargs=st.dictionaries(st.sampled_from([*Metric, "warmup", "x"]), ANYTHING))
def test_nothing_but_usage_errors(args, kwargs):
    """Whatever is written, either there are limits or there is a usage error."""
    found = attempt(args, {str(getattr(key, "value", key)): value for key, value in kwargs.items()})
    if isinstance(found, UsageError):
        assert str(found).startswith("m")
    else:
        assert found
        assert all(limit.ceiling >= 0 for limit in found.limits)


@given(stated=st.dictionaries(st.sampled_from(Metric), COUNTS, min_size=1), warmup=COUNTS)
def test_whole_numbers_come_back_as_they_were_written(stated, warmup):
    """Any set of whole numbers is read as just that."""
    found = limits_from_mark((), {**{metric.value: count for metric, count in stated.items()}, "warmup": warmup}, "m")
    assert {limit.metric: limit.ceiling for limit in found.limits} == stated
    assert found.warmup == warmup


def test_limits_know_what_they_cover():
    """Limits are true when they limit something, and tell which metrics they cover."""
    stated = limits(growth=1)
    assert (bool(stated), bool(Limits())) == (True, False)
    assert (stated.covers(Metric.GROWTH), stated.covers(Metric.PEAK)) == (True, False)


def test_an_exemption_is_read_from_its_keywords():
    """``memopt(...)`` takes skip, reason and gc."""
    assert exemption_from_mark((), {}, "m") == Exemption()
    assert exemption_from_mark((), {"skip": True, "reason": "slow"}, "m") == Exemption(skip=True, reason="slow")
    assert exemption_from_mark((), {"gc": "off"}, "m") == Exemption(gc_off=True)


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        (("slow",), {}, "takes keywords only"),
        ((), {"skp": True}, "did you mean 'skip'"),
        ((), {"skip": "yes"}, "skip='yes' is not a truth value"),
        ((), {"reason": 3}, "reason=3 is not a text"),
        ((), {"gc": "on"}, "gc='on' is not possible"),
    ],
)
def test_a_wrong_exemption_is_refused(args, kwargs, told):
    """Anything else is an error that begins with where it was written."""
    with pytest.raises(LimitError, match=told) as caught:
        exemption_from_mark(args, kwargs, "test_a: memopt")
    assert str(caught.value).startswith("test_a: memopt")


def test_known_keywords_are_not_refused():
    """A mapping of known keywords only, or an empty one, passes."""
    refuse_unknown({}, ("a",), "m", LimitError)
    refuse_unknown({"a": 1}, ("a",), "m", LimitError)
    with pytest.raises(LimitError, match="unknown keyword 'q'; it takes a"):
        refuse_unknown({"q": 1}, ("a",), "m", LimitError)
