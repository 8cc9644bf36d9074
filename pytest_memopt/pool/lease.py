"""A lease: one borrower's right to one resource, until it is given back."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar

from .resource import PooledResource
from .stack import Place, spell_stack

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")


class Borrower(NamedTuple):
    """Who has a lease.

    Attributes:
        label: a test's id, or what the borrower called itself; ``None`` where nobody said.
        stack: where it was borrowed, the innermost line first; empty where the pool doesn't follow its borrowers.
        thread_id: of the borrowing thread.
    """

    label: str | None = None
    stack: tuple[Place, ...] = ()
    thread_id: int = 0

    @property
    def spelt_stack(self) -> tuple[str, ...]:
        """The lines of the stack, the innermost last."""
        return spell_stack(self.stack)

    def __str__(self) -> str:
        if self.label is not None:
            return self.label
        return self.spelt_stack[-1] if self.spelt_stack else "somebody"


class Lease(Generic[T]):
    """A lent resource; ``with`` gives it back at the end of the block.

    Attributes:
        resource: what is lent.
        borrowed_at_s: since when, by the pool's clock.
        member: the pool's record of the resource, ``None`` when it was given back.
        pool: whose it is.
        is_told: whether it was told of, having been held too long; set when it is.

    Made by the pool attribute by attribute: what most leases never need isn't set on them.
    """

    __slots__ = ("_borrower", "_fate", "borrowed_at_s", "is_told", "member", "pool", "resource")

    pool: Any
    resource: T
    borrowed_at_s: float
    member: PooledResource[T] | None
    is_told: bool

    @property
    def borrower(self) -> Borrower | None:
        """Who has it; ``None`` where the pool doesn't follow its borrowers."""
        return getattr(self, "_borrower", None)

    @property
    def fate(self) -> str | None:
        """For a lease that ended otherwise than by its borrower: how, in words."""
        return getattr(self, "_fate", None)

    @property
    def slot(self) -> int | None:
        """Its number among the leases of all processes, for types that are shared."""
        return self.member.slot if self.member is not None else None

    def note_borrower(self, borrower: Borrower) -> None:
        """Remember who has it."""
        self._borrower = borrower

    def end(self, fate: str) -> None:
        """It is over, and can't be given back any more."""
        self._fate = fate
        self.member = None

    def give_back(self) -> None:
        """Give the resource back.

        Raises:
            ReturnError: when this was done before.
        """
        self.pool.give_back(self)

    def __enter__(self) -> T:
        return self.resource

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.give_back(self)

    def __repr__(self) -> str:
        state = "given back" if self.member is None else "held"
        return f"<{type(self).__name__} of {self.resource!r}, {state}>"
