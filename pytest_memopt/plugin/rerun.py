"""Running an item again: function-scoped fixtures rebuilt, wider ones kept, and nobody told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import pytest

from ..errors import MemoptError
from ..meters.measurement import Measurement, Site
from ..meters.plan import Plan
from . import compat
from .recorder import Recorder
from .state import WANTED

When = Literal["setup", "call", "teardown"]


class CannotRerun(MemoptError):
    """An item did not do the same when it was run again; the message says what happened."""


class Rerunner:
    """Reruns one item, as often as its verdict needs."""

    def __init__(self, item: pytest.Item, recorder: Recorder) -> None:
        self._item = item
        self._recorder = recorder
        self._example_names = compat.example_names(item)
        self._complaint: str | None = None
        self.is_running = False

    @contextmanager
    def ready(self, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """Keep reports of reruns from being heard, and leave behind the set-up state that was found."""
        was_wider = compat.standing_collectors(self._item)
        with compat.silenced(self._item.config):
            yield
        if compat.standing_collectors(self._item) != was_wider:
            compat.tear_down_to(self._item, nextitem)

    def rerun(self, plan: Plan) -> Measurement:
        """Run the item once more, measured.

        Raises:
            CannotRerun: when it fails, is skipped, or can't be measured this time.
        """
        wanted = self._item.stash[WANTED]
        self._item.stash[WANTED] = replace(wanted, plan=plan)
        self.is_running = True
        try:
            return self._run()
        finally:
            self.is_running = False
            self._item.stash[WANTED] = wanted

    def find_sites(self, plan: Plan) -> tuple[Site, ...]:
        """The lines whose allocations stay, from one more run under the tracer; none when that run fails."""
        try:
            self.rerun(replace(plan, traced=True, sites=True))
        except CannotRerun:
            return ()
        return self._recorder.window.sites

    def _run(self) -> Measurement:
        compat.renew_examples(self._item, self._example_names)
        compat.begin_request(self._item)
        try:
            for when in self._phases():
                report = compat.run_phase(self._item, when, log=False, **self._arguments(when))
                if not (report.passed or compat.is_strict_xpass(report)):
                    self._complaint = f"when it was run again, its {report.when} {report.outcome}"
            run = self._recorder.finish()
        finally:
            compat.end_request(self._item)
        if self._complaint is not None:
            raise CannotRerun(self._complaint)
        if run is None or run.measured is None:
            raise CannotRerun("when it was run again, it could not be measured")
        return run.measured

    def _phases(self) -> Generator[When, None, None]:
        self._complaint = None
        yield "setup"
        if self._complaint is None:
            yield "call"
        yield "teardown"

    def _arguments(self, when: When) -> dict[str, object]:
        return {"nextitem": compat.StandIn(self._item)} if when == "teardown" else {}
