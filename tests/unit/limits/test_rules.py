"""Limits that are written apart from the tests."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_memopt.errors import LimitError, SizeError, UsageError
from pytest_memopt.limits.limits import Limit, Limits, Metric, Severity
from pytest_memopt.limits.rules import combine, matches_glob, parse_rule, pick

LAYER = "memopt_limits"
TEST = "tests/api/test_users.py::TestUsers::test_get[1]"
METRICS = st.sampled_from(Metric)
# globs as people write them, without what separates them from the limits
GLOBS = st.from_regex(r"[a-z_*?/.\[\]]{1,12}(::[a-z_*]{1,6})?", fullmatch=True)


def rule(line, layer_rank=0):
    """The rule that ``line`` states."""
    return parse_rule(line, LAYER, layer_rank)


def attempt(line):
    """The rule, or the usage error that there is instead."""
    try:
        return rule(line)
    except UsageError as error:
        return error


def ceilings(limits):
    """The ceiling of each metric."""
    return {limit.metric.value: limit.ceiling for limit in limits.limits}


def never(expression):
    """No marker expression is fulfilled."""
    return False


@pytest.mark.parametrize(
    ("line", "where", "stated"),
    [
        ("growth=1MB", "*", {"growth": 1_000_000}),
        ("tests/*: growth=1 MB", "tests/*", {"growth": 1_000_000}),
        ("tests/*: growth=1 MB peak=2 KiB", "tests/*", {"growth": 1_000_000, "peak": 2048}),
        ("tests/*: growth = 1MB,peak= 2 KiB,  objects=3", "tests/*", {"growth": 1_000_000, "peak": 2048, "objects": 3}),
        ("tests/a.py::test_b: fds=0", "tests/a.py::test_b", {"fds": 0}),
        ("tests/a.py::TestB::test_c : fds=0", "tests/a.py::TestB::test_c", {"fds": 0}),
        ("  tests/a b.py: growth=5  ", "tests/a b.py", {"growth": 5}),
        ("test[a=1]: threads=2", "test[a=1]", {"threads": 2}),
    ],
)
def test_a_line_is_a_glob_and_limits(line, where, stated):
    """A line names tests by a glob (or all of them) and limits them, by spaces or commas apart."""
    found = rule(line)
    assert (found.where, found.by_marks, ceilings(found.limits)) == (where, False, stated)
    assert all(limit.source == f"memopt_limits: {where}" for limit in found.limits.limits)


@pytest.mark.parametrize(
    ("prefix", "severity"), [("", Severity.FAIL), ("warn:", Severity.WARN), ("fail: ", Severity.FAIL)]
)
@pytest.mark.parametrize("where", ["", "tests/*: ", "-m slow: "])
def test_severity_comes_first(prefix, severity, where):
    """``warn:`` and ``fail:`` in front of any line say what a breach does."""
    (limit,) = rule(f"{prefix}{where}growth=1").limits.limits
    assert limit.severity is severity


def test_a_folder_called_warn_is_no_severity():
    """A test id that begins like a severity is still a test id."""
    assert rule("warn::test_a: growth=1").where == "warn::test_a"


def test_a_marker_expression_is_handed_on():
    """``-m`` picks tests by their marks, which the caller evaluates."""
    found = rule("-m slow and not db: growth=1")
    assert (found.where, found.by_marks) == ("slow and not db", True)
    asked = []
    assert found.applies_to(TEST, lambda expression: asked.append(expression) or True)
    assert asked == ["slow and not db"]
    assert not found.applies_to(TEST, never)


@pytest.mark.parametrize(
    ("line", "error", "told"),
    [
        ("", LimitError, "'' is not a limit"),
        ("tests/*", LimitError, "is not a limit; write for instance"),
        ("tests/*:", LimitError, "is not a limit"),
        ("tests/*: growth", LimitError, "is not a limit"),
        ("tests/*: growth=1 growth=2", LimitError, "states 'growth' twice"),
        ("tests/*: grwoth=1", LimitError, "did you mean 'growth'"),
        ("tests/*: growth=much", SizeError, "'much' is not a size"),
        ("tests/*: growth=", SizeError, "'' is not a size"),
        ("tests/*: objects=many", LimitError, "'many' is not a count"),
        ("-m slow: growth=1 severity=loud", LimitError, "severity='loud'"),
    ],
)
def test_a_line_that_says_nothing_is_refused(line, error, told):
    """What can't be read is an error that names the layer."""
    with pytest.raises(error, match=told) as caught:
        rule(line)
    assert str(caught.value).startswith(LAYER)


