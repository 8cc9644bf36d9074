"""The pools that are raced: ours, one that checks nothing, SQLAlchemy's, and the generic ones of PyPI.

Each is set up as its documentation shows, with room for a given number of resources, and gives loops that borrow and
return so many times: by a pair of calls, and by a ``with`` block where it has one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from itertools import repeat
from typing import Any, Final, NamedTuple

from pytest_memopt import MemoryPool

Loop = Callable[[int, Callable[[], object]], None]
"""Borrow and return so many times, and call the function while the resource is held."""


class Loops(NamedTuple):
    """How one pool is used; ``None`` where it can't be used so."""

    pair: Loop | None
    block: Loop | None = None


class Peer(NamedTuple):
    """A pool of the race.

    Attributes:
        title: as the table calls it.
        distribution: what pip installs, or ``None`` for what needs nothing.
        make: sets a pool up with room for so many resources.
        waits: whether a borrower waits while all resources are lent, without which nobody contends.
    """

    title: str
    distribution: str | None
    make: Callable[[int], Loops]
    waits: bool = True


class Connection:
    """A resource that costs nothing and can what the pools for databases ask of it."""

    def close(self) -> None:
        """Nothing to do."""

    def rollback(self) -> None:
        """Nothing to do."""


def pairs(borrow: Callable[[], Any], give_back: Callable[[Any], object]) -> Loop:
    """By two calls."""

    def loop(count: int, hold: Callable[[], object]) -> None:
        for _ in repeat(None, count):
            lent = borrow()
            hold()
            give_back(lent)

    return loop


def closings(borrow: Callable[[], Any]) -> Loop:
    """By two calls, the second one a method of what was lent."""

    def loop(count: int, hold: Callable[[], object]) -> None:
        for _ in repeat(None, count):
            lent = borrow()
            hold()
            lent.close()

    return loop


def blocks(borrow: Callable[[], AbstractContextManager[Any]]) -> Loop:
    """By a ``with`` block."""

    def loop(count: int, hold: Callable[[], object]) -> None:
        for _ in repeat(None, count):
            with borrow():
                hold()

    return loop


class BarePool:
    """A lock and a deque: what a pool costs that checks nothing, counts nothing and lets nobody wait."""

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._idle = deque(Connection() for _ in range(size))

    def borrow(self) -> Connection:
        """One that is idle.

        Raises:
            IndexError: when there is none.
        """
        with self._lock:
            return self._idle.pop()

    def give_back(self, connection: Connection) -> None:
        """Take back whatever it is."""
        with self._lock:
            self._idle.append(connection)


def make_ours(size: int) -> Loops:
    """A `MemoryPool`."""
    pool = MemoryPool(Connection, max_size=size)
    return Loops(pairs(pool.borrow, pool.give_back), blocks(pool.borrow))


def make_bare(size: int) -> Loops:
    """A lock and a deque."""
    pool = BarePool(size)
    return Loops(pairs(pool.borrow, pool.give_back))


def make_sqlalchemy(size: int) -> Loops:
    """A ``QueuePool`` that doesn't roll back, as ours doesn't reset."""
    pool = import_module("sqlalchemy.pool").QueuePool(
        Connection, pool_size=size, max_overflow=0, timeout=60, reset_on_return=None
    )
    return Loops(closings(pool.connect))


def make_object_pool(size: int) -> Loops:
    """An ``ObjectPool`` of object-pool: a list under a condition."""
    pool = import_module("object_pool").ObjectPool(Connection, max_size=size)
    return Loops(pairs(pool.get, pool.put), blocks(pool.item))


def make_generic_pool(size: int) -> Loops:
    """A ``Pool`` of generic-pool."""
    library = import_module("generic_pool")
    factory = type("Connections", (library.Factory,), {"create": lambda _: Connection()})
    pool = library.Pool(factory(), maxsize=size)
    return Loops(pairs(pool.acquire, pool.release), blocks(pool.item))


