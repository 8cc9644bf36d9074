"""Which imports of a program had better come later, by what they cost."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Final

from ...optimize.import_advice import ImportAdvice, advise
from ...optimize.import_cost import ImportCost, ImportSite, ImportTree
from ...optimize.import_table import shown_site
from ...units import format_size

TIPS_TOLD: Final = 3
_MAIN: Final = "__main__"
_LIBRARIES: Final = tuple(
    Path(path) for path in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def import_tips(tree: ImportTree, folder: Path) -> tuple[ImportAdvice, ...]:
    """The costly imports of others' modules by a program's own lines: those in ``folder``, or run as ``__main__``."""
    asked = [cost for cost in tree.costs if _is_own(cost.importer, folder)]
    own = {_MAIN, *(_package(cost.importer.module) for cost in asked)}
    users = {cost.module: 0 for cost in asked if _package(cost.module) not in own}
    found = advise(tree, users, 1, own=own)
    return tuple(one for one in found if not any(_is_within(other.cost, one.cost) for other in found))[:TIPS_TOLD]


def tip_sentence(advice: ImportAdvice, folder: Path) -> str:
    """A tip with the figures behind it; files in ``folder`` are shown relative to it."""
    cost, about = advice.cost, "" if advice.is_exact else "≈"
    saved = f"{about}{format_size(advice.saved_bytes)} and {advice.saved_s:.2f} s"
    return (
        f"`import {cost.module}` ({shown_site(cost.importer, folder)}) costs {saved} that nothing else needs: "
        "where not each run uses it, import it there, or lazily"
    )


def _is_within(cost: ImportCost, package: ImportCost) -> bool:
    """Whether a package was imported by a line that asked for a module in it: then the module says it all."""
    return cost.importer == package.importer and cost.module.startswith(f"{package.module}.")


def _is_own(site: ImportSite, folder: Path) -> bool:
    path = Path(site.path)
    return site.module == _MAIN or (
        path.is_relative_to(folder) and not any(path.is_relative_to(library) for library in _LIBRARIES)
    )


def _package(module: str) -> str:
    return module.partition(".")[0]
