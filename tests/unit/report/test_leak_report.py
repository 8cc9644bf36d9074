"""Leaks in the failure and in the summary."""

import pytest

from pytest_memopt.leaks.finding import Culprit, LeakFinding
from pytest_memopt.leaks.ruling import LeakKind
from pytest_memopt.report.leaks import (
    LeakLot,
    broken_off,
    explain_leak,
    hunts_text,
    leak_lots,
    sight_text,
    slow_hunt,
    slowest_hunts,
    undecided,
)
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind

LEAK = LeakFinding(
    LeakKind.LEAK, 18, {"blocks": 1}, (Culprit("list", 1, holder="app.KEPT"),), "app.KEPT <- list", duration_s=1.0
)
CLEAN = LeakFinding(LeakKind.CLEAN, 4, duration_s=0.5)
TOLD = "1 list held by app.KEPT: 1 block per run (18 runs)"


def record(name, leak=None, verdict=VerdictKind.LEAK):
    """A test with this finding."""
    return TestRecord(nodeid=name, outcome=Outcome.FAILED, verdict=verdict, leak=leak)


def test_a_failure_ends_with_what_to_do():
    """The first line is the leak, the last ones say how to list it and how to hunt it again."""
    told = explain_leak(LEAK, rerun_hint="pytest --memopt-leaks x")
    assert told.headline == f"memory: leaks {TOLD}"
    assert told.lines[-3:] == (
        "signature: app.KEPT <- list",
        "known? list the signature, with a reason, in memopt-known-leaks.toml",
        "next: pytest --memopt-leaks x",
    )


@pytest.mark.parametrize(
    ("names", "seen"),
    [(["a"], "  in a"), (["a", "b"], "  in a and 1 other test"), (["a", "b", "c"], "  in a and 2 other tests")],
)
def test_one_leak_is_told_once(names, seen):
    """Tests with the same signature are one leak, seen in the first of them and so many others."""
    assert leak_lots([record(name, LEAK) for name in names]) == [LeakLot(TOLD, seen)]


def test_the_leak_of_most_tests_comes_first():
    """Leaks are told by how many tests show them; a leak without a signature is one of its own."""
    other = LEAK._replace(signature="app.OTHER <- list", rounds=5)
    nameless = LEAK._replace(signature=None, rounds=6)
    lots = leak_lots([record("a", LEAK), record("n", nameless), record("b", other), record("c", other)])
    assert [lot.seen_in for lot in lots] == ["  in b and 1 other test", "  in a", "  in n"]


@pytest.mark.parametrize(
    "passed", [record("a"), record("a", LEAK, VerdictKind.KNOWN_LEAK), record("a", CLEAN, VerdictKind.OK)]
)
def test_only_leaks_are_told(passed):
    """Tests that were not hunted, are clean, or leak what is known, are not among them."""
    assert leak_lots([passed]) == []


def test_hunts_are_summed_up():
    """How many tests, how many are clean, runs on average, and seconds."""
    tests = [record("a", LEAK), record("b", CLEAN, VerdictKind.OK), record("c", None, VerdictKind.OK)]
    assert hunts_text(tests) == "2 tests hunted for leaks, 1 clean: 11 runs each, 1.5 s in all"


@pytest.mark.parametrize(
    ("rounds", "told"), [((31, 31), ": 31 runs each"), ((4, 5), ": 4.5 runs each"), ((1, 1), ": 1 run each")]
)
def test_only_what_is_no_whole_number_has_a_decimal(rounds, told):
    """Where each test had as many runs, or their mean is whole, that is how many they are."""
    tests = [record("a", CLEAN._replace(rounds=count), VerdictKind.OK) for count in rounds]
    assert told in hunts_text(tests)


@pytest.mark.parametrize(
    ("count", "told"), [(1, ", 1 in a process of its own: "), (2, ", 2 in processes of their own: ")]
)
def test_hunts_in_processes_of_their_own_are_counted(count, told):
    """How many there were is said where there were any."""
    apart = record("a", CLEAN._replace(isolated=True), VerdictKind.OK)
    assert told in hunts_text([apart] * count + [record("b", CLEAN, VerdictKind.OK)])


def test_without_a_hunt_nothing_is_summed_up():
    """A run that hunted nothing says nothing of it."""
    assert hunts_text([record("a")]) is None


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([CLEAN, LEAK], "4 runs at least: a leak in every third run is seen"),
        ([CLEAN._replace(rounds=31, wanted_rounds=30)], "31 runs at least: a leak in every 20th run is seen"),
        ([CLEAN, CLEAN._replace(rounds=31, wanted_rounds=30)], "4 runs at least: a leak in every third run is seen"),
    ],
)
def test_what_the_rounds_could_see_is_told(findings, told):
    """The fewest rounds of a test that was called clean say how rare a leak may be that none would have missed."""
    tests = [record("a", finding, VerdictKind.OK) for finding in findings]
    assert sight_text(tests) == f"{told}, one in every k-th needs --memopt-rounds 3k"


def test_without_a_clean_test_nothing_was_overlooked():
    """Only what was called clean can hide a leak."""
    assert sight_text([record("a", LEAK), record("b")]) is None


def test_the_slowest_hunts_come_first():
    """Five at most, of those that took a second."""
    tests = [record(f"t{seconds}", CLEAN._replace(duration_s=float(seconds))) for seconds in range(8)]
    assert slowest_hunts(tests) == [f"t{seconds}: {seconds}.0 s, 4 runs, clean" for seconds in (7, 6, 5, 4, 3)]
    assert slowest_hunts([*tests[:1], record("a")]) == []


def test_a_slow_hunt_is_told_when_its_test_is_over():
    """How long it took, in how many runs, with which verdict; of quick ones nothing is said."""
    filling = LEAK._replace(verdict=LeakKind.FILLING_CACHE)
    assert slow_hunt(record("a", filling)) == "1.0 s, 18 runs, filling cache"
    assert slow_hunt(record("a", CLEAN)) is None
    assert slow_hunt(record("a")) is None


def test_interrupted_hunts_tell_what_they_saw():
    """A line for the test, and one for each signal that grew until then."""
    stopped = LeakFinding(
        LeakKind.INCONCLUSIVE, 9, {"blocks": 1}, why="interrupted in run 10", series={"blocks": (1, 1)}
    )
    late = stopped._replace(why="undecided after 9 runs")
    idle = stopped._replace(per_round={}, series={})
    assert broken_off([record("a", stopped), record("b", late), record("c", idle), record("d")]) == [
        "a: the hunt was interrupted in run 10",
        "  blocks: +1 in each of the last 2 runs",
        "c: the hunt was interrupted in run 10",
        "  nothing grew until then",
    ]


def test_hunts_that_came_to_nothing_are_told_with_their_reason():
    """Three of them, and how many others there are; interrupted ones are told as such, those that failed weren't hunted."""
    late = LeakFinding(LeakKind.INCONCLUSIVE, 9, why="undecided after 9 runs")
    others = [
        record("a", late._replace(why="interrupted in run 10"), VerdictKind.INCONCLUSIVE),
        record("b", None, VerdictKind.INCONCLUSIVE),
        record("c", CLEAN, VerdictKind.OK),
        record("d", LEAK),
    ]
    assert undecided(others) == []
    hunted = [record(f"t{index}", late, VerdictKind.INCONCLUSIVE) for index in range(5)]
    told = [f"t{index}: inconclusive: undecided after 9 runs" for index in range(3)]
    assert undecided([*others, *hunted[:3]]) == told
    assert undecided([*others, *hunted]) == [*told, "and 2 more inconclusive"]
