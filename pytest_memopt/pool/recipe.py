"""A resource type: how its resources are built, checked, reset and closed, and the rules of its pool."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, NamedTuple

from ..errors import ResourceTypeError
from .arguments import Arguments, arguments_of
from .policy import PoolPolicy, make_policy

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

SLOT: Final = "slot"


class ResourceType(NamedTuple):
    """What a pool knows of its resources.

    Attributes:
        name: the type's name.
        factory: builds a resource from the borrower's arguments; a parameter ``slot`` gets the lease's slot number.
        policy: the rules of its pool.
        validate: called before a resource is lent again; ``False`` or an exception replaces it.
        reset: called when a resource comes back; an exception replaces it.
        close: called when a resource leaves; where there is none, its own method ``close`` where it has one.
        fingerprint: what a resource looks like: called when it is new, and after each reset; it must stay equal.
        key: for factories with arguments, what tells resources apart; the arguments themselves where there is none.
        shared: whether ``max_size`` limits the leases of all processes of the machine together.
        takes_slot: whether the factory has a parameter ``slot``.
    """

    name: str
    factory: Callable[..., Any]
    policy: PoolPolicy = PoolPolicy()
    validate: Callable[[Any], object] | None = None
    reset: Callable[[Any], object] | None = None
    close: Callable[[Any], object] | None = None
    fingerprint: Callable[[Any], object] | None = None
    key: Callable[..., Hashable] | None = None
    shared: bool = False
    takes_slot: bool = False

    @property
    def subject(self) -> str:
        """The type, as messages begin."""
        return f"resource type {self.name!r}"

    @property
    def awaited(self) -> tuple[str, ...]:
        """Which of its callables are coroutine functions: only async borrowers can use such a type."""
        called = {
            "factory": self.factory,
            "validate": self.validate,
            "reset": self.reset,
            "close": self.close,
            "fingerprint": self.fingerprint,
        }
        return tuple(name for name, function in called.items() if inspect.iscoroutinefunction(function))

    def arguments(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> Arguments | None:
        """What a borrower asks for, as pools take it; ``None`` for no arguments, which the quickest path lends.

        Raises:
            ResourceTypeError: when the arguments can't be told apart.
        """
        return arguments_of(self.subject, positional, named, self.key) if positional or named else None


def make_type(  # noqa: PLR0913 - what a user registers a type with
    name: Any,
    factory: Callable[..., Any],
    *,
    validate: Callable[[Any], object] | None = None,
    reset: Callable[[Any], object] | None = None,
    close: Callable[[Any], object] | None = None,
    fingerprint: Callable[[Any], object] | None = None,
    key: Callable[..., Hashable] | None = None,
    shared: bool = False,
    **policy: Any,
) -> ResourceType:
    """The type with these callables and rules, all of them checked; see `make_policy` for the rules.

    Raises:
        ResourceTypeError: naming the type, what is wrong and what would be right.
    """
    if not (isinstance(name, str) and name):
        raise ResourceTypeError(f"a resource type is registered as {name!r}; its name must be a text that isn't empty")
    subject = f"resource type {name!r}"
    if not callable(factory):
        raise ResourceTypeError(f"{subject}: its factory is {factory!r}, which can't be called")
    for what, called in (("validate", validate), ("reset", reset), ("close", close), ("fingerprint", fingerprint)):
        if called is not None and not callable(called):
            raise ResourceTypeError(f"{subject}: {what}={called!r} can't be called")
    if key is not None and not callable(key):
        raise ResourceTypeError(f"{subject}: key={key!r} can't be called; it takes the factory's arguments")
    rules = make_policy(subject, **policy)
    if shared and rules.min_idle:
        raise ResourceTypeError(
            f"{subject}: min_idle={rules.min_idle} can't be kept ready with shared=True: "
            "which slot a process gets shows only when it borrows; leave min_idle out"
        )
    return ResourceType(
        name,
        factory,
        rules,
        validate,
        reset,
        close,
        fingerprint,
        key,
        shared,
        takes_slot=_takes_slot(factory),
    )


def resized(kind: ResourceType, max_size: int) -> ResourceType:
    """The type with so many members at the most.

    Raises:
        ResourceTypeError: when it is less than 1 or than ``min_idle``, or processes share the type.
    """
    if kind.shared:
        raise ResourceTypeError(
            f"{kind.subject}: max_size={max_size} can't be set: how many its processes share is in its code"
        )
    least = max(1, kind.policy.min_idle)
    if max_size < least:
        raise ResourceTypeError(f"{kind.subject}: max_size={max_size} is too few; it needs {least} or more")
    return kind._replace(policy=kind.policy._replace(max_size=max_size))


def _takes_slot(factory: Callable[..., Any]) -> bool:
    try:
        return SLOT in inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return False
