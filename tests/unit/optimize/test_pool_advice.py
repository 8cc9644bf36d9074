"""Advice on a pool: each suggestion with its figure, none without evidence, and none that the code forbids."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.pool_advice import (
    PoolAdvice,
    PoolSetting,
    PoolSuggestion,
    advise_pool,
    policy_with,
    type_with,
    widest,
)
from pytest_memopt.pool.arguments import arguments_of
from pytest_memopt.pool.durations import durations_of
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.policy import PoolPolicy, make_policy
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.stats import Eviction, PoolStats

BUILD = durations_of([0.02])
LENDING = durations_of([1e-5] * 5)
WELL = PoolStats(built=4, borrowed=240, hits=236, misses=4, peak_in_use=4, peak_size=4, build=BUILD, borrow=LENDING)

counts = st.integers(0, 1000)
times = st.sampled_from([[], [1e-7], [2e-6] * 9, [1e-5, 0.3], [0.02] * 30]).map(durations_of)
all_stats = st.builds(
    PoolStats,
    built=counts,
    borrowed=counts,
    misses=counts,
    waits=counts,
    waited_s=st.floats(0, 1e4),
    timeouts=counts,
    evicted=st.dictionaries(st.sampled_from(Eviction), counts),
    peak_in_use=counts,
    peak_size=counts,
    build=times,
    borrow=times,
    reset=times,
)
sizes = st.integers(1, 200)
ttls = st.none() | st.floats(0.001, 1e6)
policies = st.tuples(sizes, sizes, ttls, st.sampled_from([None, 0.0, 30.0])).map(
    lambda of: PoolPolicy(max_size=of[0], min_idle=min(of[0], of[1]), idle_ttl_s=of[2], timeout_s=of[3])
)
suggestions = st.builds(PoolSuggestion, st.sampled_from(PoolSetting), counts, st.floats(0, 1e6), st.text())
advices = st.lists(suggestions, unique_by=lambda one: one.setting).map(
    lambda found: PoolAdvice("db", tuple(sorted(found, key=lambda one: list(PoolSetting).index(one.setting))))
)


def kind_of(**options):
    """A type with these options."""
    return make_type("db", dict, **options)


def kind_with(policy, *, shared=False):
    """A type with this policy."""
    return kind_of(shared=shared)._replace(policy=policy)


def only(advice):
    """The one suggestion that is made."""
    (suggestion,) = advice.suggestions
    return suggestion


def test_a_pool_that_does_well_gets_no_advice():
    """As many as needed and some, no waits, nothing built twice: nothing to say."""
    assert advise_pool(kind_of(max_size=5), WELL) == PoolAdvice("db")


def test_few_leases_are_no_evidence():
    """Below 20 leases nothing is concluded."""
    stats = WELL._replace(borrowed=19, waits=19, timeouts=19)
    assert advise_pool(kind_of(max_size=4), stats).suggestions == ()


def test_a_run_without_pooling_is_no_evidence():
    """Where pooling was switched off nothing is concluded."""
    stats = WELL._replace(misses=240, hits=0, evicted={Eviction.UNPOOLED: 240})
    assert advise_pool(kind_of(), stats).suggestions == ()


def test_waits_raise_the_limit():
    """Borrowers who waited double the limit, and are told with their time."""
    suggestion = only(advise_pool(kind_of(max_size=4), WELL._replace(waits=12, waited_s=1.3, timeouts=2)))
    assert (suggestion.setting, suggestion.now, suggestion.value) == (PoolSetting.MAX_SIZE, 4, 8)
    assert str(suggestion) == (
        "max_size=8 instead of 4: 12 borrowers waited for 1.30 s together, 2 of them in vain, while all 4 were lent"
    )


def test_two_waits_are_chance():
    """Fewer than three borrowers who waited, none in vain, don't raise the limit."""
    assert advise_pool(kind_of(max_size=4), WELL._replace(waits=2)).suggestions == ()


def test_trying_isnt_waiting():
    """Of a type whose borrowers don't wait, going away without one says nothing."""
    assert advise_pool(kind_of(max_size=4, timeout=0), WELL._replace(waits=50, timeouts=50)).suggestions == ()


def test_members_that_displace_each_other_raise_the_limit():
    """Members with other arguments that were closed to make room double the limit."""
    suggestion = only(advise_pool(kind_of(max_size=4), WELL._replace(evicted={Eviction.MADE_ROOM: 7})))
    assert (suggestion.setting, suggestion.value) == (PoolSetting.MAX_SIZE, 8)
    assert suggestion.why == "7 members were closed to make room for others, of 4 in all"


def test_a_far_limit_is_drawn_closer():
    """A limit far above the peak is suggested at the peak and a quarter."""
    suggestion = only(advise_pool(kind_of(), WELL._replace(peak_in_use=8, peak_size=8)))
    assert (suggestion.setting, suggestion.now, suggestion.value) == (PoolSetting.MAX_SIZE, 100, 10)
    assert "at most 8 were there at one time" in suggestion.why


