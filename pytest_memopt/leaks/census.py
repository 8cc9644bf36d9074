"""Which containers grow: all of them are counted twice, and those that grew in between are followed round by round."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, NamedTuple

from ..meters.module_space import module_space
from ..meters.naming import type_name
from ..meters.originals import gc, sys
from ..meters.referents import referents
from ..snapshots.bounds import CACHE_TYPE, bound_by_owner, bound_of
from .series import ContainerGrowth

FOLLOWED_MOST: Final = 64
_CHUNK_COUNT: Final = 1000  # objects that are asked at once for what they refer to
_LENGTHS: Final[tuple[tuple[type, Callable[[Any], int]], ...]] = (
    (list, list.__len__),
    (dict, dict.__len__),
    (set, set.__len__),
    (deque, deque.__len__),
)
# by identity: a class need not be hashable, and may run code when it is compared
_PLAIN: Final = {id(cls): length for cls, length in _LENGTHS}
_BUFFERS: Final = frozenset(map(id, (str, bytes, bytearray, array)))
# of a dict the key tells more than these
_TELLS_NOTHING: Final = (None, True, False)


class Namespace(NamedTuple):
    """A name in a module, whose value is a text or a buffer: not a container, but it may grow all the same."""

    names: dict[str, Any]
    name: str


class Grown(NamedTuple):
    """A container that has grown between two moments: its lengths then and now."""

    container: object
    before: int
    now: int


class Census:
    """The length of every container at one moment, in arrays: numbers only, nothing is kept alive."""

    def __init__(self) -> None:
        self._ids, self._lengths = array("Q"), array("q")
        for one in _containers():
            if (length := length_of(one)) is not None:
                self._ids.append(id(one))
                self._lengths.append(length)
        self._buffers = {(id(names), name): _bytes_of(value) for names, name, value in _buffers()}

    def grown_since(self) -> list[Grown]:
        """The containers that have grown since, those that grew the most first; a `Namespace` stands for a buffer."""
        before = dict(zip(self._ids, self._lengths, strict=True))
        grown: list[Grown] = []
        own = {id(self), id(before), id(grown), id(vars(self))}
        for one in _containers():
            length = length_of(one)
            if length is not None and id(one) not in own and length > before.get(id(one), length):
                grown.append(Grown(one, before[id(one)], length))
        for names, name, value in _buffers():
            known, size_bytes = self._buffers.get((id(names), name)), _bytes_of(value)
            if known is not None and size_bytes > known:
                grown.append(Grown(Namespace(names, name), known, size_bytes))
        grown.sort(key=lambda one: one.before - one.now)
        return grown[:FOLLOWED_MOST]


class Follower:
    """Follows the lengths of some containers, in an array that is allocated once; it keeps them alive."""

    def __init__(self, followed: list[object], rows: int) -> None:
        self.followed = followed
        self._bounds = [bound_by_owner(one) or bound_of(one) for one in followed]
        for one in followed:
            self._note_bound(one)
        self._lengths = array("q", [0] * (len(followed) * rows))

    def _note_bound(self, cache: object) -> None:
        """The table inside a bounded ``lru_cache`` can hold as much as the cache itself."""
        if type(cache) is CACHE_TYPE and (bound := bound_of(cache)) is not None:
            table = cache_table(cache)
            for column, one in enumerate(self.followed):
                if one is table:
                    self._bounds[column] = bound

    def read(self, row: int) -> None:
        """Note all lengths."""
        at = row * len(self.followed)
        for column, one in enumerate(self.followed):
            self._lengths[at + column] = current_length(one)

    def growths(self, rows: int) -> tuple[ContainerGrowth, ...]:
        """What was noted in the first ``rows`` rows, of those that ever changed."""
        width = len(self.followed)
        found = []
        for column, one in enumerate(self.followed):
            lengths = tuple(self._lengths[row * width + column] for row in range(rows))
            if lengths[0] != lengths[-1]:
                found.append(ContainerGrowth(column, _type_of(one), lengths, self._bounds[column]))
        return tuple(found)


def _containers() -> Iterator[object]:
    """All that the collector tracks, and the dictionaries that it doesn't, as only texts and numbers are in them."""
    tracked = gc.get_objects()
    yield from tracked
    seen: set[int] = set()
    for start in range(0, len(tracked), _CHUNK_COUNT):
        for part in referents(*tracked[start : start + _CHUNK_COUNT]):
            if type(part) is dict and not gc.is_tracked(part) and id(part) not in seen:
                seen.add(id(part))
                yield part


def cache_table(container: object) -> dict[Any, Any] | None:
    """The table inside a function under ``functools.lru_cache``; ``None`` for anything else."""
    if type(container) is not CACHE_TYPE:
        return None
    own = vars(container)
    return next((part for part in referents(container) if type(part) is dict and part is not own), None)


def newest_of(container: Any) -> object:
    """The element that came last, of a dict's the value, unless the key tells more; the text or buffer of a name."""
    cls = type(container)
    if cls is Namespace:
        return container.names.get(container.name)
    if cls is CACHE_TYPE:
        key = _newest_key(cache_table(container) or {})
        return key[0] if type(key) is tuple and key else key
    if issubclass(cls, dict):
        key, value = next(iter(reversed(dict.items(container))), (None, None))
        return key if any(value is nothing for nothing in _TELLS_NOTHING) else value
    if issubclass(cls, list):
        return next(list.__reversed__(container), None)
    if issubclass(cls, deque):
        return next(deque.__reversed__(container), None)
    return next(set.__iter__(container), None) if issubclass(cls, set) else None


def _newest_key(table: dict[Any, Any]) -> Any:
    return next(iter(reversed(dict.keys(table))), None)


def length_of(one: object) -> int | None:
    """The number of elements, without running a subclass's own code; ``None`` for what isn't a container."""
    cls = type(one)
    if cls is CACHE_TYPE:
        return int(CACHE_TYPE.cache_info(one).currsize)  # type: ignore[attr-defined]
    plain = _PLAIN.get(id(cls))
    if plain is not None:
        return plain(one)
    for base, length in _LENGTHS:
        if issubclass(cls, base):
            return length(one)
    return None


def current_length(one: object) -> int:
    """The length of what is followed: elements, or bytes of a buffer."""
    if type(one) is Namespace:
        value = one.names.get(one.name)
        return _bytes_of(value) if _is_buffer(value) else 0
    return length_of(one) or 0


def _type_of(one: object) -> str:
    if type(one) is Namespace:
        return type_name(type(one.names.get(one.name)))
    return type_name(type(one))


def _buffers() -> list[tuple[dict[str, Any], str, object]]:
    found = []
    for module in list(sys.modules.values()):
        if issubclass(type(module), ModuleType):
            names = module_space(module)
            found += [(names, name, value) for name, value in list(names.items()) if _is_buffer(value)]
    return found


def _bytes_of(value: Any) -> int:
    """Bytes of a text or buffer; of those that grow in place what is in them: they ask for more memory only now and then."""
    if type(value) is bytearray:
        return len(value)
    return len(value) * int(value.itemsize) if type(value) is array else sys.getsizeof(value)


def _is_buffer(value: object) -> bool:
    return id(type(value)) in _BUFFERS
