"""How much more is too much: a threshold with a relative and an absolute part."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..errors import UsageError
from ..units import format_size, parse_size

_PERCENT: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*%", re.ASCII)
_HINT: Final = "give a percentage, a size, or both, as in '20%', '64KiB' or '20%+64KiB'"


class Threshold(NamedTuple):
    """What a figure may grow by before that counts; both parts must be exceeded.

    Attributes:
        ratio: relative part (0.2 = 20 %), of the figure's size before.
        bytes: absolute part.
    """

    ratio: float = 0.0
    bytes: int = 0

    @classmethod
    def parse(cls, text: str, subject: str = "threshold") -> Threshold:
        """The threshold that ``text`` means: ``"20%"``, ``"64KiB"`` or ``"20%+64KiB"``, in any order.

        Raises:
            UsageError: for all else; the message starts with ``subject`` and shows the text.
        """
        ratios, sizes = [], []
        for part in text.split("+"):
            if match := _PERCENT.fullmatch(part.strip()):
                ratios.append(float(match["number"]) / 100)
            else:
                sizes.append(_parsed_size(part, text, subject))
        if len(ratios) > 1 or len(sizes) > 1:
            raise UsageError(f"{subject}: {text!r} gives one part twice; {_HINT}")
        return cls(ratio=sum(ratios), bytes=sum(sizes))

    def allowance(self, before: float) -> float:
        """How much a figure that was ``before`` may grow."""
        return max(self.ratio * abs(before), self.bytes)

    def exceeded(self, before: float, after: float) -> bool:
        """Whether ``after`` is more above ``before`` than either part allows."""
        return after - before > self.allowance(before)

    def __str__(self) -> str:
        relative = f"{self.ratio * 100:g}%" if self.ratio else ""
        absolute = format_size(self.bytes).replace(".0 ", " ") if self.bytes or not relative else ""
        return " + ".join(part for part in (relative, absolute) if part)


def _parsed_size(part: str, text: str, subject: str) -> int:
    if not part.strip():
        raise UsageError(f"{subject}: {text!r} lacks a part; {_HINT}")
    try:
        return parse_size(part.strip())
    except UsageError:
        raise UsageError(f"{subject}: {text!r} is not a threshold; {_HINT}") from None
