"""What fixtures lend of the session's pools, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .pools import SessionPools, borrower_of, session_pools

if TYPE_CHECKING:
    from ..pool.manager import ResourceManager

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


def manager_of(config: pytest.Config) -> ResourceManager:
    """The manager of the session's pools."""
    return session_pools(config).manager


def lend(
    request: pytest.FixtureRequest,
    wanted: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None,
) -> Generator[Any, None, None]:
    """Lend until the fixture's end: what is ``wanted`` (type, arguments), the parameter's resource, or a function that borrows."""
    with ExitStack() as held:
        borrow = _borrower(session_pools(request.config), str(request.fixturename), borrower_of(request), held)
        if wanted is not None:
            type_name, args, named = wanted
            yield borrow(type_name, *args, **named)
        elif hasattr(request, "param"):
            yield _borrow_parameter(borrow, request.param)
        else:
            yield borrow


def _borrower(pools: SessionPools, name: str, label: str, held: ExitStack) -> Callable[..., Any]:
    is_over = False

    def end() -> None:
        nonlocal is_over
        is_over = True

    def borrow(type_name: str, *args: Any, timeout_s: float | None = None, **named: Any) -> Any:
        """Borrow a resource of that type until the fixture's end; ``args`` and ``named`` are its factory's."""
        if is_over:
            raise _too_late(name, label)
        lease = pools.manager.borrow(type_name, *args, timeout_s=timeout_s, label=label, **named)
        held.callback(lease.give_back)
        pools.note_arguments(type_name, args, named)
        return lease.resource

    held.callback(end)
    borrow.__name__ = borrow.__qualname__ = name  # as pytest shows it where a test fails
    return borrow


def _too_late(name: str, label: str) -> Exception:
    from ..errors import UsageError

    return UsageError(f"{name} of {label} is called when that is over; ask for the fixture in the test that borrows")


def _borrow_parameter(borrow: Callable[..., Any], parameter: object) -> Any:
    """A parameter is a type's name, or one with the arguments of its factory."""
    if isinstance(parameter, str):
        return borrow(parameter)
    if isinstance(parameter, tuple) and parameter and isinstance(parameter[0], str):
        return borrow(*parameter)
    from ..errors import UsageError

    raise UsageError(
        f"pooled_resource: the parameter {parameter!r} is neither the name of a resource type nor a tuple that begins with one"
    )
