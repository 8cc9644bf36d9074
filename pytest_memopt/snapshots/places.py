"""Where in a container something is, by identity alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from itertools import count
from typing import Any, Final

_ATTEMPTS: Final = 3
_ITERATIONS: Final = (list, tuple, deque, set, frozenset)


class Places:
    """Looks each container through once, for all the objects that somebody wants to find."""

    def __init__(self, wanted: Collection[int]) -> None:
        """Ready to find the objects with the identities ``wanted``."""
        self._wanted = wanted
        self._found: dict[tuple[int, bool], dict[int, Any]] = {}

    def entry(self, mapping: dict[object, object], held: object) -> tuple[object, ...] | None:
        """The key under which ``mapping`` has ``held``, as a tuple of one; an empty tuple if it is a key itself."""
        by_value = self._look(mapping, lambda: ((value, (key,)) for key, value in dict.items(mapping)), of_keys=False)
        if id(held) in by_value:
            found: tuple[object, ...] = by_value[id(held)]
            return found
        return self._look(mapping, lambda: ((key, ()) for key in dict.keys(mapping)), of_keys=True).get(id(held))

    def index(self, container: Any, held: object) -> int | None:
        """The position at which iteration meets ``held`` first; ``None`` where it doesn't, or it is no sequence or set."""
        base = next((one for one in _ITERATIONS if issubclass(type(container), one)), None)
        if base is None:
            return None
        items = base.__iter__
        return self._look(container, lambda: zip(items(container), count()), of_keys=False).get(id(held))

    def _look(
        self, container: object, pairs: Callable[[], Iterable[tuple[object, Any]]], *, of_keys: bool
    ) -> dict[int, Any]:
        place = (id(container), of_keys)
        if place not in self._found:
            self._found[place] = self._search(pairs)
        return self._found[place]

    def _search(self, pairs: Callable[[], Iterable[tuple[object, Any]]]) -> dict[int, Any]:
        for _ in range(_ATTEMPTS):
            found: dict[int, Any] = {}
            try:
                for one, place in pairs():
                    if id(one) in self._wanted:
                        found.setdefault(id(one), place)
            except RuntimeError:  # another thread changed it meanwhile
                continue
            return found
        return {}
