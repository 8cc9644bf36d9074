"""Who is who: numbers by which an object is found again in a later snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from operator import not_
from typing import Final

from ..meters.originals import weakref
from .containers import Column, Rows, Stamps
from .kinds import is_stampable

_CHUNK: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Identities:
    """The identities of the objects of one type, in the order of their rows.

    An address alone can lie: it is given to the next object when the first dies. Where the type allows it, the identity
    is therefore that of a weak reference to the object: the interpreter keeps one for all who ask for it, and as long as
    a snapshot holds it, no other object gets it.

    Attributes:
        values: addresses, or weak references.
    """

    values: Column | Stamps

    def tokens(self) -> Sequence[int]:
        """One number for each object, the same in each snapshot that saw it."""
        return list(map(id, self.values)) if isinstance(self.values, Stamps) else self.values


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The objects of one type in two snapshots, told apart.

    Attributes:
        new: rows of the newer snapshot that the older doesn't know.
        survived: rows of the newer snapshot that the older knows.
        dead: rows of the older snapshot that the newer doesn't know.
    """

    new: Rows
    survived: Rows
    dead: Rows


def identify(cls: type, objects: list[object]) -> Identities:
    """The identities of ``objects``, all of them instances of ``cls``."""
    return Identities(Stamps(map(weakref.ref, objects)) if is_stampable(cls) else _addresses(objects))


def split(older: Identities, newer: Identities) -> Split:
    """Which objects of one type are only in ``newer``, in both, or only in ``older``."""
    before, after = older.tokens(), newer.tokens()
    if before == after:
        return Split(new=range(0), survived=range(len(after)), dead=range(0))
    known = set(before)
    survived = _rows(after, known.__contains__)
    new = _rows(after, known.__contains__, negate=True) if len(survived) < len(after) else range(0)
    known.difference_update(after)
    dead = _rows(before, known.__contains__) if known else range(0)
    return Split(new=new, survived=survived, dead=dead)


def _rows(tokens: Sequence[int], is_wanted: Callable[[int], bool], *, negate: bool = False) -> Rows:
    flags = map(is_wanted, tokens)
    return Column("L", list(compress(range(len(tokens)), map(not_, flags) if negate else flags)))


def _addresses(objects: list[object]) -> Column:
    # in chunks, so that the ints between the list and the column stay in the processor's cache
    addresses = Column("Q")
    source = map(id, objects)
    while chunk := list(islice(source, _CHUNK)):
        addresses.fromlist(chunk)
    return addresses