@given(line=st.text(max_size=40) | st.from_regex(r"(warn:)?(-m )?[a-z:*]{0,5}: ?(growth|peak|x)= ?[0-9a-zA-Z²]{0,4}"))
@example(line="objects=²")
@example(line="growth=٣")
@example(line="growth=1\npeak=2")
@example(line="a=b=c")
def test_nothing_but_usage_errors(line):
    """Whatever a line holds, there is a rule with limits, or a usage error."""
    found = attempt(line)
    if isinstance(found, UsageError):
        assert LAYER in str(found)
    else:
        assert found.limits
        assert found.where


@given(
    where=GLOBS,
    stated=st.dictionaries(METRICS, st.integers(min_value=0), min_size=1),
    severity=st.none() | st.sampled_from(Severity),
    gap=st.sampled_from([" ", ", ", ",", "  "]),
)
def test_what_is_written_is_read(where, stated, severity, gap):
    """A line made of a glob and whole numbers is read as just that."""
    prefix = f"{severity.value}: " if severity else ""
    found = rule(f"{prefix}{where}: {gap.join(f'{metric.value}={count}' for metric, count in stated.items())}")
    assert found.where == where
    assert {limit.metric: limit.ceiling for limit in found.limits.limits} == stated
    assert {limit.severity for limit in found.limits.limits} == {severity or Severity.FAIL}


@pytest.mark.parametrize(
    "pattern",
    [
        TEST,
        "tests/api/test_users.py::TestUsers::test_get",
        "tests/api/test_users.py::TestUsers",
        "tests/api/test_users.py",
        "tests/api",
        "tests/",
        "tests/*",
        "*",
        "*::test_get*",
        "tests/*/test_user?.py::*",
    ],
)
def test_a_glob_picks_the_test_and_what_it_is_in(pattern):
    """An id, what it is in (function, class, file, folder), and a glob over the whole id."""
    assert matches_glob(pattern, TEST)


@pytest.mark.parametrize("pattern", ["test_users.py", "tests/ap", "tests/api/test_users.py::TestU", "*.py", "Tests/*"])
def test_a_glob_picks_no_other(pattern):
    """Neither a part of a name nor another case nor a glob over a part of the id."""
    assert not matches_glob(pattern, TEST)


@given(nodeid=st.text(min_size=1, max_size=20))
def test_every_id_picks_itself(nodeid):
    """Brackets and stars in an id are no pattern when the id is written out."""
    assert matches_glob(nodeid, nodeid)


@pytest.mark.parametrize(
    "closest_last",
    [
        ["*: growth=1", "tests/*: growth=2"],
        ["tests/*: growth=1", "tests/api/*: growth=2"],
        ["tests/api/*: growth=1", f"{TEST.partition('[')[0]}: growth=2"],
        ["tests/api/test_users.py: growth=1", "-m slow: growth=2"],
        ["tests/*: growth=1", "tests/*: growth=2"],
    ],
)
def test_the_closest_rule_comes_first(closest_last):
    """More literal characters are closer, marks are closer than globs, and of equals the one written last counts."""
    rules = [rule(line) for line in closest_last]
    for order in (rules, rules[:1] * 2 + rules[1:]):
        assert ceilings(pick(order, TEST, lambda _: True)[0]) == {"growth": 2}


def test_a_stronger_layer_beats_a_closer_pattern():
    """The command line counts before the ini file, however far its pattern is."""
    rules = [rule("*: growth=2", layer_rank=1), rule(f"{TEST}: growth=1", layer_rank=0)]
    assert ceilings(combine(pick(rules, TEST, never))) == {"growth": 2}


def test_rules_about_others_are_left_out():
    """Only the rules that pick the test count."""
    assert pick([rule("other/*: growth=1"), rule("-m slow: growth=1")], TEST, never) == []


STATED = st.builds(
    Limits,
    limits=st.lists(
        st.builds(Limit, metric=METRICS, ceiling=st.integers(0, 9), type_name=st.sampled_from([None, "a.B"])),
        max_size=4,
        unique_by=lambda limit: limit.key,
    ).map(tuple),
    warmup=st.integers(0, 3),
)


@given(layers=st.lists(STATED, max_size=4))
def test_of_two_limits_the_closest_counts(layers):
    """For each metric and type, the combination holds what the first layer that states it says, and nothing else."""
    combined = combine(layers)
    expected = {}
    for limits in layers:
        for limit in limits.limits:
            expected.setdefault(limit.key, limit)
    assert {limit.key: limit for limit in combined.limits} == expected
    assert len(combined.limits) == len(expected)
    assert combined.warmup == next((limits.warmup for limits in layers if limits.warmup), 0)


@given(limits=STATED)
def test_combining_one_changes_nothing(limits):
    """A single set of limits is its own combination, also when it is stated twice."""
    for combined in (combine([limits]), combine([limits, limits])):
        assert set(combined.limits) == set(limits.limits)
        assert combined.warmup == limits.warmup
