"""What is wanted of a hunt: the arguments of ``no_leaks``, over those of command line and ini."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ..errors import LimitError
from ..settings import refuse_unknown
from .finding import LeakFinding

_KEYWORDS: Final = ("rounds", "ignore", "isolate")


class LeakWish(NamedTuple):
    """What is wanted of a hunt.

    Attributes:
        rounds: rounds at least; ``None`` for as many as the verdict needs.
        ignore: parts of a type's, holder's or signature's name; a leak that has one in all its culprits is let pass.
        isolate: whether it is made in a process of its own; ``None`` for as it is said elsewhere.
    """

    rounds: int | None = None
    ignore: tuple[str, ...] = ()
    isolate: bool | None = None

    def lets_pass(self, finding: LeakFinding) -> bool:
        """Whether all that leaks is to be ignored."""
        names = [f"{one.type} {one.holder} {one.path or ''}" for one in finding.culprits]
        names = names or [finding.signature or ""]
        return bool(self.ignore) and all(any(part in name for part in self.ignore) for name in names)


def wish_from_mark(args: Sequence[object], kwargs: Mapping[str, object], source: str) -> LeakWish:
    """What one ``no_leaks(...)`` states.

    Raises:
        LimitError: for an unknown keyword or a value that makes no sense; the message starts with ``source``.
    """
    if args:
        raise LimitError(f"{source} takes keywords only ({', '.join(_KEYWORDS)}), got {args[0]!r}")
    refuse_unknown(kwargs, _KEYWORDS, source, LimitError)
    rounds, ignore = kwargs.get("rounds"), kwargs.get("ignore", ())
    if rounds is not None and (isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1):
        raise LimitError(f"{source}: rounds={rounds!r} is not a count; give a whole number of 1 or more")
    if isinstance(ignore, str) or not isinstance(ignore, Sequence) or not all(isinstance(part, str) for part in ignore):
        raise LimitError(
            f"{source}: ignore={ignore!r} is not a list of names; write for instance ignore=['app._CACHE']"
        )
    isolate = kwargs.get("isolate")
    if isolate is not None and not isinstance(isolate, bool):
        raise LimitError(f"{source}: isolate={isolate!r} is neither True nor False")
    return LeakWish(rounds, tuple(ignore), isolate)
