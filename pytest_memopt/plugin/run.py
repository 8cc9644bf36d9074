"""One run of one item, from set-up to teardown, as the recorder follows it."""

from __future__ import annotations

from enum import Enum
from sys import getsizeof

import pytest

from ..meters.measurement import Measurement, Phase
from ..meters.originals import weakref
from ..meters.plan import Plan
from .keepsakes import Keepsakes


class Purpose(Enum):
    """Why an item is run."""

    FIRST = "first"
    RERUN = "rerun"
    ROUND = "round"  # of a hunt: not measured by the window
    FOREIGN = "foreign"  # by another plugin's protocol, inside whose hooks readings are only estimates


AGAIN = (Purpose.RERUN, Purpose.ROUND)
INTERRUPTIONS = (KeyboardInterrupt, pytest.exit.Exception)  # they end the session, and must come through


class ItemRun:
    """The state of one run; the recorder is its owner.

    Attributes:
        item: what is run.
        purpose: the user's own run, or one of ours.
        plan: how it is measured.
        keepsakes: what pytest held before.
        reports: pytest's report of each phase that is over.
        raised: whether a phase ended in an exception, a skip included.
        exception_ids: identities of the exceptions in which its phases ended.
        subtests: reports that were handed on while a phase was going on.
        fixture_traced_bytes: what the tracer saw the function's fixtures allocate and keep.
        has_fixtures: whether fixtures of function scope were built, whose peak counts.
        measured: the result, once the run is over.
        problem: why it can't be measured.
    """

    __slots__ = (
        "exception_ids",
        "fixture_traced_bytes",
        "has_fixtures",
        "item",
        "keepsakes",
        "measured",
        "plan",
        "problem",
        "purpose",
        "raised",
        "reports",
        "subtests",
    )

    def __init__(self, item: pytest.Item, purpose: Purpose, plan: Plan, keepsakes: Keepsakes) -> None:
        self.item = item
        self.purpose = purpose
        self.plan = plan
        self.keepsakes = keepsakes
        self.reports: dict[Phase, pytest.TestReport] = {}
        self.raised = False
        self.exception_ids: list[int] = []
        self.subtests: list[weakref.ReferenceType[pytest.TestReport]] = []
        self.fixture_traced_bytes = 0
        self.has_fixtures = False
        self.measured: Measurement | None = None
        self.problem: str | None = None

    @property
    def durations_s(self) -> dict[Phase, float]:
        """Seconds of each phase that is over."""
        return {phase: report.duration for phase, report in self.reports.items()}

    def forget_output(self) -> None:
        """Drop what a rerun wrote: nobody is told of it, and it isn't the test's."""
        for report in self.reports.values():
            report.sections.clear()
        self.keepsakes.forget_output()

    @property
    def shape(self) -> str:
        """What tells how much memory pytest's reports on this run take: how many, with how many sections and keywords.

        A text, since the collector does not track texts: what is remembered must not be counted later.
        """
        text = "raised" if self.raised else ""
        for report in self.reports.values():
            # the size of a dict goes in steps, so that few shapes are to be learned
            size_bytes = getsizeof(report.keywords)
            text = f"{text} {len(report.sections)},{size_bytes},{len(report.user_properties)}"
        return text
