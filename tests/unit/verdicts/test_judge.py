"""From the runs of a test to the word that is said of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.limits.limits import Limit, Limits, Metric, Severity
from pytest_memopt.meters.measurement import Measurement
from pytest_memopt.verdicts.judge import Judgement, judge
from pytest_memopt.verdicts.record import VerdictKind

WHY = "its set-up failed"


def runs(*growths, **readings):
    """Runs with these growths."""
    return [Measurement(growth_bytes=growth, **readings) for growth in growths]


def limits(growth=5, severity=Severity.FAIL, **others):
    """A limit on growth, and on whatever else is named."""
    stated = {"growth": growth, **others}
    return Limits(
        limits=tuple(Limit(metric=Metric(name), ceiling=top, severity=severity) for name, top in stated.items())
    )


def test_within_the_limits_is_ok():
    """A run that is over nothing is fine, and so is one without limits."""
    assert judge(runs(5), limits()) == Judgement(verdict=VerdictKind.OK)
    assert judge(runs(5), Limits()) == Judgement(verdict=VerdictKind.OK)
    assert not judge(runs(5), limits()).fails


def test_what_every_run_exceeds_is_a_breach():
    """A breach that was reproduced each time fails the test."""
    judgement = judge(runs(9, 7, 8), limits())
    assert (judgement.verdict, judgement.why, judgement.fails) == (VerdictKind.BREACH, None, True)
    assert [breach.runs for breach in judgement.standing] == [(9, 7, 8)]


def test_a_single_run_is_judged_where_no_rerun_is_wanted():
    """With ``confirm=0`` the first run is all there is, and it counts."""
    assert judge(runs(9), limits()).fails


def test_what_does_not_come_back_is_a_warm_up():
    """One rerun within the limit is enough: the test passes, with a reason."""
    judgement = judge(runs(9, 9, 5), limits())
    assert (judgement.verdict, judgement.fails, judgement.standing) == (VerdictKind.WARM_UP, False, ())
    assert judgement.why == "it does not come back when the test runs again"
    assert [breach.runs for breach in judgement.breaches] == [(9, 9, 5)]


def test_without_reruns_the_first_run_decides():
    """A test that can't be rerun is judged on its first run, and says so."""
    judgement = judge(runs(9), limits(), no_rerun=WHY)
    assert (judgement.verdict, judgement.fails) == (VerdictKind.BREACH, True)
    assert judgement.why == f"judged on its first run: {WHY}"
    assert not judgement.breaches[0].confirmed
    assert judgement.standing == judgement.breaches
    assert judge(runs(5), limits(), no_rerun=WHY).verdict is VerdictKind.OK


def test_only_what_was_confirmed_stands():
    """Of two breaches, the one that was not reproduced is told, but doesn't count."""
    both = [
        Measurement(growth_bytes=9, objects=9),
        Measurement(growth_bytes=9, objects=0),
    ]
    judgement = judge(both, limits(objects=1))
    assert judgement.verdict is VerdictKind.BREACH
    assert [breach.limit.metric for breach in judgement.breaches] == [Metric.GROWTH, Metric.OBJECTS]
    assert [breach.limit.metric for breach in judgement.standing] == [Metric.GROWTH]


def test_a_warning_does_not_fail():
    """A confirmed breach of a ``warn:`` limit is a breach that fails nothing."""
    judgement = judge(runs(9, 9), limits(severity=Severity.WARN))
    assert (judgement.verdict, judgement.fails) == (VerdictKind.BREACH, False)


def test_one_limit_that_fails_is_enough():
    """With a warning and a failure both confirmed, the test fails."""
    mixed = Limits(
        limits=(
            Limit(metric=Metric.GROWTH, ceiling=5, severity=Severity.WARN),
            Limit(metric=Metric.OBJECTS, ceiling=5),
        )
    )
    assert judge(runs(9, objects=9), mixed).fails
    assert not judge(runs(9, objects=2), mixed).fails


def test_what_can_not_be_read_is_unmeasured():
    """A limit on a metric without a reading is told with the reason that the window noted, or a general one."""
    judgement = judge(runs(0), limits(rss=1, objects=1))
    assert (judgement.verdict, judgement.fails) == (VerdictKind.UNMEASURED, False)
    assert judgement.why == "objects, rss could not be measured: this platform has no meter for it"
    noted = judge(runs(0, notes=("/proc is read-only", "no gc")), limits(rss=1))
    assert noted.why == "rss could not be measured: /proc is read-only; no gc"


def test_a_breach_is_told_before_what_can_not_be_read():
    """A breach counts, whatever else could not be read."""
    assert judge(runs(9), limits(rss=1)).verdict is VerdictKind.BREACH
    assert judge(runs(9, 0), limits(rss=1)).verdict is VerdictKind.WARM_UP


GROWTHS = st.lists(st.integers(0, 9), min_size=1, max_size=5)


@given(growths=GROWTHS, further=GROWTHS, ceiling=st.integers(0, 9))
def test_more_reruns_never_turn_a_warm_up_into_a_breach(growths, further, ceiling):
    """What was found not to come back stays so, whatever further reruns give."""
    few = judge(runs(*growths), limits(ceiling))
    more = judge(runs(*growths, *further), limits(ceiling))
    if few.verdict is VerdictKind.WARM_UP:
        assert more.verdict is VerdictKind.WARM_UP
    assert more.fails <= few.fails
    assert (few.verdict is VerdictKind.OK) == (more.verdict is VerdictKind.OK)


@given(growths=GROWTHS, ceiling=st.integers(0, 9), higher=st.integers(0, 9))
def test_a_higher_limit_never_fails_more(growths, ceiling, higher):
    """Raising a limit can't make a test fail that passed."""
    assert judge(runs(*growths), limits(ceiling + higher)).fails <= judge(runs(*growths), limits(ceiling)).fails


@given(growths=GROWTHS, ceiling=st.integers(0, 9), no_rerun=st.none() | st.just(WHY))
def test_a_failure_always_has_a_breach_that_stands(growths, ceiling, no_rerun):
    """Nothing fails without a breach to show; what stands was over the limit in every run unless there was but one."""
    judgement = judge(runs(*growths), limits(ceiling), no_rerun=no_rerun)
    assert judgement.fails == bool(judgement.standing)
    assert all(breach.runs[0] > ceiling for breach in judgement.breaches)
    if no_rerun is None:
        assert all(breach.measured > ceiling for breach in judgement.standing)


@pytest.mark.parametrize("kind", [VerdictKind.OK, VerdictKind.WARM_UP, VerdictKind.UNMEASURED])
def test_only_a_breach_fails(kind):
    """No other verdict fails a test, whatever it lists."""
    breaches = judge(runs(9), limits()).breaches
    assert not Judgement(verdict=kind, breaches=breaches).fails
