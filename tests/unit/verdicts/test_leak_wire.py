"""Findings as plain values, there and back."""

import json

import pytest
from hypothesis import given

from pytest_memopt.leaks.finding import Culprit, LeakFinding
from pytest_memopt.leaks.ruling import LeakKind
from pytest_memopt.verdicts.leak_wire import leak_from_wire, leak_to_wire
from tests.unit.strategies import LEAK_FINDINGS


@given(LEAK_FINDINGS)
def test_there_and_back(finding):
    """Every finding survives the way through JSON."""
    assert leak_from_wire(json.loads(json.dumps(leak_to_wire(finding)))) == finding


@given(LEAK_FINDINGS)
def test_the_finding_is_not_shared(finding):
    """What is done to the plain values doesn't change the finding."""
    before = leak_to_wire(finding)
    changed = leak_to_wire(finding)
    changed["per_round"]["new"] = 1
    changed["series"].clear()
    changed["culprits"].clear()
    assert leak_to_wire(finding) == before


def test_what_a_newer_version_adds_is_ignored():
    """Unknown keys do no harm, neither beside the finding's own nor in a culprit."""
    finding = LeakFinding(LeakKind.LEAK, 5, culprits=(Culprit("str", 1),))
    data = leak_to_wire(finding)
    data["new"] = data["culprits"][0]["new"] = 1
    assert leak_from_wire(data) == finding


def test_what_an_older_version_lacks_is_empty():
    """Verdict and number of rounds are enough."""
    assert leak_from_wire({"verdict": "clean", "rounds": 4}) == LeakFinding(LeakKind.CLEAN, 4)


@pytest.mark.parametrize("data", [{"rounds": 4}, {"verdict": "clean"}, {"verdict": "odd", "rounds": 4}])
def test_what_is_no_finding_is_refused(data):
    """A verdict that doesn't exist, or none, or no number of rounds, raises."""
    with pytest.raises((KeyError, ValueError)):
        leak_from_wire(data)