def test_shared_types_are_as_many_as_there_are():
    """The limit of a shared type says how many there are, and stays; none can be kept ready."""
    stats = WELL._replace(waits=99, misses=74, evicted={Eviction.SOILED: 70})
    assert advise_pool(kind_of(max_size=4, shared=True), stats).suggestions == ()


def test_members_that_leave_are_kept_ready():
    """What replaced members is suggested to be kept ready, with the reasons and the time."""
    left = {Eviction.SOILED: 30, Eviction.LIFETIME: 40, Eviction.DRAINED: 9}
    suggestion = only(advise_pool(kind_of(max_size=5), WELL._replace(misses=74, hits=166, evicted=left)))
    assert (suggestion.setting, suggestion.now, suggestion.value) == (PoolSetting.MIN_IDLE, 0, 2)
    assert suggestion.why == (
        "members left (lifetime: 40, soiled: 30), and 70 of 240 borrowers had to wait 20.0 ms for a new one"
    )


def test_enough_kept_ready_is_enough():
    """Where so many are kept ready already, nothing is suggested."""
    stats = WELL._replace(misses=74, evicted={Eviction.SOILED: 70})
    assert advise_pool(kind_of(max_size=5, min_idle=2), stats).suggestions == ()


def test_members_that_were_wanted_again_wait_longer():
    """Members closed for being idle, and built anew, double their time."""
    suggestion = only(
        advise_pool(kind_of(max_size=5, idle_ttl=60), WELL._replace(misses=12, evicted={Eviction.IDLE_TTL: 10}))
    )
    assert (suggestion.setting, suggestion.now, suggestion.value) == (PoolSetting.IDLE_TTL, 60, 120)
    assert "10 members were closed after 60.0 s without a borrower, and 8 of the next" in suggestion.why


def test_what_is_built_quicker_than_lent_isnt_pooled():
    """Where the slowest build takes less than half the quickest lending, that alone is told."""
    stats = WELL._replace(build=durations_of([2e-6]), reset=durations_of([1e-5] * 9), evicted={Eviction.IDLE_TTL: 99})
    suggestion = only(advise_pool(kind_of(), stats))
    assert (suggestion.setting, suggestion.value) == (PoolSetting.POOLING, 0)
    assert str(suggestion).startswith("don't pool this: building takes 2.00 µs at the most, lending and resetting ")


@pytest.mark.parametrize(
    "stats",
    [
        WELL._replace(build=durations_of([1.5e-6, 1.2e-5]), reset=LENDING),
        WELL._replace(build=durations_of([2e-6]), borrow=durations_of([1e-5] * 4)),
        WELL._replace(build=durations_of([])),
        WELL._replace(build=durations_of([2e-6]), waits=1),
    ],
    ids=["one slow build", "few lendings timed", "nothing built", "a wait"],
)
def test_pooling_is_doubted_on_evidence_only(stats):
    """One slow build, too few timed lendings, or waits in them, are no evidence against pooling."""
    assert advise_pool(kind_of(max_size=5), stats).suggestions == ()


@given(st.builds(kind_with, policies, shared=st.booleans()), all_stats)
def test_advice_can_always_be_followed(kind, stats):
    """Whatever a run saw, what is advised for numbers is a valid policy, and each has a reason."""
    for one in advise_pool(kind, stats).suggestions:
        assert one.why
        assert one.value != one.now
        if one.setting is not PoolSetting.POOLING:
            value = one.value if one.setting is PoolSetting.IDLE_TTL else int(one.value)
            make_policy("db", **{"max_size": 1000, one.setting.value: value})


@given(policies, advices)
def test_a_policy_is_never_below_what_the_code_demands(policy, advice):
    """Applied advice raises values or leaves them, stays valid, and touches nothing else."""
    changed = policy_with(policy, advice)
    assert changed.max_size >= policy.max_size
    assert policy.min_idle <= changed.min_idle <= changed.max_size
    assert (changed.idle_ttl_s is None) == (policy.idle_ttl_s is None)
    assert changed.idle_ttl_s is None or changed.idle_ttl_s >= policy.idle_ttl_s
    assert isinstance(changed.max_size, int)
    assert isinstance(changed.min_idle, int)
    assert changed._replace(max_size=0, min_idle=0, idle_ttl_s=0) == policy._replace(
        max_size=0, min_idle=0, idle_ttl_s=0
    )
    assert policy_with(changed, advice) == changed


@given(st.builds(kind_with, policies, shared=st.booleans()), advices)
def test_a_type_is_as_its_code_demands(kind, advice):
    """A type gets the advised policy; of a shared one size and reserve are as the code has them."""
    changed = type_with(kind, advice)
    advised = policy_with(kind.policy, advice)
    assert changed._replace(policy=kind.policy) == kind
    assert changed.policy.idle_ttl_s == advised.idle_ttl_s
    wanted = kind.policy if kind.shared else advised
    assert (changed.policy.max_size, changed.policy.min_idle) == (wanted.max_size, wanted.min_idle)


