"""The fixtures: thin doors to what is loaded when a test asks for it; every run of pytest loads this module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Literal

    from ..pool.manager import ResourceManager
    from ..snapshots.snapshot import Snapshot
    from .probe import MemoryProbe

    Scope = Literal["function", "class", "module", "package", "session"]

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


@pytest.fixture
def memory_snapshot() -> Callable[..., Snapshot]:
    """A function that takes a snapshot of what is alive; two of them are subtracted.

    As in ``before = memory_snapshot(); work(); diff = memory_snapshot() - before``.

    ``memory_snapshot(deep=True)`` adds sizes with all that the objects refer to, by Pympler.
    """
    from .counted_snapshots import snapshot_taker

    return snapshot_taker()


@pytest.fixture
def memopt() -> MemoryProbe:
    """Measure or limit a part of a test: ``with memopt.measure() as m: ...``, ``with memopt.limit(growth="1 MB"): ...``."""
    from .probe import MemoryProbe

    return MemoryProbe()


@pytest.fixture(scope="session")
def resource_manager(pytestconfig: pytest.Config) -> ResourceManager:
    """The session's manager of pooled resources: register types, borrow, read statistics.

    As in ``resource_manager.register("db", create_db, reset=Db.rollback)``. A test that borrows from it has to give back.
    """
    from .pool_lending import manager_of

    return manager_of(pytestconfig)


@pytest.fixture
def pooled_resource(
    resource_manager: ResourceManager,  # noqa: ARG001 - asked for, so that it is set up before, and not on this test's account
    request: pytest.FixtureRequest,
) -> Generator[Any, None, None]:
    """Resources that are borrowed until the end of the test.

    As in ``db = pooled_resource("db")``. With ``@pytest.mark.parametrize("pooled_resource", ["db"], indirect=True)`` it is the resource itself.
    """
    from .pool_lending import lend

    yield from lend(request)


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
        from .pool_lending import lend

        yield from lend(request, None if type_name is None else (type_name, args, named))

    return pooled
