"""What the work of pools takes of memory: charged to them instead of the test that happens to borrow."""

from __future__ import annotations

from array import array
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Final, cast

import pytest

from ..meters.account import Account
from ..meters.originals import threading, time

if TYPE_CHECKING:
    from .recorder import Recorder
    from .session import MeasuringHooks

_NOTHING: Final[AbstractContextManager[object]] = nullcontext()


class PoolCharges:
    """Switches the recorder's account while a pool is at work, where tests are measured at all.

    What reading memory takes is taken off the pools' clock, so that it is in none of their times.
    """

    def __init__(self, plugins: pytest.PytestPluginManager) -> None:
        self._plugins = plugins
        self._thread_id = threading.get_ident()
        self._held_bytes: dict[str, int] = {}
        self._going_on: dict[_Work, None] = {}
        self._noted_bytes = 0
        self._payer = Account.RUNNER
        self._reading_s = array("d", [0.0])  # no number that is made on one account, and dropped on another

    def clock(self) -> float:
        """Seconds, monotonic, that stand still while memory is read."""
        return time.monotonic() - self._reading_s[0]

    def note_reading(self, began_s: float) -> None:
        """Memory was read since then."""
        self._reading_s[0] += time.monotonic() - began_s

    def of_building(self, type_name: str | None = None) -> AbstractContextManager[object]:
        """Building or closing: no test pays, or gains; with a name, what it leaves is held by that type's pool."""
        recorder = self._recorder()
        return _NOTHING if recorder is None else _Work(self, recorder, type_name)

    def of_restoring(self) -> AbstractContextManager[object]:
        """Checking or resetting: what that takes is the pool's, what it frees was the test's."""
        recorder = self._recorder()
        return _NOTHING if recorder is None or recorder.account is Account.SHARED else _Restoring(self, recorder)

    def held_bytes(self) -> dict[str, int]:
        """Bytes that each type's resources hold, as far as they were built where memory is measured."""
        return dict(self._held_bytes)

    def begin(self, work: _Work) -> None:
        """Charge what comes to the pools, until the last that goes on is over: tasks need not end as they began."""
        before = work.recorder.charge_shared()
        if (
            before is not Account.SHARED or not self._going_on
        ):  # what still goes on then belonged to a test that is over
            self._going_on.clear()
            self._payer = before
        self._note_grown(work.recorder)
        self._going_on[work] = None

    def end(self, work: _Work) -> Account | None:
        """Charge who was charged before, where no other work of the pools goes on; who that is."""
        recorder = work.recorder
        if work not in self._going_on or recorder.account is not Account.SHARED:
            self._going_on.pop(work, None)
            return None
        recorder.charge_shared()
        self._note_grown(recorder)
        del self._going_on[work]
        if self._going_on:
            return None
        self._noted_bytes = 0  # or a number would be made on one account, and dropped on another
        recorder.charge_to(self._payer)
        return self._payer

    def _note_grown(self, recorder: Recorder) -> None:
        """What came since the last look is held by the type whose building began last, and isn't over."""
        if not recorder.window.is_open:
            return
        now_bytes = recorder.shared_bytes
        working = next(reversed(self._going_on), None)
        if working is not None and (name := working.type_name) is not None:
            self._held_bytes[name] = self._held_bytes.get(name, 0) + now_bytes - self._noted_bytes
        self._noted_bytes = now_bytes

    def _recorder(self) -> Recorder | None:
        hooks = cast("MeasuringHooks | None", self._plugins.get_plugin("memopt-measuring"))
        # what other threads do meanwhile can't be told apart anyway
        return hooks.recorder if hooks is not None and threading.get_ident() == self._thread_id else None


class _Work:
    """Something that a pool does, around which the account is switched."""

    __slots__ = ("_charges", "recorder", "type_name")

    def __init__(self, charges: PoolCharges, recorder: Recorder, type_name: str | None = None) -> None:
        self._charges = charges
        self.recorder = recorder
        self.type_name = type_name

    def __enter__(self) -> None:
        began_s = time.monotonic()
        self._charges.begin(self)
        self._charges.note_reading(began_s)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        began_s = time.monotonic()
        self._charges.end(self)
        self._charges.note_reading(began_s)


class _Restoring(_Work):
    __slots__ = ()

    def __enter__(self) -> None:
        began_s = time.monotonic()
        self._charges.begin(self)
        self.recorder.window.note_shared()
        self._charges.note_reading(began_s)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        began_s = time.monotonic()
        if (payer := self._charges.end(self)) is not None:
            self.recorder.window.return_shrinkage(payer)
        self._charges.note_reading(began_s)
