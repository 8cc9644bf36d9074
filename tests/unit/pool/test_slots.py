"""Slots of a rack: two racks of the same name in one process are to each other as two processes are."""

from __future__ import annotations

import math
import os

import pytest

from pytest_memopt.errors import PoolError, PoolTimeout
from pytest_memopt.pool import lock_file, slots
from pytest_memopt.pool.slots import POLL_S, SlotRack, remove_rack_files


@pytest.fixture
def make_rack(tmp_path, clock, naps):
    """Makes racks of one folder, which are closed in the end; each stands for a process."""
    racks = []

    def make(slot_count=1, name="db", folder=tmp_path, **options):
        rack = SlotRack(folder, name, slot_count, **{"clock": clock, "sleep": naps, **options})
        racks.append(rack)
        return rack

    yield make
    for rack in racks:
        rack.close()


def test_slots_are_numbered_from_zero(make_rack):
    """Each has its own number for as long as it is held."""
    rack = make_rack(3)
    held = [rack.acquire(0) for _ in range(3)]
    assert [slot.number for slot in held] == [0, 1, 2]
    held[1].release()
    assert rack.acquire(0).number == 1


def test_no_more_than_there_are(make_rack):
    """Two processes together have no more slots than the rack, and different ones."""
    one, other = make_rack(2), make_rack(2)
    numbers = {one.acquire(0).number, other.acquire(0).number}
    assert numbers == {0, 1}
    assert one.try_acquire() is None
    assert other.try_acquire() is None


def test_types_have_slots_of_their_own(make_rack):
    """Who holds the slot of one type is in nobody's way for another, though the names differ by case only."""
    assert make_rack(name="db").acquire(0).number == make_rack(name="DB").acquire(0).number == 0


def test_preferred_slots_come_first(make_rack):
    """In their order; what isn't free, or no slot of the rack, is passed over."""
    rack = make_rack(4)
    assert rack.acquire(0, prefer=(9, -1, 2, 3)).number == 2
    assert rack.try_acquire(prefer=(2, 3)).number == 3
    assert rack.try_acquire(prefer=(2, 3)).number == 0


def test_releasing_twice_takes_nothing_from_the_next(make_rack):
    """A lease that has ended frees no slot that somebody else has meanwhile."""
    rack = make_rack()
    first = rack.acquire(0, label="first")
    first.release()
    second = rack.acquire(0)
    first.release()
    assert (first.is_held, second.is_held) == (False, True)
    assert repr(first) == "Slot(0, 'first', released)"
    assert make_rack().try_acquire() is None


def test_a_waiter_gets_what_becomes_free(make_rack, naps):
    """The wait ends with the lease of another process."""
    holder, waiter = make_rack(), make_rack()
    lease = holder.acquire(0)
    naps.planned[7] = lease.release
    assert waiter.acquire(10).is_held
    assert len(naps.taken_s) == 7


def test_who_comes_first_is_served_first(make_rack, naps, clock):
    """Nobody passes one who waits: neither by looking once, nor by waiting as well."""
    holder, first, second = make_rack(), make_rack(), make_rack()
    lease = holder.acquire(0)
    seen = []

    def arrive():
        lease.release()
        seen.append(second.try_acquire())
        with pytest.raises(PoolTimeout, match="one waits before this one"):
            second.acquire(0)

    naps.planned[1] = arrive
    assert first.acquire(10).is_held
    assert seen == [None]


def test_who_waits_may_sleep_in_its_own_way(make_rack, naps, clock):
    """The wait yields its pauses, and returns the slot; given up, it stands in nobody's way."""
    holder, waiter = make_rack(), make_rack()
    lease = holder.acquire(0)
    given_up, wait = waiter.waiting(10), waiter.waiting(10)
    pauses_s = [next(given_up), next(wait)]
    assert pauses_s == [POLL_S, 2 * POLL_S]
    given_up.close()
    lease.release()
    with pytest.raises(StopIteration) as served:
        next(wait)
    assert served.value.value.is_held
    assert naps.taken_s == []


def test_a_rack_that_stops_keeps_its_leases(make_rack, naps):
    """It gives out no more, and its waiters are told; what it holds is held until it is released."""
    rack, other = make_rack(), make_rack()
    lease = rack.acquire(0)
    naps.planned[2] = rack.stop
    with pytest.raises(PoolError, match="the slots of 'db' are closed"):
        rack.acquire(10)
    assert other.try_acquire() is None
    lease.release()
    assert other.try_acquire().is_held


