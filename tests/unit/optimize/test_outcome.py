"""What is said of a change, and what is counted as saved."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.outcome import Change, Judgement, Optimization, Outcome, Timing, judge
from pytest_memopt.optimize.readings import Noise, Reading

MIB = 1024**2
QUIET = Noise(1000, 5000)
BEFORE = Reading(10 * MIB, 30 * MIB, 0.4)
SIZES = st.integers(0, 2**40)


def after(in_use=0, resident=0):
    """A reading with so many bytes less."""
    return Reading(10 * MIB - in_use, 30 * MIB - resident, 0.4)


@pytest.mark.parametrize(
    ("in_use", "resident", "effect"),
    [
        (1001, 0, Effect.HELPED),
        (0, 5001, Effect.HELPED),
        (1000, 5000, Effect.NO_EFFECT),
        (-1000, -5000, Effect.NO_EFFECT),
        (-1001, 0, Effect.REVERTED),
        (0, -5001, Effect.REVERTED),
        (2000, -6000, Effect.REVERTED),
        (-2000, 6000, Effect.HELPED),
        (-2000, 4999, Effect.REVERTED),
    ],
)
def test_only_what_lies_beyond_the_noise_counts(in_use, resident, effect):
    """More freed than taken helped, more taken than freed cost memory, and within the noise nothing happened."""
    assert judge(BEFORE, after(in_use, resident), QUIET, Change()).effect is effect


def test_the_reason_tells_the_figures():
    """What helped says what is less; what cost says what is more; what did nothing says how fine the readings were."""
    assert judge(BEFORE, after(2 * MIB, -5001), QUIET, Change()).why == "2.0 MiB less in use, 4.9 KiB more resident"
    assert judge(BEFORE, after(-2 * MIB), QUIET, Change()).why == "it cost memory: 2.0 MiB more in use"
    still = judge(BEFORE, BEFORE, QUIET, Change(obstacle="all is needed"))
    assert still.why == (
        "nothing moved by more than the noise of the readings (1000 B in use, 4.9 KiB resident); all is needed"
    )


def test_what_helped_saved_what_lies_beyond_the_noise():
    """A figure within the noise is no saving, even beside one that is."""
    assert judge(BEFORE, after(2 * MIB, 4000), QUIET, Change())[2:] == (2 * MIB, 0)
    assert judge(BEFORE, after(999, MIB), QUIET, Change())[2:] == (0, MIB)


def test_time_counts_where_memory_stands_still():
    """What makes something faster by more than the noise helped, and saved no bytes."""
    faster = Change(timing=Timing("a full collection", 0.008, 0.001, 0.0005))
    told = judge(BEFORE, BEFORE, QUIET, faster)
    assert told == (Effect.HELPED, "a full collection takes 1 ms instead of 8 ms", 0, 0)
    equal = Change(timing=Timing("a full collection", 0.008, 0.0078, 0.0005))
    assert judge(BEFORE, BEFORE, QUIET, equal).effect is Effect.NO_EFFECT
    assert "7.8 ms instead of 8 ms" in judge(BEFORE, BEFORE, QUIET, equal).why
    assert judge(BEFORE, after(-MIB), QUIET, faster).effect is Effect.REVERTED


def test_what_cannot_be_read_is_no_saving():
    """Where nothing can be read, nothing helped, and the reason says so."""
    told = judge(Reading(), Reading(), QUIET, Change())
    assert told.effect is Effect.NO_EFFECT
    assert "none can be taken here" in told.why
    assert judge(Reading(None, 9 * MIB), Reading(None, MIB), QUIET, Change())[2:] == (0, 8 * MIB)


@given(SIZES, SIZES, SIZES, SIZES)
def test_saved_bytes_are_those_of_what_helped(in_use, resident, in_use_after, resident_after):
    """Whatever the readings are, savings beside any other word than "helped" are 0, and with it they sum to a gain."""
    told = judge(Reading(in_use, resident), Reading(in_use_after, resident_after), QUIET, Change())
    total = told.saved_in_use_bytes + told.saved_resident_bytes
    assert total > 0 if told.effect is Effect.HELPED else told[2:] == (0, 0)


def outcome(name, effect, in_use=0, resident=0):
    """An outcome that saved so much."""
    return Outcome(name, Judgement(effect, "", in_use, resident))


def test_the_total_counts_no_byte_twice():
    """What one strategy frees and the next gives back are the same bytes: the larger sum counts, not both."""
    done = Optimization((outcome("a", Effect.HELPED, 5 * MIB), outcome("b", Effect.HELPED, 0, 4 * MIB)))
    assert (done.saved_in_use_bytes, done.saved_resident_bytes, done.saved_bytes) == (5 * MIB, 4 * MIB, 5 * MIB)
    assert Optimization().saved_bytes == 0
    assert Optimization((outcome("c", Effect.HELPED, -1, -1),)).saved_bytes == 0


def test_the_plain_form_is_json():
    """All of it survives JSON, and says megabytes in steps of 1000."""
    timing = Timing("a full collection", 0.008, 0.001, 0.0005)
    one = outcome("a", Effect.HELPED, 2_500_000)._replace(changed=("x",), timing=timing, before=BEFORE)
    plain = Optimization((one, outcome("b", Effect.NO_EFFECT)), ("c",), 1.5).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["total_memory_saved_mb"] == 2.5
    assert plain["strategies_applied"] == ["a"]
    assert plain["strategies_uncalled"] == ["c"]
    assert [each["effect"] for each in plain["outcomes"]] == ["helped", "no effect"]
    assert plain["outcomes"][0]["timing"]["after_s"] == 0.001
    assert plain["outcomes"][0]["fragmentation_before"] == 0.4
