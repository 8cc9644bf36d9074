"""The calls into user code: building, checking, resetting and closing resources, each with its failures told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Generic, TypeVar

from .arguments import Arguments
from .hooks import Operation, PoolHooks
from .lease import Borrower
from .recipe import SLOT, ResourceType
from .resource import PooledResource
from .stats import Eviction
from .trouble import Trouble, TroubleKind
from .wording import cut

T = TypeVar("T")

_NOTHING: Final[AbstractContextManager[object]] = nullcontext()


class Workshop(Generic[T]):
    """Calls what a resource type consists of; holds no members, and no lock is held while it works."""

    def __init__(self, kind: ResourceType, hooks: PoolHooks) -> None:
        self._kind = kind
        self._hooks = hooks
        self.checks_before = kind.validate is not None
        self.checks_after = kind.reset is not None or kind.fingerprint is not None

    def around(self, operation: Operation) -> AbstractContextManager[object]:
        """What the pool's surroundings put around a call."""
        around = self._hooks.around
        return around(operation, self._kind.name) if around is not None else _NOTHING

    def build(self, arguments: Arguments) -> PooledResource[T]:
        """A new member; whatever the factory raises comes through, with a note that says whose it is."""
        with self.around(Operation.BUILD), noted(f"while building a resource of type {self._kind.name!r}"):
            resource = self._kind.factory(*arguments.positional, **self.named(arguments))
        return self.enrol(resource, arguments)

    def named(self, arguments: Arguments) -> dict[str, Any]:
        """The factory's keyword arguments."""
        return {**arguments.named, SLOT: arguments.slot} if self._kind.takes_slot else dict(arguments.named)

    def enrol(self, resource: T, arguments: Arguments) -> PooledResource[T]:
        """The record of a resource that was just built."""
        hooks = self._hooks
        lifetime_s = self._kind.policy.lifetime_s(hooks.chance())
        member = PooledResource(resource, arguments.key, hooks.clock(), lifetime_s)
        member.slot = arguments.slot
        if self._kind.fingerprint is not None:
            with noted(f"while taking the fingerprint of a new resource of type {self._kind.name!r}"):
                member.fingerprint = self.call(Operation.FINGERPRINT, self._kind.fingerprint, member)
        return member

    def call(self, operation: Operation, function: Callable[[T], object], member: PooledResource[T]) -> object:
        """Call ``function`` on the resource."""
        with self.around(operation):
            return function(member.resource)

    def is_valid(self, member: PooledResource[T]) -> bool:
        """Whether ``validate`` accepts it; an exception is told, and means no."""
        if self._kind.validate is None:
            return True
        try:
            return self.call(Operation.VALIDATE, self._kind.validate, member) is not False
        except Exception as error:  # noqa: BLE001 - user code
            self.tell(TroubleKind.VALIDATE_FAILED, f"{_spell(error)}; the resource was replaced")
            return False

    def restore(self, member: PooledResource[T], borrower: Borrower | None) -> Eviction | None:
        """Reset it, and compare what it looks like; why it can't be lent again, or ``None``."""
        kind = self._kind
        try:
            if kind.reset is not None:
                self.call(Operation.RESET, kind.reset, member)
        except Exception as error:  # noqa: BLE001 - user code
            self.tell(TroubleKind.RESET_FAILED, f"{_spell(error)}; the resource was discarded", borrower)
            return Eviction.RESET_FAILED
        if kind.fingerprint is None:
            return None
        try:
            seen = self.call(Operation.FINGERPRINT, kind.fingerprint, member)
            is_same = bool(seen == member.fingerprint)
        except Exception as error:  # noqa: BLE001 - user code
            self.tell(TroubleKind.FINGERPRINT_FAILED, f"{_spell(error)}; the resource was discarded", borrower)
            return Eviction.SOILED
        if is_same:
            return None
        self.tell(TroubleKind.SOILED, soiled_text(member.fingerprint, seen, has_reset=kind.reset is not None), borrower)
        return Eviction.SOILED

    def close(self, member: PooledResource[T]) -> bool:
        """Close it; a failure is told. Whether there was none."""
        close = self.closer_of(member)
        if close is None:
            return True
        try:
            with self.around(Operation.CLOSE):
                close()
        except Exception as error:  # noqa: BLE001 - user code
            self.tell(TroubleKind.CLOSE_FAILED, _spell(error))
            return False
        return True

    def closer_of(self, member: PooledResource[T]) -> Callable[[], object] | None:
        """What closes it: the type's ``close``, or its own; ``None`` where there is neither."""
        close = self._kind.close
        if close is not None:
            return lambda: close(member.resource)
        own = getattr(member.resource, "close", None)
        return own if callable(own) else None

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
    TroubleKind.SOILED: "was changed and not reset",
    TroubleKind.RESET_FAILED: "could not be reset",
    TroubleKind.VALIDATE_FAILED: "could not be validated",
    TroubleKind.FINGERPRINT_FAILED: "could not be compared",
    TroubleKind.CLOSE_FAILED: "could not be closed",
    TroubleKind.UPKEEP_FAILED: "could not be kept ready",
}
_TELLING: Final = 120


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
    return f"its fingerprint was {cut(before, _TELLING)} and is {cut(after, _TELLING)}; the resource was discarded; {remedy}"


def _spell(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
