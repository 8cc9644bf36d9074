"""Accounts: whose memory it is. At any moment exactly one account is charged with what the process gains or frees."""

from __future__ import annotations

from array import array
from enum import IntEnum
from typing import Final


class Account(IntEnum):
    """To whom growth is charged; the value is the row of its totals."""

    SETUP = 0
    CALL = 1
    TEARDOWN = 2
    RUNNER = 3  # pytest's own book-keeping: reports, captured output
    SHARED = 4  # fixtures of class, module, package and session scope; collectors
    KEPT = 5  # what pytest keeps of the test beside its reports: output, warnings


class Signal(IntEnum):
    """What is counted; the value is the column."""

    BLOCKS = 0
    HEAP = 1
    OBJECTS = 2
    SMALL = 3


TEST_ACCOUNTS: Final = (Account.SETUP, Account.CALL, Account.TEARDOWN)
_WIDTH: Final = len(Signal)
_TEST_ROWS: Final = tuple(account * _WIDTH for account in TEST_ACCOUNTS)


class Ledger:
    """The totals of every account, in one array that is allocated once: reading must not move what is read."""

    def __init__(self) -> None:
        self._totals = array("q", [0] * (len(Account) * _WIDTH))
        self._zeros = bytes(len(self._totals) * self._totals.itemsize)

    def clear(self) -> None:
        """Start anew at zero."""
        memoryview(self._totals).cast("B")[:] = self._zeros

    def charge(self, account: Account, since: array[int], now: array[int]) -> None:
        """Add the difference of two readings to ``account``."""
        totals = self._totals
        row = account * _WIDTH
        for column in range(_WIDTH):
            totals[row + column] += now[column] - since[column]

    def move(self, giver: Account, taker: Account, amounts: tuple[int, ...]) -> None:
        """Charge ``amounts``, one of each signal, to ``taker`` instead of ``giver``."""
        totals, given, taken = self._totals, giver * _WIDTH, taker * _WIDTH
        for column, amount in enumerate(amounts):
            if amount:
                totals[given + column] -= amount
                totals[taken + column] += amount

    def total(self, account: Account, signal: Signal) -> int:
        """What ``account`` was charged so far."""
        return self._totals[account * _WIDTH + signal]

    def of_test(self, signal: Signal) -> int:
        """What set-up, call and teardown were charged together."""
        totals = self._totals  # written out, for it is asked several times around every test
        setup, call, teardown = _TEST_ROWS
        return totals[setup + signal] + totals[call + signal] + totals[teardown + signal]


def empty_reading() -> array[int]:
    """Room for one reading of all signals."""
    return array("q", [0] * _WIDTH)
