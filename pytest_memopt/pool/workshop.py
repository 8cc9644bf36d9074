"""The calls into user code: building, checking, resetting and closing resources, each with its failures told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Generic, TypeVar

from ..errors import one_line
from .arguments import Arguments
from .call_limit import CallLimit
from .hooks import Operation, PoolHooks
from .lease import Borrower
from .recipe import SLOT, ResourceType
from .resource import PooledResource
from .stats import Eviction
from .trouble import Trouble, TroubleKind
from .under_way import CallsUnderWay
from .wording import cut

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")

_NOTHING: Final[AbstractContextManager[object]] = nullcontext()


class Workshop(Generic[T]):
    """Calls what a resource type consists of; holds no members, and no lock is held while it works.

    Attributes:
        calls: those that are running now.
    """

    def __init__(self, kind: ResourceType, hooks: PoolHooks) -> None:
        self._kind = kind
        self._hooks = hooks
        self.calls = CallsUnderWay(hooks.clock, hooks.label)
        self.checks_before = kind.validate is not None
        self.checks_after = kind.reset is not None or kind.fingerprint is not None

    def around(self, operation: Operation) -> AbstractContextManager[object]:
        """What belongs around a call: it is known while it runs, and the pool's surroundings have their own."""
        around = self._hooks.around
        return self.calls.watched(operation, around(operation, self._kind.name) if around is not None else None)

    def limited(self, operation: Operation) -> AbstractContextManager[object]:
        """What ends a call that hangs, where the type says after which time."""
        limit_s = self._kind.policy.call_timeout_s
        return _NOTHING if limit_s is None else CallLimit(limit_s, f"{operation.value} of {self._kind.subject}")

    def build(self, arguments: Arguments) -> PooledResource[T]:
        """A new member; whatever the factory raises comes through, with a note that says whose it is."""
        with self.around(Operation.BUILD):
            with noted(f"while building a resource of type {self._kind.name!r}"), self.limited(Operation.BUILD):
                resource = self._kind.factory(*arguments.positional, **self.named(arguments))
            return self.enrol(resource, arguments)

    def named(self, arguments: Arguments) -> dict[str, Any]:
        """The factory's keyword arguments."""
        return {**arguments.named, SLOT: arguments.slot} if self._kind.takes_slot else dict(arguments.named)

    def enrol(self, resource: T, arguments: Arguments) -> PooledResource[T]:
        """The record of a resource that was just built, with its fingerprint."""
        member = self.record(resource, arguments)
        if self._kind.fingerprint is not None:
            try:
                with noted(f"while taking the fingerprint of a new resource of type {self._kind.name!r}"):
                    member.fingerprint = self.call(Operation.FINGERPRINT, self._kind.fingerprint, member)
            except BaseException:
                self.close(member)  # nobody else knows of it yet
                raise
        return member

    def record(self, resource: T, arguments: Arguments) -> PooledResource[T]:
        """The record of a resource, without its fingerprint."""
        hooks = self._hooks
        lifetime_s = self._kind.policy.lifetime_s(hooks.chance())
        member = PooledResource(resource, arguments.key, hooks.clock(), lifetime_s)
        member.slot = arguments.slot
        return member

    def call(self, operation: Operation, function: Callable[[T], object], member: PooledResource[T]) -> object:
        """Call ``function`` on the resource."""
        with self.around(operation), self.limited(operation):
            return function(member.resource)

    def is_valid(self, member: PooledResource[T]) -> bool:
        """Whether ``validate`` accepts it; an exception is told, and means no."""
        if self._kind.validate is None:
            return True
        try:
            return self.call(Operation.VALIDATE, self._kind.validate, member) is not False
        except Exception as error:  # noqa: BLE001 - user code
            return self.note_invalid(error)

    def restore(self, member: PooledResource[T], borrower: Borrower | None) -> Eviction | None:
        """Reset it, and compare what it looks like; why it can't be lent again, or ``None``."""
        kind = self._kind
        try:
            if kind.reset is not None:
                self.call(Operation.RESET, kind.reset, member)
        except Exception as error:  # noqa: BLE001 - user code
            return self.note_not_reset(error, borrower)
        if kind.fingerprint is None:
            return None
        try:
            seen = self.call(Operation.FINGERPRINT, kind.fingerprint, member)
            is_same = bool(seen == member.fingerprint)
        except Exception as error:  # noqa: BLE001 - user code
            return self.note_not_compared(error, borrower)
        return None if is_same else self.note_soiled(member, seen, borrower)

    def close(self, member: PooledResource[T]) -> bool:
        """Close it; a failure is told. Whether there was none."""
        try:
            if (close := self.closer_of(member)) is None:
                return True
            with self.around(Operation.CLOSE), self.limited(Operation.CLOSE):
                close()
        except Exception as error:  # noqa: BLE001 - user code, also where the attribute is looked for
            return self.note_not_closed(error)
        return True

    def closer_of(self, member: PooledResource[T], *own_names: str) -> Callable[[], object] | None:
        """What closes it: the type's ``close``, or its own method of the first of these names; ``None`` without both."""
        close = self._kind.close
        if close is not None:
            return lambda: close(member.resource)
        for name in own_names or ("close",):
            own: Callable[[], object] | None = getattr(member.resource, name, None)
            if callable(own):
                return own
        return None

    def note_invalid(self, error: BaseException) -> bool:
        """Tell that ``validate`` raised: it refuses."""
        self.tell(TroubleKind.VALIDATE_FAILED, f"{one_line(error)}; the resource was replaced")
        return False

    def note_not_reset(self, error: BaseException, borrower: Borrower | None) -> Eviction:
        """Tell that ``reset`` raised."""
        self.tell(TroubleKind.RESET_FAILED, f"{one_line(error)}; the resource was discarded", borrower)
        return Eviction.RESET_FAILED

    def note_not_compared(self, error: BaseException, borrower: Borrower | None) -> Eviction:
        """Tell that ``fingerprint`` raised: the resource can't be trusted."""
        self.tell(TroubleKind.FINGERPRINT_FAILED, f"{one_line(error)}; the resource was discarded", borrower)
        return Eviction.SOILED

    def note_soiled(self, member: PooledResource[T], seen: object, borrower: Borrower | None) -> Eviction:
        """Tell that it looks otherwise than when it was new."""
        told = soiled_text(member.fingerprint, seen, has_reset=self._kind.reset is not None)
        self.tell(TroubleKind.SOILED, told, borrower)
        return Eviction.SOILED

    def note_not_closed(self, error: BaseException) -> bool:
        """Tell that it could not be closed."""
        self.tell(TroubleKind.CLOSE_FAILED, one_line(error))
        return False

    def tell(self, kind: TroubleKind, told: str, borrower: Borrower | None = None) -> None:
        """Tell of a trouble, beginning with the type, the kind and the borrower."""
        label = str(borrower) if borrower is not None else None
        stack = borrower.spelt_stack if borrower is not None else ()
        whose = f" after {label}" if label is not None and kind in _AFTER else ""
        text = f"resource {self._kind.name!r} {_VERBS[kind]}{whose}: {told}"
        self._hooks.tell(Trouble(kind, self._kind.name, text, label, stack))


