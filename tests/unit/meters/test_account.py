"""Accounts and their ledger."""

import sys
from array import array

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.account import TEST_ACCOUNTS, Account, Ledger, Signal, empty_reading

AMOUNTS = st.integers(-(2**40), 2**40)
ENTRIES = st.lists(st.tuples(st.sampled_from(Account), st.sampled_from(Signal), AMOUNTS), max_size=20)
OF_EACH = st.tuples(*[AMOUNTS] * len(Signal))
MOVES = st.lists(st.tuples(st.sampled_from(Account), st.sampled_from(Account), OF_EACH), max_size=20)


def charge_one(ledger, account, signal, amount):
    """Charge ``amount`` of one signal, by two readings that differ in it alone."""
    since, now = empty_reading(), empty_reading()
    now[signal] = amount
    ledger.charge(account, since, now)


@given(entries=ENTRIES)
def test_totals_are_sums(entries):
    """Each signal of each account is the sum of what was charged to it; the test's is that of its three phases."""
    ledger = Ledger()
    for account, signal, amount in entries:
        charge_one(ledger, account, signal, amount)
    for signal in Signal:
        totals = {
            account: sum(amount for one, kind, amount in entries if (one, kind) == (account, signal))
            for account in Account
        }
        assert {account: ledger.total(account, signal) for account in Account} == totals
        assert ledger.of_test(signal) == sum(totals[account] for account in TEST_ACCOUNTS)


@given(since=st.lists(AMOUNTS, min_size=4, max_size=4), now=st.lists(AMOUNTS, min_size=4, max_size=4))
def test_a_charge_is_the_difference_of_two_readings(since, now):
    """Charging adds the difference of each signal to one account only."""
    ledger = Ledger()
    for _ in range(2):
        ledger.charge(Account.CALL, array("q", since), array("q", now))
    for signal in Signal:
        assert ledger.total(Account.CALL, signal) == 2 * (now[signal] - since[signal])
        assert ledger.total(Account.RUNNER, signal) == 0


@given(moves=MOVES)
def test_a_move_is_a_loss_and_a_gain(moves):
    """What one account is relieved of another is charged: all accounts together stay as they were."""
    ledger, totals = Ledger(), dict.fromkeys(((account, signal) for account in Account for signal in Signal), 0)
    for giver, taker, amounts in moves:
        ledger.move(giver, taker, amounts)
        for signal in Signal:
            totals[giver, signal] -= amounts[signal]
            totals[taker, signal] += amounts[signal]
    assert {key: ledger.total(*key) for key in totals} == totals
    assert {sum(ledger.total(account, signal) for account in Account) for signal in Signal} == {0}


def test_a_cleared_ledger_is_empty():
    """Clearing takes all accounts back to 0."""
    ledger = Ledger()
    for account in Account:
        for signal in Signal:
            charge_one(ledger, account, signal, 5)
    ledger.clear()
    assert {ledger.total(account, signal) for account in Account for signal in Signal} == {0}


def test_charging_keeps_no_memory():
    """Readings and totals lie in room that was there before: charging large amounts takes no block."""
    ledger, since, now = Ledger(), empty_reading(), empty_reading()
    now[Signal.HEAP] = 10**12
    counts = array("q", [0] * 4)
    for turn in range(4):
        ledger.clear()
        ledger.charge(Account.CALL, since, now)
        counts[turn] = sys.getallocatedblocks()
    assert counts[3] - counts[2] == 0
