"""What became of each test, read from the JUnit file that every column writes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

Outcomes = Counter[tuple[str, str, str]]


def read_outcomes(junit: Path) -> Outcomes:
    """How often each (class, test, outcome) occurs; a test with subtests occurs more than once."""
    return Counter(
        (case.get("classname", ""), case.get("name", ""), _outcome_of(case))
        for case in ET.parse(junit).iter("testcase")
    )


def _outcome_of(case: ET.Element) -> str:
    return next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")


def count_by_outcome(outcomes: Outcomes) -> dict[str, int]:
    """How many tests passed, failed and so on."""
    totals: Counter[str] = Counter()
    for (_, _, outcome), count in outcomes.items():
        totals[outcome] += count
    return dict(totals)


def differences(one: Outcomes, other: Outcomes) -> list[str]:
    """Each test whose outcome is in one of the two only; empty where both agree."""
    return sorted(f"{name} ({group}): {outcome}" for group, name, outcome in (one - other) + (other - one))
