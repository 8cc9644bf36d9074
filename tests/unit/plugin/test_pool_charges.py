"""Who pays while pools are at work: also where one works inside of another, or tasks end in another order than they began."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_memopt.meters.account import Account
from pytest_memopt.plugin.pool_charges import PoolCharges


class FakeRecorder:
    """Charges what ``take`` takes to whoever pays at that moment."""

    def __init__(self):
        self.account = Account.CALL
        self.charged = dict.fromkeys(Account, 0)
        self.returned = []
        self.window = SimpleNamespace(is_open=True, note_shared=lambda: None, return_shrinkage=self.returned.append)

    @property
    def shared_bytes(self):
        return self.charged[Account.SHARED]

    def charge_shared(self):
        return self.charge_to(Account.SHARED)

    def charge_to(self, account):
        before, self.account = self.account, account
        return before

    def take(self, count_bytes):
        self.charged[self.account] += count_bytes


@pytest.fixture
def recorder():
    """The recorder of a test whose call is going on."""
    return FakeRecorder()


@pytest.fixture
def charges(recorder):
    """The charges where tests are measured."""
    return PoolCharges(SimpleNamespace(get_plugin=lambda name: SimpleNamespace(recorder=recorder)))


def test_building_is_charged_to_nobody_s_test(charges, recorder):
    """What a factory takes is held by its type's pool, and the test pays for what it takes itself."""
    with charges.of_building("db"):
        recorder.take(100)
    recorder.take(5)
    assert charges.held_bytes() == {"db": 100}
    assert (recorder.charged[Account.SHARED], recorder.charged[Account.CALL]) == (100, 5)


def test_a_factory_that_borrows_holds_only_its_own(charges, recorder):
    """A resource that was built for another type's factory is held by its own type, and counted once."""
    with charges.of_building("app"):
        recorder.take(10)
        with charges.of_building("db"):
            recorder.take(100)
        recorder.take(1)
    assert charges.held_bytes() == {"app": 11, "db": 100}
    assert recorder.account is Account.CALL


def test_tasks_may_end_in_the_order_in_which_they_began(charges, recorder):
    """While one of two still builds nobody's test pays; after the last it is the test again."""
    one, other = charges.of_building("db"), charges.of_building("app")
    one.__enter__()
    recorder.take(100)
    other.__enter__()
    one.__exit__(None, None, None)
    assert recorder.account is Account.SHARED
    recorder.take(10)
    other.__exit__(None, None, None)
    assert recorder.account is Account.CALL
    assert charges.held_bytes() == {"db": 100, "app": 10}


def test_resetting_gives_back_to_who_took(charges, recorder):
    """What a reset frees was the test's; not where another task is still building, whose growth can't be told apart."""
    with charges.of_restoring():
        assert recorder.account is Account.SHARED
    assert (recorder.account, recorder.returned) == (Account.CALL, [Account.CALL])
    reset, building = charges.of_restoring(), charges.of_building("db")
    reset.__enter__()
    building.__enter__()
    reset.__exit__(None, None, None)
    assert (recorder.account, recorder.returned) == (Account.SHARED, [Account.CALL])
    building.__exit__(None, None, None)
    assert recorder.account is Account.CALL


def test_what_a_test_left_undone_charges_no_other(charges, recorder):
    """A task that was given up while it built ends during another test's call, which pays for itself all the same."""
    left = charges.of_building("db")
    left.__enter__()
    recorder.charge_to(Account.SETUP)  # the next test begins
    with charges.of_building("app"):
        recorder.take(10)
    assert recorder.account is Account.SETUP
    left.__exit__(None, None, None)
    assert recorder.account is Account.SETUP
    recorder.charge_to(Account.CALL)
    assert charges.held_bytes() == {"app": 10}


def test_where_nothing_is_measured_nothing_is_charged():
    """Without a recorder the work goes on as it is."""
    charges = PoolCharges(SimpleNamespace(get_plugin=lambda name: None))
    with charges.of_building("db"), charges.of_restoring():
        pass
    assert charges.held_bytes() == {}
