"""The two ways that are compared: building, using and closing a resource each time, and borrowing one from its pool."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Final

from ..errors import ComparisonError, one_line
from ..pool.arguments import NO_ARGUMENTS, Arguments
from ..pool.choice import pool_of
from ..pool.hooks import Operation, PoolHooks
from ..pool.pool import MemoryPool
from ..pool.recipe import ResourceType
from ..pool.resource import PooledResource
from ..pool.stats import PoolStats
from ..pool.trouble import Trouble
from ..pool.workshop import Workshop
from .paired_timing import timed

if TYPE_CHECKING:
    from .async_pool_sides import LoopSides

Use = Callable[[Any], object]
_USE: Final = "use"


class Unpooled:
    """Without a pool: factory, use, close. What only a pool needs (reset, validate, fingerprint) isn't called."""

    def __init__(self, kind: ResourceType, arguments: Arguments | None, use: Use | None) -> None:
        self._kind = kind
        arguments = arguments or NO_ARGUMENTS
        if kind.shared:
            arguments = arguments.in_slot(kind.policy.max_size - 1)
        self._positional = arguments.positional
        self._works: Workshop[Any] = Workshop(kind, PoolHooks())
        self._named = self._works.named(arguments)
        self._use = use
        self._record: PooledResource[Any] = PooledResource(None, None, 0.0)  # one for all, as making it takes time

    def __call__(self) -> None:
        """Once.

        Raises:
            ComparisonError: naming the type and what failed.
        """
        kind = self._kind
        try:
            resource = kind.factory(*self._positional, **self._named)
        except (Exception, SystemExit) as error:
            raise failed(kind, Operation.BUILD.value, error) from error
        if self._use is not None:
            _used(kind, self._use, resource)
        self._record.resource = resource
        try:
            closer = self._works.closer_of(self._record)
            if closer is not None:
                closer()
        except (Exception, SystemExit) as error:
            raise failed(kind, Operation.CLOSE.value, error) from error
        finally:
            self._record.resource = None


class Pooled:
    """With a pool of its own: borrow, use, return, with all that the type says of validating and resetting."""

    def __init__(self, kind: ResourceType, arguments: Arguments | None, use: Use | None, pool: MemoryPool[Any]) -> None:
        self._kind = kind
        self._arguments = arguments
        self._use = use
        self._pool = pool
        self._building = building_of(kind)

    def __call__(self) -> None:
        """Once.

        Raises:
            ComparisonError: naming the type and what failed.
        """
        try:
            lease = self._pool.borrow(self._arguments)
        except (Exception, SystemExit) as error:
            raise failed(self._kind, self._building, error) from error
        try:
            if self._use is not None:
                _used(self._kind, self._use, lease.resource)
        finally:
            lease.give_back()


class ThreadSides:
    """Both sides of a type for threads, with the pool that is theirs.

    Of a shared type the slots are theirs too, so that nobody is kept waiting: the pool takes the first, and what is built
    anew has the last.

    Attributes:
        troubles: what went wrong in the pool.
        unpooled, pooled: either side; they raise `ComparisonError`, naming the type and what failed.
    """

    def __init__(self, kind: ResourceType, arguments: Arguments | None, use: Use | None) -> None:
        self.troubles: list[Trouble] = []
        self._folder = _own_folder(kind)
        self._pool = pool_of(kind, PoolHooks(tell=self.troubles.append, rack_folder=self._folder))
        self.unpooled = timed(Unpooled(kind, arguments, use))
        self.pooled = timed(Pooled(kind, arguments, use, self._pool))

    def stats(self) -> PoolStats:
        """What the pool did so far."""
        return self._pool.get_stats()

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()
        if self._folder is not None:
            rmtree(self._folder, ignore_errors=True)


def sides_of(kind: ResourceType, arguments: Arguments | None, use: Use | None) -> ThreadSides | LoopSides:
    """Both sides of a type: in an event loop where one of its functions has to be awaited.

    Raises:
        ComparisonError: for such a type, where an event loop runs already.
    """
    if not (kind.awaited or inspect.iscoroutinefunction(use)):
        return ThreadSides(kind, arguments, use)
    from .async_pool_sides import LoopSides

    return LoopSides(kind, arguments, use)


def _own_folder(kind: ResourceType) -> Path | None:
    return Path(mkdtemp(prefix="memopt-benchmark-")) if kind.shared else None


def check_troubles(troubles: Sequence[Trouble]) -> None:
    """Whether all went well in a pool, which goes on past failures.

    Raises:
        ComparisonError: naming the type and what failed.
    """
    if troubles:
        raise ComparisonError(f"{troubles[0].told}; it was compared with its pool, and can't be like that")


def building_of(kind: ResourceType) -> str:
    """What a pool calls to build a resource."""
    return (
        Operation.BUILD.value
        if kind.fingerprint is None
        else f"{Operation.BUILD.value} or {Operation.FINGERPRINT.value}"
    )


def failed(kind: ResourceType, what: str, error: BaseException) -> ComparisonError:
    """One of the type's callables, or the use of its resource, raised."""
    return ComparisonError(f"{kind.subject} can't be compared with its pool: its {what} raised {one_line(error)}")


def _used(kind: ResourceType, use: Use, resource: object) -> None:
    try:
        use(resource)
    except (Exception, SystemExit) as error:
        raise failed(kind, _USE, error) from error
