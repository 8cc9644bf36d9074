"""What a pool decides of slots, which the processes of a machine share: the half that both twins have in common."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from ..errors import PoolError, PoolTimeout
from . import wording
from .desk import PoolDesk
from .lease import Lease
from .policy import Order
from .resource import PooledResource, ResourceState

if TYPE_CHECKING:
    from .arguments import Arguments
    from .hooks import PoolHooks
    from .recipe import ResourceType
    from .slots import Slot, SlotRack
    from .waiting import Wait

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")

_FOREVER_S: Final = float("inf")


class SharedDesk(PoolDesk[T]):
    """Knows which slots its process has for the type, and which member each of them was taken for.

    A slot is taken before a member is looked for, and released when that member is idle again, closed or forfeit: so
    that there is always a place for the member, as slots are as many as places. Idle members hold no slot.
    """

    keeps_shared: ClassVar[bool] = True

    _rack: SlotRack
    _taken: set[Slot]
    _slots: dict[PooledResource[Any], Slot]
    _has_left: bool

    def revoke(self, lease: Lease[T], fate: str) -> None:
        """End a lease in the borrower's place; its slot goes to the next, whatever the borrower does with the resource.

        Args:
            lease: one of `leases`.
            fate: what a late borrower is told, as "was taken back at the end of test_x".
        """
        with self._lock:
            member = lease.member
            super().revoke(lease, fate)
        if member is not None:
            self._release_slots_of([member])

    def after_fork_in_child(self) -> None:
        """Start empty: members and slots are the parent's."""
        super().after_fork_in_child()
        self._taken, self._slots = set(), {}

    def _set_up(self, kind: ResourceType, hooks: PoolHooks, rack: SlotRack | None = None) -> None:
        self._taken, self._slots, self._has_left = set(), {}, False
        PoolDesk.__init__(self, kind, hooks)
        self._rack = rack if rack is not None else _open_rack(kind, hooks)

    def _begin_close(self) -> None:
        super()._begin_close()
        self._rack.stop()

    def _idle_slots(self, key: Hashable) -> list[int]:
        """The slots of idle members that would serve, in the order in which they are to be lent."""
        with self._lock:
            serving = [member for member in self._stock.idle() if member.key == (member.slot, key)]
        serving.sort(key=lambda member: member.last_used_at_s, reverse=self.kind.policy.order is Order.LIFO)
        return [member.slot for member in serving if member.slot is not None]

    def _slot_wait(self, arguments: Arguments, began_s: float, timeout_s: float | None, label: str) -> Wait[Slot]:
        """Wait for a slot, which is then to be given to `_note_lent` or `_release`.

        Raises:
            PoolTimeout: when none came free in time.
            PoolClosed: when the pool is closed.
            PoolError: when the files by which processes share can't be used.
        """
        prefer = self._idle_slots(arguments.key)
        patience_s = self.kind.policy.timeout_s if timeout_s is None else timeout_s
        try:
            slot = self._rack.try_acquire(prefer, label=label)
            if slot is None:
                self._reclaim_lost()
                left_s = _FOREVER_S if patience_s is None else max(began_s + patience_s - self._clock(), 0.0)
                slot = yield from self._counted(self._rack.waiting(left_s, prefer, label=label), began_s)
        except PoolError:
            if self._is_closed:
                raise wording.closed(self.kind) from None
            raise
        self._note_taken(slot)
        return slot

    def _counted(self, wait: Wait[Slot], began_s: float) -> Wait[Slot]:
        counters = self._stock.counters
        try:
            return (yield from wait)
        except PoolTimeout as error:
            with self._lock:
                counters.timeouts += 1
            raise wording.no_slot(error) from None
        finally:
            with self._lock:
                counters.waits += 1
                counters.waited_s += self._clock() - began_s

    def _note_taken(self, slot: Slot) -> None:
        with self._lock:
            if not self._is_closed:
                self._taken.add(slot)
                return
        slot.release()
        raise wording.closed(self.kind)

    def _note_lent(self, lease: Lease[T], slot: Slot) -> None:
        with self._lock:
            member = lease.member
            if member is not None:
                self._slots[member] = slot
                return
        self._release(slot)  # somebody has revoked the lease already

    def _release_slots_of(self, members: Iterable[PooledResource[T]]) -> None:
        with self._lock:
            slots = [self._slots.pop(member) for member in members if member in self._slots]
        for slot in slots:
            self._release(slot)

    def _release_slot_if_idle(self, member: PooledResource[T]) -> None:
        """Release the slot of a member that came back; not of one that is lent still, being reset or to be closed."""
        with self._lock:
            slot = self._slots.pop(member, None) if member.state is ResourceState.IDLE else None
        if slot is not None:
            self._release(slot)

    def _release(self, slot: Slot) -> None:
        slot.release()
        with self._lock:
            self._taken.discard(slot)
        self._leave_at_last()

    def _leave_at_last(self) -> None:
        """Leave the rack once the pool is closed and its last lease has ended."""
        with self._lock:
            if self._has_left or self._taken or not self._is_closed:
                return
            self._has_left = True
        self._rack.close()


def _open_rack(kind: ResourceType, hooks: PoolHooks) -> SlotRack:
    # the first of them loads filelock
    from .rack_folder import user_folder
    from .slots import SlotRack

    folder = hooks.rack_folder if hooks.rack_folder is not None else user_folder()
    return SlotRack(folder, kind.name, kind.policy.max_size, clock=hooks.clock)
