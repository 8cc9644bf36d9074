"""What goes wrong in the session's pools: kept until a test can be failed for it, or a warning told."""

from __future__ import annotations

import warnings
from collections import deque
from typing import Final

from ..pool.trouble import PoolWarning, Trouble, TroubleKind

_FAILING: Final = (TroubleKind.SOILED, TroubleKind.KEPT, TroubleKind.LOST)

Place = tuple[str, int]
"""A file and a line, at which a warning is told."""


class PoolTroubles:
    """Told when the test is over: raised in the midst of its work, they would keep a pool from going on."""

    def __init__(self) -> None:
        self._troubles: deque[Trouble] = deque()  # threads may add to it at any time
        self._late: list[str] = []
        self._left_behind: set[str] = set()

    def tell(self, trouble: Trouble) -> None:
        """Keep one; that each test's event loop leaves a type's resources behind is told once."""
        if trouble.kind is TroubleKind.LEFT_BEHIND:
            if trouble.type_name in self._left_behind:
                return
            self._left_behind.add(trouble.type_name)
            trouble = trouble._replace(told=_left_behind(trouble.type_name))
        self._troubles.append(trouble)

    def blame_later(self, borrower: str) -> None:
        """What ``borrower``, a fixture that ended, is to blame for fails the test that is torn down meanwhile."""
        self._late += self._take_blamed(borrower)

    def take(self, borrower: str, place: Place) -> list[str]:
        """What ``borrower`` is to be failed for, after what came late; what isn't worth that is told as a warning."""
        late = self._late[:]
        self._late.clear()
        return [*late, *self._take_blamed(borrower), *self._warn(place)]

    def tell_last(self, place: Place) -> bool:
        """Warn of what no test can be failed for any more; whether there was any that should have been."""
        last = [*self._late, *self._warn(place)]
        self._late.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("always", PoolWarning)
            for text in last:
                warnings.warn_explicit(PoolWarning(text), PoolWarning, *place)
        return bool(last)

    def _take_blamed(self, borrower: str) -> list[str]:
        troubles = self._take_all()
        mine = [one for one in troubles if one.kind in _FAILING and one.borrower == borrower]
        self._troubles.extendleft(reversed([one for one in troubles if one not in mine]))
        return [one.text() for one in mine]

    def _take_all(self) -> list[Trouble]:
        return [self._troubles.popleft() for _ in range(len(self._troubles))]

    def _warn(self, place: Place) -> list[str]:
        """Tell by warnings, at the test that is going on; those that the user has made errors are returned."""
        errors = []
        for trouble in self._take_all():
            try:
                warnings.warn_explicit(PoolWarning(trouble.text()), PoolWarning, *place)
            except PoolWarning as error:  # noqa: PERF203 - where the user has made them errors
                errors.append(str(error))
        return errors


def kept(type_name: str, borrower: str, stack: tuple[str, ...]) -> Trouble:
    """``borrower`` ended, and has not given back what it borrowed."""
    told = (
        f"resource {type_name!r} was not given back by {borrower}; "
        "use `with`, or the fixture pooled_resource, which gives back by itself"
    )
    return Trouble(TroubleKind.KEPT, type_name, told, borrower, stack)


def _left_behind(type_name: str) -> str:
    return (
        f"resource {type_name!r} is built anew in each test's own event loop, and what the last one left is closed late, from another; "
        "have tests share a loop (a wider loop_scope), or register it with keep_idle=False, which closes it in its own"
    )