def test_one_at_a_time_stays_so():
    """A limit of 1 isn't raised: it is a promise."""
    advice = PoolAdvice("db", (PoolSuggestion(PoolSetting.MAX_SIZE, 1, 2, "waits"),))
    assert policy_with(PoolPolicy(max_size=1), advice).max_size == 1
    assert policy_with(PoolPolicy(max_size=2), advice._replace(suggestions=())).max_size == 2


@given(advices)
def test_advice_is_stored_as_it_is(advice):
    """What goes through JSON comes back the same."""
    assert PoolAdvice.from_wire(json.loads(json.dumps(advice.to_wire()))) == advice


def test_settings_of_another_version_are_left_out():
    """Stored advice on a setting that isn't known is dropped, the rest is read."""
    wire = PoolAdvice("db", (PoolSuggestion(PoolSetting.MIN_IDLE, 0, 2, "why"),)).to_wire()
    wire["suggestions"].insert(0, {"setting": "colour", "now": 0, "value": 1, "why": "taste"})
    assert PoolAdvice.from_wire(wire).value_of(PoolSetting.MIN_IDLE) == 2
    assert len(PoolAdvice.from_wire(wire).suggestions) == 1


@given(advices, advices)
def test_newer_advice_takes_the_place_of_older(older, newer):
    """A setting has the newer run's value, or else the older's."""
    both = older.updated_by(newer)
    for setting in PoolSetting:
        wanted = newer.value_of(setting)
        assert both.value_of(setting) == (older.value_of(setting) if wanted is None else wanted)


def suggested(now, value):
    """Advice on the size alone."""
    return PoolAdvice("db", (PoolSuggestion(PoolSetting.MAX_SIZE, now, value, "why"),))


@pytest.mark.parametrize(
    ("advice", "value"),
    [
        ([suggested(4, 8), PoolAdvice("db")], 8),
        ([suggested(8, 16), suggested(8, 3)], 16),
        ([suggested(100, 3), suggested(100, 5)], 5),
        ([suggested(100, 3), PoolAdvice("db")], None),
    ],
    ids=["one raises", "one raises, one lowers", "all lower", "one lowers"],
)
def test_processes_agree_on_the_widest(advice, value):
    """One process is enough to raise a value; to lower it all must agree."""
    assert widest(advice).value_of(PoolSetting.MAX_SIZE) == value


def test_a_limit_settles_at_what_is_needed():
    """Run by run: raised while borrowers wait, then drawn to the peak, then left."""
    kind, stored = kind_of(max_size=4), PoolAdvice("db")
    seen = [WELL._replace(waits=9), *[WELL._replace(peak_in_use=6, peak_size=6)] * 3]
    sizes_had = []
    for stats in seen:
        policy = policy_with(kind.policy, stored)
        sizes_had.append(policy.max_size)
        stored = stored.updated_by(advise_pool(kind._replace(policy=policy), stats))
    assert sizes_had == [4, 8, 8, 8]


def lent(pool, count, *, arguments=(None,), between=lambda: None):
    """What is advised after so many leases of a pool, one after the other, with these arguments in turn."""
    for number in range(count):
        key = arguments[number % len(arguments)]
        with pool.borrow(None if key is None else arguments_of("db", (key,), {})):
            pass
        between()
    return advise_pool(pool.kind, pool.get_stats())


def pool_of(clock, factory=lambda *_: bytearray(1), **options):
    """A pool with a clock that a test moves; building takes 20 ms by it."""

    def slow(*args):
        clock.pass_by(0.02)
        return factory(*args)

    hooks = PoolHooks(clock=clock, tell=lambda _: None)
    return MemoryPool.of(make_type("db", slow, **options), hooks)


def test_a_pool_whose_members_expire(clock):
    """Borrowed every 90 s, members that stay for 60 s are closed and built anew: they should stay longer."""
    advice = lent(pool_of(clock, max_size=2), 30, between=lambda: clock.pass_by(90))
    assert advice.suggestions == ()
    advice = lent(pool_of(clock, max_size=2, idle_ttl=60), 30, between=lambda: clock.pass_by(90))
    assert only(advice).setting is PoolSetting.IDLE_TTL
    assert only(advice).why == (
        "29 members were closed after 60.0 s without a borrower, and 29 of the next had to wait 20.0 ms for a new one"
    )


def test_a_pool_whose_members_displace_each_other(clock):
    """Three kinds of arguments in turn and room for two: there should be more room."""
    advice = lent(pool_of(clock, max_size=2), 30, arguments=(1, 2, 3))
    assert only(advice).setting is PoolSetting.MAX_SIZE
    assert only(advice).value == 4
    assert lent(pool_of(clock, max_size=4), 30, arguments=(1, 2, 3)).suggestions == ()


def test_a_pool_whose_members_are_soiled(clock):
    """Every member is changed by its first borrower: one should be ready."""
    states = iter(range(1000))
    advice = lent(pool_of(clock, max_size=2, fingerprint=lambda _: next(states)), 30)
    assert only(advice).setting is PoolSetting.MIN_IDLE
    assert only(advice).why == ("members left (soiled: 30), and 30 of 30 borrowers had to wait 20.0 ms for a new one")