def make_objpool(size: int) -> Loops:
    """An ``ObjectPool`` of objpool."""
    pool = import_module("objpool").ObjectPool(size, create=Connection)
    return Loops(pairs(pool.pool_get, pool.pool_put))


def make_connection_pool(size: int) -> Loops:
    """A ``ConnectionPool`` of connection-pool."""
    pool = import_module("connection_pool").ConnectionPool(Connection, max_size=size)
    return Loops(pairs(pool.item, pool.release), blocks(pool.item))


def make_pond(size: int) -> Loops:
    """A ``Pond`` of pondpond, without the thread that thins it out."""
    library = import_module("pond")
    calls = {
        "createInstance": lambda _: library.PooledObject(Connection()),
        "destroy": lambda _, pooled: None,  # noqa: ARG005 - as it is called
        "reset": lambda _, pooled, **__: pooled,
        "validate": lambda _, pooled: True,  # noqa: ARG005 - as it is called
    }
    factory = type("Connections", (library.PooledObjectFactory,), calls)(pooled_maxsize=size)
    pond = library.Pond(time_between_eviction_runs=-1)
    pond.register(factory)
    return Loops(pairs(partial(pond.borrow, factory), partial(pond.recycle, factory=factory)))


def make_resource_pool(size: int) -> Loops:
    """A ``ResourcePool`` of pyresourcepool."""
    library = import_module("pyresourcepool.pyresourcepool")
    pool = library.ResourcePool([Connection() for _ in range(size)])
    return Loops(pairs(pool.get_resource_unmanaged, pool.return_resource), blocks(pool.get_resource))


def make_generic_connection_pool(size: int) -> Loops:
    """A ``ConnectionPool`` of generic-connection-pool, with one endpoint."""
    library = import_module("generic_connection_pool.threading")
    calls = {"create": lambda *_, **__: Connection(), "dispose": lambda *_, **__: None}
    manager = type("Connections", (library.BaseConnectionManager,), calls)()
    pool = library.ConnectionPool(manager, min_idle=size, max_size=size, total_max_size=size)
    return Loops(
        pairs(partial(pool.acquire, "here"), partial(pool.release, endpoint="here")),
        blocks(partial(pool.connection, "here")),
    )


def make_dbutils(size: int) -> Loops:
    """A ``PooledDB`` of DBUtils, which neither pings nor resets."""
    errors = dict.fromkeys(("Error", "OperationalError", "InterfaceError", "InternalError"), Exception)
    driver = type("Driver", (), {"threadsafety": 2, "connect": staticmethod(Connection), **errors})
    pool = import_module("dbutils.pooled_db").PooledDB(
        driver, maxconnections=size, maxcached=size, blocking=True, ping=0, reset=False
    )
    return Loops(closings(pool.connection), blocks(pool.connection))


OURS: Final = Peer("pytest-memopt `MemoryPool`", "pytest-memopt", make_ours)
BARE: Final = Peer("a lock and a deque, no checks", None, make_bare, waits=False)
SQLALCHEMY: Final = Peer("SQLAlchemy `QueuePool`", "SQLAlchemy", make_sqlalchemy)
PEERS: Final = (
    OURS,
    BARE,
    SQLALCHEMY,
    Peer("object-pool", "object-pool", make_object_pool),
    Peer("pondpond `Pond`", "pondpond", make_pond, waits=False),
    Peer("PyResourcePool", "PyResourcePool", make_resource_pool),
    Peer("generic-pool", "generic-pool", make_generic_pool, waits=False),
    Peer("DBUtils `PooledDB`", "DBUtils", make_dbutils),
    Peer("objpool", "objpool", make_objpool),
    Peer("connection-pool", "connection-pool", make_connection_pool),
    Peer("generic-connection-pool", "generic-connection-pool", make_generic_connection_pool),
)