_AFTER: Final = (TroubleKind.SOILED, TroubleKind.RESET_FAILED, TroubleKind.FINGERPRINT_FAILED)
_VERBS: Final = {
    TroubleKind.KEPT: "was not given back",
    TroubleKind.OVERDUE: "is held too long",
    TroubleKind.LOST: "was lost",
    TroubleKind.SLOW: "takes too long",
    TroubleKind.SOILED: "was changed and not reset",
    TroubleKind.RESET_FAILED: "could not be reset",
    TroubleKind.VALIDATE_FAILED: "could not be validated",
    TroubleKind.FINGERPRINT_FAILED: "could not be compared",
    TroubleKind.CLOSE_FAILED: "could not be closed",
    TroubleKind.UPKEEP_FAILED: "could not be kept ready",
    TroubleKind.LEFT_BEHIND: "was left behind",
}
_TELLING: Final = 120
_WHOLE: Final = 100_000


class noted:  # noqa: N801 - a context manager that reads like a word
    """Add a note to whatever is raised inside (Python 3.11 and newer)."""

    __slots__ = ("_note",)

    def __init__(self, note: str) -> None:
        self._note = note

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and sys.version_info >= (3, 11):
            error.add_note(self._note)


def soiled_text(before: object, after: object, *, has_reset: bool) -> str:
    """What a fingerprint shows, in words."""
    remedy = "make reset undo this" if has_reset else "give the type a reset that undoes this"
    was, now = apart(cut(before, _WHOLE), cut(after, _WHOLE))
    return f"its fingerprint was {was} and is {now}; the resource was discarded; {remedy}"


def apart(before: str, after: str, most: int = _TELLING) -> tuple[str, str]:
    """Two texts, each shortened to some ``most`` characters around the first that differs."""
    shorter = min(len(before), len(after)) if before != after else 0
    common = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    start = max(common - most // 4, 0) if max(len(before), len(after)) > most else 0
    shown_before, shown_after = (
        f"{'…' if start else ''}{text[start : start + most]}{'…' if len(text) > start + most else ''}"
        for text in (before, after)
    )
    return shown_before, shown_after