def test_the_wait_ends_in_time(make_rack, clock):
    """After its seconds, not later, a waiter is told how long, who holds the slots, and for what."""
    holder, waiter = make_rack(2), make_rack(2)
    holder.acquire(0, label="tests/test_x.py::test_y")
    waiter.acquire(0)
    with pytest.raises(PoolTimeout) as caught:
        waiter.acquire(2.5)
    assert clock() == pytest.approx(2.5)
    assert str(caught.value) == (
        f"no slot of 'db' became free within 2.5 s: slot 0 is held by process {os.getpid()} (tests/test_x.py::test_y), "
        f"slot 1 is held by process {os.getpid()}"
    )


def test_those_before_are_counted(make_rack, naps):
    """Who gives up is told how many waited before, and which slot was free for them."""
    holder, *others = [make_rack() for _ in range(4)]
    lease = holder.acquire(0)

    def third():
        lease.release()
        with pytest.raises(PoolTimeout, match=r": slot 0 is free again; 2 wait before this one$"):
            others[2].acquire(0)

    def second():
        naps.planned[len(naps.taken_s) + 1] = third
        with pytest.raises(PoolTimeout):
            others[1].acquire(0.001)

    naps.planned[1] = second
    assert others[0].acquire(1).is_held


def test_many_slots_are_told_in_part(make_rack):
    """The message stays readable when there are many slots."""
    rack = make_rack(10)
    for _ in range(10):
        rack.acquire(0)
    with pytest.raises(PoolTimeout, match=r"slot 7 is held by process \d+, and 2 more$"):
        rack.acquire(0)


def test_a_waiter_that_gave_up_is_in_nobodys_way(make_rack):
    """After its time the queue is as if it had never come."""
    holder, first, second = make_rack(), make_rack(), make_rack()
    lease = holder.acquire(0)
    with pytest.raises(PoolTimeout):
        first.acquire(1)
    lease.release()
    assert second.try_acquire().is_held


def test_an_interrupted_waiter_is_in_nobodys_way(make_rack, naps):
    """Ctrl-C during a wait leaves the queue."""
    holder, waiter = make_rack(), make_rack()
    lease = holder.acquire(0)

    def interrupt():
        raise KeyboardInterrupt

    naps.planned[2] = interrupt
    with pytest.raises(KeyboardInterrupt):
        waiter.acquire(10)
    lease.release()
    assert holder.try_acquire().is_held


def test_looks_become_rarer(make_rack, naps):
    """Who is next looks at once again, and after a long wait every 20 ms; never later than its time."""
    rack = make_rack()
    rack.acquire(0)
    with pytest.raises(PoolTimeout):
        rack.acquire(3)
    assert naps.taken_s[0] == pytest.approx(0.001)
    assert max(naps.taken_s) == pytest.approx(0.02)
    assert sum(naps.taken_s) == pytest.approx(3)


def test_one_may_wait_for_ever(make_rack, naps):
    """An endless timeout is one."""
    rack = make_rack()
    naps.planned[100] = rack.acquire(0).release
    assert rack.acquire(math.inf).is_held


def test_a_gate_that_stays_shut_is_told(make_rack, monkeypatch):
    """Where another process was stopped inside, the wait ends in time, and who looks once gets nothing."""
    stopped, rack = make_rack(), make_rack()
    with stopped._gate.passed(0):
        assert rack.try_acquire() is None
        with pytest.raises(PoolTimeout, match=r"^no slot of 'db' became free within 5 s: another process has stopped"):
            rack.acquire(5)
    assert rack.try_acquire().is_held


def test_threads_pass_the_gate_one_at_a_time(make_rack):
    """While one thread is inside, another one of the process gets no further than one of another process."""
    rack = make_rack()
    with rack._gate.passed(0) as is_inside, rack._gate.passed(0) as is_second_inside:
        assert (is_inside, is_second_inside) == (True, False)


def test_a_closed_rack_gives_nothing(make_rack):
    """Closing ends all leases, and says so to whoever asks."""
    rack = make_rack()
    slot = rack.acquire(0)
    rack.close()
    rack.close()
    slot.release()
    assert not slot.is_held
    for ask in (rack.try_acquire, lambda: rack.acquire(1)):
        with pytest.raises(PoolError, match="the slots of 'db' are closed"):
            ask()
    assert rack._locks.take((), "") is None
    assert make_rack().try_acquire().is_held


