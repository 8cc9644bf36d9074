"""An end to calls that hang, in the main thread; what was set before is put back."""

import asyncio
import signal
import threading
import time

import pytest

from pytest_memopt.errors import CallTimeout, ResourceTypeError
from pytest_memopt.pool.async_pool import AsyncMemoryPool
from pytest_memopt.pool.call_limit import CallLimit, can_interrupt
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.stats import Eviction

alarms = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms on this system")
pytestmark = alarms
HANGS_S = 60


def hang(*args):
    """What never comes back by itself."""
    time.sleep(HANGS_S)


def pool_of(troubles, **options):
    """A pool whose calls may take a hundredth of a second."""
    options = {"factory": list, "call_timeout": 0.01, **options}
    factory = options.pop("factory")
    return MemoryPool.of(make_type("thing", factory, **options), PoolHooks(tell=troubles.append))


def test_a_block_that_takes_too_long_is_interrupted():
    """The message says what took how long, and alarm and handler are as before."""
    before = signal.getsignal(signal.SIGALRM)
    with (
        pytest.raises(CallTimeout, match=r"the reset of x took longer than 0\.01 s, and was interrupted"),
        CallLimit(0.01, "reset of x"),
    ):
        hang()
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_block_in_time_is_left_alone():
    """Nothing is left behind, also when the block raises."""
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(KeyError), CallLimit(HANGS_S, "x"):
        raise KeyError
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_somebody_else_s_alarm_is_not_touched():
    """Where a test or pytest-timeout has set the alarm, the block runs as long as it does."""
    signal.setitimer(signal.ITIMER_REAL, HANGS_S)
    try:
        assert not can_interrupt()
        with CallLimit(0.000001, "x"):
            pass
        assert signal.getitimer(signal.ITIMER_REAL)[0] > HANGS_S / 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_other_threads_can_not_be_interrupted():
    """Alarms are the main thread's."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(can_interrupt()))
    thread.start()
    thread.join()
    assert answers == [False]


def test_a_factory_that_hangs_raises_at_the_borrower_and_keeps_no_place():
    """The next borrower gets a resource."""
    calls = []

    def build():
        calls.append(1)
        return hang() if len(calls) == 1 else []

    pool = pool_of([], factory=build, max_size=1)
    with pytest.raises(CallTimeout, match="the factory of resource type 'thing' took longer"):
        pool.borrow()
    with pool.borrow() as thing:
        assert thing == []


@pytest.mark.parametrize(
    ("option", "told"),
    [("reset", "could not be reset"), ("fingerprint", "could not be compared"), ("close", "could not be closed")],
)
def test_what_hangs_when_it_comes_back_is_told_and_replaced(option, told):
    """A reset, fingerprint or close that hangs is a failed one, and the pool goes on."""
    troubles, calls = [], []

    def later(thing):
        calls.append(1)
        if len(calls) > (option == "fingerprint"):
            hang()

    pool = pool_of(troubles, **{option: later})
    pool.borrow().give_back()
    pool.close()
    (trouble,) = troubles
    assert told in trouble.told
    assert "CallTimeout: the" in trouble.told
    assert pool.size == 0


def test_a_validate_that_hangs_replaces_the_resource():
    """The borrower gets another one."""
    troubles = []
    pool = pool_of(troubles, factory=object, validate=hang)
    with pool.borrow() as first:
        pass
    with pool.borrow() as second:
        assert second is not first
    assert pool.get_stats().evicted == {Eviction.INVALID: 1}
    assert "took longer than 0.01 s" in troubles[0].told


def test_coroutines_that_hang_are_cancelled():
    """In a task no alarm is needed: what is awaited too long is cancelled."""

    async def build():
        await asyncio.sleep(HANGS_S)

    async def main():
        async with AsyncMemoryPool(build, name="thing", call_timeout=0.01) as pool:
            with pytest.raises(CallTimeout, match="the factory of resource type 'thing' took longer"):
                await pool.borrow()
            assert pool.size == 0
        async with AsyncMemoryPool(quick, call_timeout=HANGS_S) as pool, pool.borrow() as thing:
            return thing

    async def quick():
        await asyncio.sleep(0)
        return 5

    assert asyncio.run(main()) == 5


def test_a_call_that_cancels_itself_did_not_take_too_long():
    """A factory whose own work was cancelled is told as that, not as a time-out, and the pool goes on."""

    async def build():
        raise asyncio.CancelledError("the server went away")

    async def main():
        async with AsyncMemoryPool(build, name="thing", call_timeout=HANGS_S) as pool:
            with pytest.raises(asyncio.CancelledError):
                await pool.borrow()
            assert pool.size == 0

    asyncio.run(main())


def test_a_limit_that_makes_no_sense_is_refused():
    """Seconds above 0, or None."""
    with pytest.raises(ResourceTypeError, match="call_timeout=0 is not a number of seconds, more than 0, or None"):
        make_type("thing", list, call_timeout=0)
