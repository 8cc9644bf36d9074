"""Which imports of a program had better come later."""

import sysconfig
from pathlib import Path

from pytest_memopt.cli.programs.import_tips import import_tips, tip_sentence
from pytest_memopt.optimize.import_cost import ImportCost, ImportEdge, ImportSite, ImportTree
from tests.unit.cli.watched_runs import tree

FOLDER = Path("/home/ann/shop").absolute()
LIBRARY = Path(sysconfig.get_path("purelib"))
MIB = 1 << 20


def cost(module, importer, path, depth=0, size_bytes=2 * MIB):
    """An import by a module in this file."""
    return ImportCost(module, size_bytes, size_bytes, 0.5, 0.5, ImportSite(importer, str(path), 3), depth)


def advised(*costs):
    """The modules that had better come later."""
    edges = frozenset(
        ImportEdge(None if one.importer.module == "__main__" else one.importer.module, one.module) for one in costs
    )
    return [one.cost.module for one in import_tips(ImportTree(costs, edges), FOLDER)]


def test_imports_of_ones_own_modules_are_told():
    """Those of the main module, wherever it lies, and those of modules in the folder."""
    outside = cost("big", "__main__", "/elsewhere/app.py")
    own = cost("shop", "__main__", "/elsewhere/app.py"), cost("large", "shop", FOLDER / "shop.py", 1)
    assert advised(outside) == ["big"]
    assert advised(*own) == ["large"]


def test_imports_of_libraries_are_not():
    """Nobody changes them; a virtual environment in the folder is a library too."""
    assert advised(cost("big", "plugins", LIBRARY / "plugins" / "load.py")) == []
    assert advised(cost("big", "plugins", "/usr/lib/plugins.py")) == []


def test_small_ones_are_not_worth_a_line():
    """Below a megabyte and a tenth of a second nothing is told."""
    small = cost("tiny", "__main__", FOLDER / "app.py", size_bytes=1000)._replace(own_s=0.01, total_s=0.01)
    assert advised(small) == []


def test_a_module_is_told_instead_of_its_package():
    """The line asked for the module: its package came with it."""
    tips = import_tips(tree(FOLDER), FOLDER)
    assert [one.cost.module for one in tips] == ["big.tool"]
    assert tip_sentence(tips[0]._replace(is_exact=False), FOLDER) == (
        "`import big.tool` (app.py:3) costs ≈4.0 MiB and 0.20 s that nothing else needs: "
        "where not each run uses it, import it there, or lazily"
    )
