"""What pytest keeps of a test beyond its end: put back where it can be, weighed where it can't."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from ..meters.weight import Scales, Weight
from . import compat

NOTHING = Weight()
SECTION = Weight(blocks=1, small_bytes=80)  # the tuple that holds a section's text


class Keepsakes:
    """Remembers, for one run of one item, what pytest held when it began; so that the end can be made to look the same.

    - the log records and log text of each phase, which stay in pytest's handlers until the next test begins;
    - names of fixtures that the test asked for while it ran (pytest 8);
    - finalizers that function fixtures register on wider ones, and that stay there when they are spent;
    - the traceback of the last failure;
    - captured output, which stays with the item and its reports: this is weighed;
    - warnings, which stay in a list until the test's protocol ends: likewise.
    """

    def __init__(self, item: pytest.Item, log_handlers: tuple[Any, ...] = ()) -> None:
        self._item = item
        # held, so that pytest's letting go of them is not seen as memory that the test gave back
        self._request, self._values = compat.request_of(item)
        self._definitions_count = compat.definitions_count(self._request)
        self._handlers = [_reset(handler) for handler in log_handlers]
        self._finalizers = compat.finalizer_counts(item)
        self._has_new_ground = False
        self._section_count = len(compat.report_sections(item))
        self._property_count = len(item.user_properties)
        self._suite_properties = compat.suite_properties(item.config)
        self._suite_property_count = len(self._suite_properties)
        warnings = compat.recorded_warnings()
        self._warnings = warnings
        self._warning_count = len(warnings) if warnings is not None else 0

    def note_shared_ground(self) -> None:
        """Count the finalizers again: wider fixtures were just set up, and theirs must stay."""
        self._has_new_ground = True
        self._finalizers = compat.finalizer_counts(self._item)

    def put_back(self) -> None:
        """Undo what can be undone; to be called when the teardown is over."""
        for handler, records, stream in self._handlers:
            handler.records, handler.stream = records, stream
        compat.drop_spent_finalizers(self._finalizers)
        compat.drop_spent_finalizers_of_late(compat.fixtures_of(self._request).values(), self._finalizers)
        compat.drop_late_definitions(self._request, self._definitions_count)
        compat.drop_last_exception()

    def drop_fixture_values(self) -> None:
        """Let go of the values of the function's fixtures, as pytest does."""
        if self._values:
            self._values.clear()
        if not self._has_new_ground:
            compat.fixtures_of(self._request).clear()

    def weigh_output(self, scales: Scales) -> Weight:
        """The weight of the captured output that came since the beginning."""
        total = NOTHING
        if len(compat.report_sections(self._item)) == self._section_count:
            return total
        for section in compat.report_sections(self._item)[self._section_count :]:
            total = total.plus(scales.weigh_text(section[2])).plus(SECTION)
        return total

    def weigh_fixtures(self, scales: Scales) -> Weight:
        """The weight of the table of fixtures that wider ones, just set up, share with the test."""
        return scales.weigh_table(compat.fixtures_of(self._request)) if self._has_new_ground else NOTHING

    @property
    def warnings(self) -> Collection[Any]:
        """The warnings that were recorded since the beginning."""
        return self._warnings[self._warning_count :] if self._warnings is not None else ()

    @property
    def properties(self) -> list[tuple[str, object]]:
        """What the test recorded about itself (``record_property``), which goes into the reports."""
        return self._item.user_properties[self._property_count :]

    @property
    def suite_properties(self) -> list[tuple[str, object]]:
        """What the test recorded about the suite (``record_testsuite_property``), which goes into the JUnit file."""
        return self._suite_properties[self._suite_property_count :]

    def forget_output(self) -> None:
        """Drop output, properties and warnings of a rerun: nobody asked for them twice."""
        del self._item.user_properties[self._property_count :]
        del self._suite_properties[self._suite_property_count :]
        del compat.report_sections(self._item)[self._section_count :]
        if self._warnings is not None:
            del self._warnings[self._warning_count :]


def _reset(handler: Any) -> tuple[Any, Any, Any]:
    if handler.records or handler.stream.tell():
        handler.reset()
    return handler, handler.records, handler.stream
