"""What to change in a suite, and what that would save."""

import json
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.import_advice import ImportAdvice
from pytest_memopt.optimize.import_cost import ImportCost, ImportSite
from pytest_memopt.report.advice import (
    LEAST_S,
    LEAST_SHARE,
    MOST,
    Advice,
    AdviceKind,
    advice_of,
    fixture_advice,
    import_advice,
    together,
)
from pytest_memopt.report.summary import FixtureUse
from tests.unit.values import replace

MIB = 1024**2
CLIENT = FixtureUse("client", "function", builds=240, setup_s=4.3, where="tests/conftest.py:12")
FIXTURES = st.builds(
    FixtureUse,
    name=st.text(max_size=3),
    scope=st.sampled_from(["function", "class", "module", "package", "session"]),
    builds=st.integers(1, 1000),
    setup_s=st.floats(0, 1000),
    where=st.sampled_from([None, "conftest.py:1"]),
)
ADVICE = st.builds(
    Advice,
    st.sampled_from(AdviceKind),
    st.text(max_size=1),
    st.text(),
    saving_s=st.floats(0, 1000),
    saving_bytes=st.integers(0, 10**9),
)


def test_the_figures_stand_beside_the_advice():
    """Builds, the time of each, that of all, and its share of the tests' time are told; every build but one is saved."""
    (advice,) = fixture_advice([CLIENT], tests_s=20.0)
    assert advice.text == (
        "fixture `client` (function scope, tests/conftest.py:12) is built 240 times, 18 ms each, 4.3 s in all, 22 % of the tests' time: "
        "pool it, or give it a wider scope"
    )
    assert advice == Advice(AdviceKind.FIXTURE, "client", advice.text, saving_s=pytest.approx(4.3 * 239 / 240))


@pytest.mark.parametrize(
    ("change", "tests_s"),
    [
        ({"where": None}, 20.0),
        ({"scope": "session", "builds": 2}, 20.0),
        ({"builds": 1}, 20.0),
        ({"builds": 0}, 20.0),
        ({"setup_s": 0.5}, 1.0),
        ({}, 4.3 / LEAST_SHARE),
    ],
)
def test_what_is_not_worth_a_line_has_none(change, tests_s):
    """Fixtures of others, of a session, built once, quick, or quick beside the tests are left alone."""
    assert fixture_advice([replace(CLIENT, **change)], tests_s) == []


def test_each_process_builds_for_itself():
    """With workers a wider scope still means one build in each; what each has built only once can't be saved."""
    (advice,) = fixture_advice([CLIENT], 20.0, processes=4)
    assert advice.saving_s == pytest.approx(4.3 * 236 / 240)
    assert fixture_advice([replace(CLIENT, scope="module", builds=4)], 20.0, processes=4) == []


def test_savings_of_time_and_of_memory_are_ranked_together():
    """By their share of the run: of the tests' time, or of memory at its highest."""
    heavy = Advice(AdviceKind.IMPORT, "pandas", "import it later", saving_s=0.2, saving_bytes=60 * MIB)
    light = Advice(AdviceKind.IMPORT, "rich", "import it later", saving_bytes=5 * MIB)

    def ranked(**known):
        return [advice.subject for advice in advice_of([CLIENT], 20.0, more=(light, heavy), **known)]

    assert ranked(rss_peak_bytes=200 * MIB) == ["pandas", "client", "rich"]
    assert ranked(rss_peak_bytes=2000 * MIB) == ["client", "pandas", "rich"]
    assert ranked() == ["client", "pandas", "rich"]


def test_imports_become_advice():
    """What an import would save, in bytes and seconds, with the sentence that says where it is."""
    cost = ImportCost("pandas", 60 * MIB, 60 * MIB, 0.5, 0.5, ImportSite("test_a", "/project/test_a.py", 3), 0)
    (advice,) = import_advice([ImportAdvice(cost, 50 * MIB, 0.4, 1, 7)], PurePath("/project"))
    assert (advice.kind, advice.subject, advice.saving_s, advice.saving_bytes) == (
        AdviceKind.IMPORT,
        "pandas",
        0.4,
        50 * MIB,
    )
    assert advice.text.startswith("`import pandas` costs 60.0 MiB and 0.5 s")


@given(st.lists(FIXTURES, max_size=12), st.floats(0, 1e5))
def test_advice_is_short_and_in_order(fixtures, tests_s):
    """Never more than five pieces, what saves most first, and each above what is worth a line."""
    found = advice_of(fixtures, tests_s)
    savings = [advice.saving_s for advice in found]
    assert len(found) <= MOST
    assert savings == sorted(savings, reverse=True) or tests_s < 1e-9
    assert all(saving >= max(LEAST_S, LEAST_SHARE * tests_s) - 1e-6 for saving in savings)


@given(st.lists(ADVICE), st.lists(ADVICE))
def test_advice_of_several_processes_is_told_once(one, other):
    """Each subject is named once, with what it would save in all of them; the wire loses nothing."""
    sent = [Advice.from_wire(json.loads(json.dumps(each.to_wire()))) for each in (*one, *other)]
    assert sent == [*one, *other]
    told = together(sent)
    assert len({(each.kind, each.subject) for each in sent}) == len(told)
    assert sum(each.saving_bytes for each in told) == sum(each.saving_bytes for each in sent)
