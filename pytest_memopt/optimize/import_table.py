"""What imports cost, as a table of plain text."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from ..units import format_size
from .import_cost import ImportCost, ImportOutcome, ImportSite, ImportTree

ROWS: Final = 10
_HEADINGS: Final = ("total", "own", "total s", "own s", "module")


def shown_site(site: ImportSite, folder: PurePath | None = None) -> str:
    """The line as people find it: relative to ``folder`` where it lies in there."""
    path = PurePath(site.path)
    if folder is not None and path.is_relative_to(folder):
        return f"{path.relative_to(folder).as_posix()}:{site.line}"
    return str(site)


def import_table(tree: ImportTree, rows: int = ROWS, folder: PurePath | None = None) -> str:
    """The most expensive imports under a line with the sum, one a line, without a line break at the end.

    Args:
        tree: what was measured.
        rows: how many imports to show.
        folder: files in it are shown relative to it.
    """
    count = len(tree.costs)
    title = f"{count} import{'s' * (count != 1)}: {_size(tree.total_bytes, tree)}, {tree.total_s:.2f} s"
    title += "" if tree.is_exact else f" (≈: {tree.why})"
    shown = tree.by_cost()[:rows]
    if not shown:
        return title
    cells = [_cells(cost, tree) for cost in shown]
    widths = [max(map(len, column)) for column in zip(_HEADINGS[:-1], *cells, strict=True)]
    lines = [title, _aligned(_HEADINGS[:-1], widths) + _HEADINGS[-1]]
    lines += [
        f"{_aligned(row, widths)}{cost.module}  {_origin(cost, folder)}" for row, cost in zip(cells, shown, strict=True)
    ]
    left = count - len(shown)
    return "\n".join([*lines, *([f"… and {left} more"] if left else [])])


def _cells(cost: ImportCost, tree: ImportTree) -> tuple[str, ...]:
    sizes = _size(cost.total_bytes, tree), _size(cost.own_bytes, tree)
    return (*sizes, f"{cost.total_s:.3f}", f"{cost.own_s:.3f}")


def _size(count_bytes: int, tree: ImportTree) -> str:
    return f"{'' if tree.is_exact else '≈'}{format_size(count_bytes)}"


def _origin(cost: ImportCost, folder: PurePath | None) -> str:
    origin = f"by {shown_site(cost.importer, folder)}"
    return origin if cost.outcome is ImportOutcome.LOADED else f"{cost.outcome.value}, {origin}"


def _aligned(cells: tuple[str, ...], widths: list[int]) -> str:
    return "".join(f"{cell:>{width}}  " for cell, width in zip(cells, widths, strict=True))
