"""What is wanted of an item."""

from dataclasses import dataclass, field

import pytest

from pytest_memopt.leaks.wish import LeakWish
from pytest_memopt.limits.limits import Limit, Limits, Metric, Severity
from pytest_memopt.limits.marks import Exemption
from pytest_memopt.meters.plan import Detail, Plan
from pytest_memopt.plugin.wanted import NOTHING_WANTED, parse_rules, plan_for, problem_of_marks, wanted_of
from pytest_memopt.settings import Settings


@dataclass
class Mark:
    """A mark as pytest keeps it; pytest's own refuses names that no plugin of this run has declared."""

    name: str
    args: tuple[object, ...]
    kwargs: dict[str, object]


@dataclass
class Node:
    """An item or collector with marks: its own first, then those of what it is in."""

    own_markers: list[Mark] = field(default_factory=list)
    inherited: list[Mark] = field(default_factory=list)
    nodeid: str = "tests/test_a.py::test_it"
    name: str = "test_it"

    def iter_markers(self, name=None):
        return (mark for mark in [*self.own_markers, *self.inherited] if name in (None, mark.name))

    def get_closest_marker(self, name):
        return next(self.iter_markers(name), None)


def mark(name, *args, **kwargs):
    """A mark with these arguments."""
    return Mark(name, args, kwargs)


def settings(*lines):
    """Settings with these limits from the ini file, or from the command line where one is marked by ``>``."""
    layers = [(line.lstrip(">"), "--memopt-limit" if line.startswith(">") else "memopt_limits") for line in lines]
    return Settings(limit_lines=tuple(layers))


def ceilings(wanted):
    """The ceiling of each metric."""
    return {limit.metric.value: limit.ceiling for limit in wanted.limits.limits}


def test_without_marks_and_rules_nothing_is_wanted():
    """A plain test has no limits and is measured as all are."""
    assert wanted_of(Node(), []) == NOTHING_WANTED


def test_closer_marks_beat_wider_ones():
    """A test's own mark counts before its class's, metric by metric."""
    node = Node([mark("memory_limit", growth=1)], [mark("memory_limit", growth=2, fds=3)])
    assert ceilings(wanted_of(node, [])) == {"growth": 1, "fds": 3}


def test_a_mark_beats_all_rules():
    """Marks count before the command line, and that before the ini file."""
    rules = parse_rules(settings(">*: growth=2 fds=2", "*: growth=3 fds=3 threads=3"))
    found = wanted_of(Node([mark("memory_limit", growth=1)]), rules)
    assert ceilings(found) == {"growth": 1, "fds": 2, "threads": 3}
    assert {limit.metric: limit.source for limit in found.limits.limits}[Metric.FDS] == "--memopt-limit: *"


def test_rules_may_ask_for_marks():
    """A rule with ``-m`` is about the tests whose marks fulfil it."""
    rules = parse_rules(settings("-m slow and not db: growth=1"))
    assert ceilings(wanted_of(Node([mark("slow")]), rules)) == {"growth": 1}
    assert ceilings(wanted_of(Node([mark("slow")], [mark("db")]), rules)) == {}


def test_the_closest_exemption_counts():
    """``memopt(...)`` on the test counts before the one on its class."""
    node = Node([mark("memopt", gc="off")], [mark("memopt", skip=True, reason="slow")])
    assert wanted_of(node, []).exemption == Exemption(gc_off=True)
    assert wanted_of(Node([], node.inherited), []).exemption == Exemption(skip=True, reason="slow")
    assert wanted_of(node, []).plan.gc_off


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["tests/*: grwoth=1"], "memopt_limits.*did you mean 'growth'"),
        ([">*: growth=much"], "--memopt-limit.*'much' is not a size"),
        (["-m slow and: growth=1"], "slow and"),
    ],
)
def test_a_rule_that_makes_no_sense_ends_the_run(lines, told):
    """A line or marker expression that can't be read is a usage error, before any test runs."""
    with pytest.raises(pytest.UsageError, match=told):
        parse_rules(settings(*lines))