def test_waiters_are_told_of_the_close(make_rack, naps):
    """A thread that waits doesn't wait out its time."""
    holder, waiter = make_rack(), make_rack()
    holder.acquire(0)
    naps.planned[3] = waiter.close
    with pytest.raises(PoolError, match="closed"):
        waiter.acquire(10)
    assert len(naps.taken_s) == 3


def test_the_last_one_removes_the_files(make_rack, tmp_path):
    """A closing process leaves the files to those who hold or wait; after the last one nothing is there."""
    one, other = make_rack(), make_rack()
    lease = one.acquire(0)
    other.close()
    assert other is not one
    assert lease.is_held
    assert make_rack().try_acquire() is None
    one.close()
    make_rack().close()
    assert list(tmp_path.iterdir()) == []


def test_a_rack_outlives_the_removal_of_its_files(make_rack):
    """Who closes last may not be the last: one who asks later makes anew what is missing, and all meet there."""
    early, late = make_rack(2), make_rack(2)
    early.acquire(0).release()
    late.acquire(0).release()
    late.close()
    first = early.acquire(0)
    assert {first.number, make_rack(2).acquire(0).number} == {0, 1}
    assert early.try_acquire() is None


def test_a_folder_that_goes_before_it_is_used_is_made_anew(make_rack, tmp_path, monkeypatch):
    """A process that makes a rack while the last other one clears up, finds its folder gone again, and goes on."""
    rack = make_rack()
    monkeypatch.setattr(slots.RackFolder, "make", lambda self: None)
    late = make_rack(name="late")
    monkeypatch.undo()
    assert late.acquire(0).is_held
    assert rack.acquire(0).is_held


def test_a_folder_that_is_missing_is_told(make_rack, tmp_path):
    """At once where it was never there, and when it goes: one sentence with name and folder."""
    with pytest.raises(PoolError, match=r"^the slots of 'db' can't be shared through .*nowhere \(No such file"):
        make_rack(folder=tmp_path / "nowhere")
    session = tmp_path / "session"
    session.mkdir()
    rack = make_rack(folder=session)
    remove_rack_files(session)
    with pytest.raises(PoolError, match=r"^the slots of 'db' can't be shared through .*session \(No such file"):
        rack.acquire(1)


def test_a_system_without_locks_is_told(make_rack, monkeypatch):
    """When the rack is made, not when it is used."""

    def refuse(fd, blocking):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(lock_file, "lock_descriptor", refuse)
    with pytest.raises(PoolError, match=r"\(Function not implemented\); that takes a local folder"):
        make_rack()


def test_a_lease_leaves_no_file_open(make_rack):
    """All files are opened when the rack is made: no lease, nor a test that has it, counts them as its own."""
    rack = make_rack(3)
    files = [file._file for file in (rack._gate._file, *rack._locks._files)]
    assert None not in files
    for lease in [rack.acquire(0) for _ in range(3)]:
        lease.release()
    assert [file._file for file in (rack._gate._file, *rack._locks._files)] == files


@pytest.mark.parametrize("slot_count", [0, -2])
def test_a_rack_has_slots(make_rack, slot_count):
    """Fewer than one slot are refused."""
    with pytest.raises(PoolError, match=f"'db' can't be shared in {slot_count} slots; give at least 1"):
        make_rack(slot_count)


def test_a_note_that_cant_be_written_costs_no_lease(make_rack, monkeypatch):
    """On a full disk a slot is taken all the same."""

    def refuse(self, label):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lock_file.LockFile, "leave_note", refuse)
    assert make_rack().acquire(0).is_held


def test_a_lock_that_cant_be_undone_ends_with_its_file(make_rack, monkeypatch):
    """Where unlocking fails, the file is closed, and the slot is free."""

    def refuse(fd):
        raise OSError(5, "Input/output error")

    rack = make_rack()
    slot = rack.acquire(0)
    with monkeypatch.context() as patched:
        patched.setattr(lock_file, "unlock_descriptor", refuse)
        slot.release()
    assert make_rack().try_acquire().is_held


def test_a_forked_process_begins_with_nothing(make_rack):
    """It closes what it inherited, also the tickets of threads that aren't there, and holds nothing."""
    rack = make_rack(2)
    slot, ticket = rack.acquire(0), rack._queue.draw()
    rack._tickets.add(ticket)
    inherited = [ticket._file, rack._gate._file, *rack._locks._files]
    with slot._locks._lock:  # of another thread, which will never let go
        rack.after_fork_in_child()
        assert not slot.is_held
        slot.release()
    assert [file._file for file in inherited] == [None] * 4
    assert not rack._tickets
