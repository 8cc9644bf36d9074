"""Markdown tables, and the place in ``docs/benchmarks.md`` where each belongs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .environments import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def write_between_markers(name: str, text: str, page: Path = PAGE) -> None:
    """Put ``text`` between ``<!-- name:begin -->`` and ``<!-- name:end -->`` of ``page``, in place of what is there.

    Raises:
        ValueError: where ``page`` lacks one of the two marks.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page} has no place for {name}: {begin} … {end} is missing")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")
