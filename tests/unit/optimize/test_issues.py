"""Which thresholds were passed, how far, and what that means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.allocators import AllocatorUse
from pytest_memopt.optimize.issues import IssueKind, Severity, find_issues, find_outside_issues, severity_of
from pytest_memopt.optimize.recorder import FirstLook
from pytest_memopt.optimize.thresholds import Thresholds
from tests.unit.profiles import COLLECTOR, MB, PROFILE, UNREAD, course

STILL = course(50 * MB, 50 * MB)
HOLES = AllocatorUse(20 * MB, 30 * MB, 60, 60 * MB, 140 * MB)
BIG = AllocatorUse(2000 * MB, 1200 * MB, 2000, 2100 * MB, 1300 * MB)


def only(issues):
    """The one issue there is."""
    (issue,) = issues
    return issue


def test_a_calm_process_has_no_issue():
    """Below all thresholds there is nothing to tell."""
    assert find_issues(PROFILE, STILL) == ()


def test_growth_is_named_as_excessive():
    """165.4 MB more than at first are an excessive growth, told with figure and threshold."""
    issue = only(find_issues(PROFILE, course(50 * MB, 215.4 * MB, every_s=12)))
    assert (issue.kind, issue.measured, issue.threshold) == (IssueKind.EXCESSIVE_GROWTH, 165.4 * MB, 100 * MB)
    assert (issue.severity, issue.meaning) == (Severity.WARNING, "memory grew by 165.4 MB in 12.0 s")


def test_growth_that_goes_on_is_told_with_its_rate():
    """A trend that is increasing is told beside the growth."""
    issue = only(find_issues(PROFILE, course(*range(0, 200 * MB, 10 * MB))))
    assert issue.meaning == "memory grew by 190.0 MB in 19.0 s; the trend is increasing, by 600.0 MB a minute"


@pytest.mark.parametrize(
    ("changes", "kind", "severity", "meaning"),
    [
        (
            {"allocators": BIG},
            IssueKind.HIGH_USE,
            Severity.SEVERE,
            "3 200.0 MB are in use, more than the 1 000.0 MB that are expected",
        ),
        (
            {"allocators": HOLES},
            IssueKind.FRAGMENTATION,
            Severity.WARNING,
            "75% of the 200.0 MB that the allocators hold is free, but not given back",
        ),
        (
            {"objects_count": 120_000},
            IssueKind.MANY_OBJECTS,
            Severity.NOTICE,
            "120 000 objects are tracked by the garbage collector, 900 of them dict",
        ),
        (
            {"objects_count": 120_000, "types": ()},
            IssueKind.MANY_OBJECTS,
            Severity.NOTICE,
            "120 000 objects are tracked by the garbage collector",
        ),
        (
            {"collector": COLLECTOR._replace(collections=(9, 9, 204))},
            IssueKind.MANY_COLLECTIONS,
            Severity.WARNING,
            "the garbage collector looked at everything 204 times",
        ),
    ],
)
def test_each_threshold_has_its_issue(changes, kind, severity, meaning):
    """What passes a threshold is told by its kind, how far, and in a sentence with the figure."""
    issue = only(find_issues(PROFILE._replace(**changes), STILL))
    assert (issue.kind, issue.severity, issue.meaning) == (kind, severity, meaning)


def test_collections_are_counted_since_the_first_look():
    """What was collected before anybody looked is no issue."""
    profile = PROFILE._replace(collector=COLLECTOR._replace(collections=(9, 9, 204)))
    assert find_issues(profile, STILL, first=FirstLook(0.0, 150, {})) == ()


def test_what_cannot_be_read_is_no_issue():
    """Unknown figures pass no threshold, be it 0."""
    unknown = PROFILE._replace(allocators=UNREAD, rss_bytes=None)
    kinds = {issue.kind for issue in find_issues(unknown, course(), Thresholds(0, 0, 0.0, 0, 0))}
    assert kinds == {IssueKind.MANY_OBJECTS, IssueKind.MANY_COLLECTIONS}


def test_the_worst_comes_first():
    """Issues are in the order of how far they passed their thresholds."""
    profile = PROFILE._replace(allocators=HOLES, objects_count=1_000_000)
    assert [issue.kind for issue in find_issues(profile, STILL)] == [IssueKind.MANY_OBJECTS, IssueKind.FRAGMENTATION]


def test_a_figure_at_its_threshold_is_no_issue():
    """A threshold is what may be reached."""
    assert find_issues(PROFILE._replace(objects_count=100_000), STILL) == ()


@given(st.floats(0.1, 1e12), st.floats(1, 1000))
def test_severity_rises_with_the_excess(threshold, excess):
    """Further beyond a threshold is never less severe."""
    order = list(Severity)
    assert order.index(severity_of(threshold * excess, threshold)) <= order.index(
        severity_of(threshold * excess * 2, threshold)
    )


def test_anything_above_nothing_is_severe():
    """A threshold of 0 is passed infinitely."""
    assert severity_of(1, 0) is Severity.SEVERE


def test_another_process_is_judged_by_what_is_seen():
    """Its resident memory stands for what is in use; the rest is not seen."""
    issues = find_outside_issues(2000 * MB, course(50 * MB, 350 * MB))
    assert [issue.kind for issue in issues] == [IssueKind.EXCESSIVE_GROWTH, IssueKind.HIGH_USE]
    assert issues[1].meaning == "2 000.0 MB are resident, more than the 1 000.0 MB that are expected"
    assert find_outside_issues(50 * MB, STILL, Thresholds()) == ()
