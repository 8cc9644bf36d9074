"""Fixtures that lend pooled resources, also those of wider scopes that a project makes for itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from ..pool.manager import ResourceManager
    from .pools import SessionPools

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

Scope = Literal["function", "class", "module", "package", "session"]


@pytest.fixture(scope="session")
def resource_manager(pytestconfig: pytest.Config) -> ResourceManager:
    """The session's manager of pooled resources: register types, borrow, read statistics.

    As in ``resource_manager.register("db", create_db, reset=Db.rollback)``. A test that borrows from it has to give back.
    """
    from .pools import session_pools

    return session_pools(pytestconfig).manager


@pytest.fixture
def pooled_resource(
    resource_manager: ResourceManager,  # noqa: ARG001 - asked for, so that it is set up before, and not on this test's account
    request: pytest.FixtureRequest,
) -> Generator[Any, None, None]:
    """Resources that are borrowed until the end of the test.

    As in ``db = pooled_resource("db")``. With ``@pytest.mark.parametrize("pooled_resource", ["db"], indirect=True)`` it is the resource itself.
    """
    yield from _lend(request, _pools_of(request))


def pooled_resource_factory(scope: Scope, type_name: str | None = None, /, *args: Any, **named: Any) -> Any:
    """A fixture that lends until the end of a wider scope; to be given a name in a ``conftest.py`` or a test module.

    ``module_db = pooled_resource_factory("module", "db")`` is the resource itself; without the type it is a function
    that borrows, as ``pooled_resource`` is.

    Args:
        scope: ``function``, ``class``, ``module``, ``package`` or ``session``.
        type_name: the resource type; ``None`` for a function that takes it.
        args: what the type's factory is called with, as is ``named``.
        named: see ``args``.
    """

    @pytest.fixture(scope=scope)
    def pooled(
        resource_manager: ResourceManager,  # noqa: ARG001 - as above
        request: pytest.FixtureRequest,
    ) -> Generator[Any, None, None]:
        if type_name is None:
            yield from _lend(request, _pools_of(request))
        else:
            yield from _lend(request, _pools_of(request), (type_name, args, named))

    return pooled


def _pools_of(request: pytest.FixtureRequest) -> SessionPools:
    from .pools import session_pools

    return session_pools(request.config)


def _lend(
    request: pytest.FixtureRequest,
    pools: SessionPools,
    wanted: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None,
) -> Generator[Any, None, None]:
    from .pools import borrower_of

    with ExitStack() as held:
        borrow = _borrower(pools, str(request.fixturename), borrower_of(request), held)
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
