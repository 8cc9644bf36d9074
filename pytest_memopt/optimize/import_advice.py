"""Which imports to defer, and what that would save: from measured costs, and from who needs what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Final, NamedTuple

from ..units import format_size
from .import_cost import ImportCost, ImportTree
from .import_table import shown_site

LEAST_BYTES: Final = 1 << 20
LEAST_S: Final = 0.1
_ALL_BUT_NOTHING: Final = 0.95


class ImportAdvice(NamedTuple):
    """One import that had better come later.

    Attributes:
        cost: what it cost.
        saved_bytes: of its total, what nothing else needs: it is saved where the module isn't used.
        saved_s: seconds likewise.
        users: test modules that use it.
        test_modules: how many there are in all.
        is_exact: whether bytes were counted, not estimated.
    """

    cost: ImportCost
    saved_bytes: int
    saved_s: float
    users: int
    test_modules: int
    is_exact: bool = True

    def sentence(self, folder: PurePath | None = None) -> str:
        """The advice with the figures behind it, in one sentence; files in ``folder`` are shown relative to it."""
        about = "" if self.is_exact else "≈"
        costs = f"`import {self.cost.module}` costs {about}{format_size(self.cost.total_bytes)} and {self.cost.total_s:.1f} s"
        if self.saved_bytes < _ALL_BUT_NOTHING * self.cost.total_bytes:
            costs += f", {about}{format_size(self.saved_bytes)} and {self.saved_s:.1f} s of it for nothing else"
        used = f"used by {self.users} of {self.test_modules} test modules"
        do = "import it there, or lazily" if self.users else "import it where it is needed, or lazily"
        return f"{costs}, first by {shown_site(self.cost.importer, folder)}, {used}: {do}"


def advise(
    tree: ImportTree,
    users: Mapping[str, int],
    test_modules: int,
    *,
    own: Collection[str] = (),
    least_bytes: int = LEAST_BYTES,
    least_s: float = LEAST_S,
) -> tuple[ImportAdvice, ...]:
    """Imports that most tests don't need, what saves most first: bytes, then seconds.

    An import is advised against only as far as it can be deferred: what a library imports for itself stays, and so does
    what it shares with others. What is saved is the cost of the modules that nothing would load any more if the import
    were not there, neither outside all modules nor in those of one's ``own``. As an import that is deferred may be what
    others would then load first, savings of two pieces of advice don't add up where they share modules.

    Args:
        tree: what was measured.
        users: for each import that may be deferred, how many test modules use it.
        test_modules: how many test modules there are; what all of them use is not advised against.
        own: names of the packages and modules whose imports can be changed, besides the tests' themselves.
        least_bytes: a saving below this, and below ``least_s``, isn't worth a line.
        least_s: seconds likewise.
    """
    needs = _needs(tree)
    kept = _reached(needs, own, without=None)
    found = []
    for module, count in users.items():
        cost = next((cost for cost in tree.costs if cost.module == module), None)
        if cost is None or count >= test_modules:
            continue
        spared = kept - _reached(needs, own, without=module)
        saved = [each for each in tree.costs if each.module in spared]
        advice = ImportAdvice(
            cost,
            sum(each.own_bytes for each in saved),
            sum(each.own_s for each in saved),
            count,
            test_modules,
            tree.is_exact,
        )
        if advice.saved_bytes >= least_bytes or advice.saved_s >= least_s:
            found.append(advice)
    return tuple(sorted(found, key=lambda advice: (-advice.saved_bytes, -advice.saved_s, advice.cost.module)))


def _needs(tree: ImportTree) -> dict[str | None, set[str]]:
    """What each module asks for; a submodule needs its package too."""
    needs: dict[str | None, set[str]] = {None: set()}
    for importer, module in tree.edges:
        needs.setdefault(importer, set()).add(module)
    for cost in tree.costs:
        package = cost.module.rpartition(".")[0]
        if package:
            needs.setdefault(cost.module, set()).add(package)
    return needs


def _reached(needs: Mapping[str | None, set[str]], own: Collection[str], *, without: str | None) -> set[str]:
    """The modules that are loaded when the imports of ``without`` that can be deferred aren't there."""
    reached: set[str] = set()
    waiting: list[str | None] = [None]
    while waiting:
        importer = waiting.pop()
        asked = needs.get(importer, set()) - reached
        if importer is None or _is_one_of(importer, own):
            asked = {module for module in asked if without is None or not _is_one_of(module, (without,))}
        reached |= asked
        waiting += asked
    return reached


def _is_one_of(module: str, packages: Collection[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
