"""One strategy, tried."""

import pytest

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.outcome import Change
from pytest_memopt.optimize.readings import Noise
from pytest_memopt.optimize.strategy import MemoryState
from pytest_memopt.optimize.trial import told, try_strategy

MIB = 1024**2
NOISE = Noise()


@pytest.fixture
def attempt(memory, clock):
    """Tries a strategy on the fake memory."""
    return lambda strategy: try_strategy(strategy, MemoryState(memory.read_settled(), 0), memory, NOISE, clock)


def fail(error):
    """A deed that raises."""

    def deed():
        raise error

    return deed


def test_what_is_not_called_for_is_not_applied(attempt, make_strategy):
    """Without a reason there is no outcome, and nothing was done."""
    strategy = make_strategy("idle", reason=None)
    assert attempt(strategy) is None
    assert strategy.calls == []
    assert len(strategy.states) == 1


def test_what_helped_stays(attempt, saver):
    """What freed memory is not reverted, and its outcome has both readings."""
    strategy = saver("good", in_use=5 * MIB)
    outcome = attempt(strategy)
    assert (outcome.effect, strategy.calls) == (Effect.HELPED, ["apply"])
    assert outcome.before.in_use_bytes - outcome.after.in_use_bytes == 5 * MIB
    assert outcome.changed == ("good did it",)


@pytest.mark.parametrize(("freed", "effect"), [(0, Effect.NO_EFFECT), (-5 * MIB, Effect.REVERTED)])
def test_what_did_not_help_is_reverted(attempt, saver, freed, effect):
    """What moved nothing, or took memory, is taken back."""
    strategy = saver("poor", in_use=freed)
    outcome = attempt(strategy)
    assert (outcome.effect, strategy.calls) == (effect, ["apply", "revert"])
    assert outcome.judgement[2:] == (0, 0)


def test_garbage_is_nobodys_saving(attempt, memory, make_strategy):
    """Garbage that waits before, and garbage that the strategy makes, is gone in both readings."""
    memory.garbage = 50 * MIB

    def deed():
        memory.garbage = 9 * MIB
        return Change()

    assert attempt(make_strategy("none", deed)).effect is Effect.NO_EFFECT


def test_half_of_it_is_reverted(attempt, memory, clock, make_strategy):
    """One that raises half-way is reverted and told as failed, with its seconds, and counts as no saving."""

    def deed():
        memory.in_use -= 5 * MIB
        clock.pass_by(2.5)
        raise ValueError("half-\nway")

    strategy = make_strategy("torn", deed)
    outcome = attempt(strategy)
    assert (outcome.effect, outcome.why) == (Effect.FAILED, "ValueError: half- way")
    assert outcome.judgement[2:] == (0, 0)
    assert outcome.duration_s == 2.5
    assert strategy.calls == ["apply", "revert"]


def test_ctrl_c_is_reverted_and_goes_on(attempt, make_strategy):
    """What is no error of the strategy's is reverted too, and not held up."""
    strategy = make_strategy("torn", fail(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        attempt(strategy)
    assert strategy.calls == ["apply", "revert"]


def test_what_cannot_be_reverted_is_told(attempt, make_strategy):
    """Where taking back fails too, both reasons are told."""
    strategy = make_strategy("torn", fail(ValueError("no")), fail(OSError()))
    assert attempt(strategy).why == "ValueError: no; torn could not be reverted: OSError"
    idle = attempt(make_strategy("idle", undo=fail(OSError("gone"))))
    assert idle.effect is Effect.FAILED
    assert idle.why.endswith("; idle could not be reverted: OSError: gone")


def test_a_strategy_that_cannot_decide_failed(attempt, make_strategy, monkeypatch):
    """Where asking whether it is called for raises, nothing was done, and it is told."""
    strategy = make_strategy("lost")
    monkeypatch.setattr(strategy, "is_called_for", lambda state: 1 / 0)
    outcome = attempt(strategy)
    assert (outcome.effect, strategy.calls) == (Effect.FAILED, [])
    assert outcome.why == "whether it is called for: ZeroDivisionError: division by zero"


def test_an_answer_that_is_no_change_failed(attempt, make_strategy):
    """A strategy that gives something else back is reverted, and told what it gave."""
    strategy = make_strategy("odd", lambda: None)
    outcome = attempt(strategy)
    assert (outcome.effect, outcome.why) == (Effect.FAILED, "apply gave a NoneType, not a Change")
    assert strategy.calls == ["apply", "revert"]


def test_errors_are_told_in_one_line():
    """An error without a text is told by its type."""
    assert told(ValueError("a\n  b")) == "ValueError: a b"
    assert told(ValueError()) == "ValueError"
