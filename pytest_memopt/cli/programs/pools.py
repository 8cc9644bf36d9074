"""The pools of a program that was run, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...report.wording import counted
from ...units import format_count


def pool_texts(pools: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line for each pool; what is lent still, at the end of the program, is told last."""
    for name, figures in pools.items():
        lent = counted(figures["borrowed"], "lease")
        still = f", {format_count(figures['in_use'])} lent still" if figures["in_use"] else ""
        yield f"{name}: {format_count(figures['built'])} built for {lent} ({figures['hit_ratio']:.1%} hits){still}"