@pytest.mark.parametrize(
    ("marker", "registered", "problem"),
    [
        (mark("memory_limit", "1 MB"), (), None),
        (mark("memopt", skip=True), (), None),
        (mark("other", "anything"), (), None),
        (mark("memory_limit"), (), "tests/test_a.py::test_it: memory_limit limits nothing"),
        (mark("memory_limit", "much"), (), "tests/test_a.py::test_it: memory_limit: peak: 'much' is not a size"),
        (mark("memopt", "slow"), (), "tests/test_a.py::test_it: memopt takes keywords only"),
        (mark("limit_memory", "1 MB"), (), "did you mean 'memory_limit'?"),
        (mark("limit_memory", "1 MB"), ("limit_memory",), None),
    ],
)
def test_problems_of_marks_name_the_test(marker, registered, problem):
    """What is wrong with a mark is told with the test's name; another plugin's mark is its own affair."""
    found = problem_of_marks(Node([mark("slow"), marker]), registered)
    assert (found is None) if problem is None else (problem in found)


def test_a_problem_of_a_module_has_its_name():
    """A collector without an id of its own is called by its name."""
    node = Node([mark("memory_limit")], nodeid="", name="tests")
    assert problem_of_marks(node, ()).startswith("tests: memory_limit")


@pytest.mark.parametrize(
    ("metric", "plan"),
    [
        (Metric.GROWTH, Plan(detail=Detail.EXACT)),
        (Metric.FDS, Plan(detail=Detail.EXACT)),
        (Metric.PEAK, Plan(detail=Detail.EXACT, traced=True)),
        (Metric.RSS, Plan(detail=Detail.EXACT, trim=True)),
        (Metric.OBJECTS, Plan(detail=Detail.EXACT, net_objects=True)),
    ],
)
def test_each_limit_asks_for_what_it_needs(metric, plan):
    """A test with limits is measured exactly; only a peak is traced, only a resident peak has memory trimmed."""
    assert plan_for(Limits(limits=(Limit(metric=metric, ceiling=1),)), Exemption()) == plan


def test_limits_by_type_name_their_types():
    """Types that have a limit of their own are counted; a limit that only warns asks for the same."""
    by_type = Limit(metric=Metric.OBJECTS, ceiling=1, type_name="app.Session", severity=Severity.WARN)
    everything = Limit(metric=Metric.OBJECTS, ceiling=9)
    assert plan_for(Limits(limits=(by_type, everything)), Exemption()).types == ("app.Session",)


def test_without_limits_only_the_collector_may_be_left_alone():
    """An exemption of the collector holds without limits too."""
    assert plan_for(Limits(), Exemption(gc_off=True)) == Plan(gc_off=True)


@pytest.mark.parametrize(
    ("own", "inherited", "hunted", "wish"),
    [
        ([], [], None, None),
        ([], [], LeakWish(9), LeakWish(9)),
        ([mark("no_leaks")], [], None, LeakWish()),
        ([mark("no_leaks")], [], LeakWish(9), LeakWish(9)),
        ([mark("no_leaks", rounds=30)], [], LeakWish(9), LeakWish(30)),
        ([mark("no_leaks", ignore=["a"])], [], LeakWish(9), LeakWish(9, ("a",))),
        ([mark("no_leaks", rounds=5)], [mark("no_leaks", rounds=30, ignore=["a"])], None, LeakWish(5)),
    ],
)
def test_the_closest_mark_says_how_to_hunt(own, inherited, hunted, wish):
    """``no_leaks`` asks for a hunt, with its own rounds or those of the command line; without it that decides alone."""
    assert wanted_of(Node(own, inherited), [], hunted).leaks == wish


def test_a_hunt_goes_with_limits():
    """A test with both marks has both."""
    wanted = wanted_of(Node([mark("memory_limit", growth=1), mark("no_leaks")]), [])
    assert (ceilings(wanted), wanted.leaks) == ({"growth": 1}, LeakWish())


@pytest.mark.parametrize(
    ("marker", "problem"),
    [
        (mark("no_leaks", rounds=3, ignore=("a",)), None),
        (mark("no_leaks", 3), "tests/test_a.py::test_it: no_leaks takes keywords only"),
        (mark("no_leaks", round=3), "tests/test_a.py::test_it: no_leaks: unknown keyword 'round'"),
        (mark("no_leaks", ignore="a"), "tests/test_a.py::test_it: no_leaks: ignore='a' is not a list"),
    ],
)
def test_problems_of_hunts_name_the_test(marker, problem):
    """What is wrong with ``no_leaks`` is told with the test's name."""
    found = problem_of_marks(Node([marker]), ())
    assert found is None if problem is None else found.startswith(problem)
