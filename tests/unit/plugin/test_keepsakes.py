"""What pytest keeps of a test beyond its end."""

import sys
from types import SimpleNamespace

import pytest

from pytest_memopt.meters.weight import Scales, Weight
from pytest_memopt.plugin.keepsakes import SECTION, Keepsakes

HAS_PYMALLOC = bool(sys.getallocatedblocks())


def item(fixtures=None):
    """An item whose request found these fixtures."""
    return SimpleNamespace(
        _request=SimpleNamespace(_fixture_defs={} if fixtures is None else fixtures),
        config=SimpleNamespace(stash=pytest.Stash()),
        funcargs={},
        user_properties=[],
        _report_sections=[],
    )


@pytest.fixture
def scales():
    """Scales for this platform."""
    return Scales()


def test_the_table_of_fixtures_is_weighed_where_it_is_shared(scales):
    """Wider fixtures that were just set up hold on to the table that they share with the test; else it is emptied."""
    fixtures = {f"fixture {number}": object() for number in range(20)}
    keepsakes = Keepsakes(item(fixtures))
    assert keepsakes.weigh_fixtures(scales) == Weight()
    keepsakes.note_shared_ground()
    assert keepsakes.weigh_fixtures(scales) == scales.weigh_table(fixtures) != Weight()
    keepsakes.drop_fixture_values()
    assert len(fixtures) == 20


def test_the_table_of_fixtures_is_emptied_where_it_is_the_test_s(scales):
    """Without new shared ground the request forgets its fixtures, and their values."""
    fixtures = {"tmp": object()}
    one = item(fixtures)
    one.funcargs["tmp"] = object()
    Keepsakes(one).drop_fixture_values()
    assert (fixtures, one.funcargs) == ({}, {})


@pytest.mark.parametrize("request_", [None, False, SimpleNamespace(), SimpleNamespace(_fixture_defs=None)])
def test_an_item_without_fixtures_has_none_to_weigh(scales, request_):
    """Items of other plugins have no request, or one of another make."""
    one = item()
    one._request = request_
    keepsakes = Keepsakes(one)
    keepsakes.note_shared_ground()
    assert keepsakes.weigh_fixtures(scales) == Weight()
    keepsakes.drop_fixture_values()


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
def test_output_is_weighed_from_the_beginning_on(scales):
    """Captured output that came since weighs its texts and the sections that hold them; what was there before doesn't."""
    one = item()
    one._report_sections.append(("setup", "stdout", "old" * 10_000))
    keepsakes = Keepsakes(one)
    assert keepsakes.weigh_output(scales) == Weight()
    texts = ["x" * 50, "y" * 5000]
    one._report_sections += [("call", "stdout", text) for text in texts]
    expected = SECTION.times(2).plus(scales.weigh_text(texts[0])).plus(scales.weigh_text(texts[1]))
    assert keepsakes.weigh_output(scales) == expected
    assert (expected.blocks, expected.heap_bytes > 5000) == (3, True)


def test_what_came_is_forgotten_after_a_rerun(scales):
    """Output and properties that came since the beginning are dropped, those from before stay."""
    one = item()
    one._report_sections.append(("setup", "stdout", "old"))
    one.user_properties.append(("old", 1))
    keepsakes = Keepsakes(one)
    one._report_sections.append(("call", "stdout", "new"))
    one.user_properties.append(("new", 2))
    assert keepsakes.properties == [("new", 2)]
    keepsakes.forget_output()
    assert (one._report_sections, one.user_properties) == ([("setup", "stdout", "old")], [("old", 1)])
    assert keepsakes.weigh_output(scales) == Weight()


def test_log_handlers_are_put_back():
    """Records and text that a handler had when the test began are what it has in the end."""

    class Handler:
        def __init__(self, records, position):
            self.records, self.stream = records, SimpleNamespace(tell=lambda: position)

        def reset(self):
            self.__init__([], 0)

    clean, used, written = Handler([], 0), Handler(["old"], 0), Handler([], 3)
    untouched = clean.records, clean.stream
    keepsakes = Keepsakes(item(), (clean, used, written))
    assert [(one.records, one.stream.tell()) for one in (clean, used, written)] == [([], 0)] * 3
    for one in (clean, used, written):
        one.records, one.stream = ["new"], None
    keepsakes.put_back()
    assert [one.records for one in (clean, used, written)] == [[]] * 3
    assert (clean.records, clean.stream) == untouched
    assert clean.records is untouched[0]


def test_names_that_a_test_looked_up_late_are_forgotten():
    """Pytest 8 notes in the request each fixture that is asked for by name; what was known before stays."""
    one = item()
    one._request._arg2fixturedefs = {"known": ()}
    keepsakes = Keepsakes(one)
    one._request._arg2fixturedefs["late"] = ()
    keepsakes.put_back()
    assert one._request._arg2fixturedefs == {"known": ()}
    empty = item()
    empty._request._arg2fixturedefs = {}
    Keepsakes(empty).put_back()
    assert empty._request._arg2fixturedefs == {}
