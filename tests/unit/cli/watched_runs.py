"""Made-up runs of programs, which the tests of several commands show."""

from pytest_memopt.bounded_series import Point
from pytest_memopt.cli.programs.running import Ending, EndKind
from pytest_memopt.cli.programs.target import Target, TargetKind
from pytest_memopt.cli.programs.watched import WatchedRun
from pytest_memopt.meters.measurement import TypeUse
from pytest_memopt.optimize.analysis import MemoryAnalysis
from pytest_memopt.optimize.import_cost import ImportCost, ImportEdge, ImportSite, ImportTree
from pytest_memopt.optimize.issues import find_issues
from pytest_memopt.optimize.monitor import MonitorCost
from pytest_memopt.optimize.recommendations import recommend
from pytest_memopt.optimize.recorder import FirstLook
from tests.unit.profiles import MB, PROFILE, course

TARGET = Target(TargetKind.SCRIPT, "app.py", ("a",))
FINISHED = Ending(EndKind.FINISHED, 0, duration_s=2.0)
FIRST = {"dict": 880, "app.Session": 0}


def watched(*sizes_bytes, ending=FINISHED, imports=None, profile=PROFILE, target=TARGET):
    """A run whose resident memory went through these sizes, one each tenth of a second."""
    trend = course(*sizes_bytes, every_s=0.1)
    first = FirstLook(0.0, 0, FIRST)
    issues = find_issues(profile, trend, first=first)
    analysis = MemoryAnalysis(profile, trend, issues, recommend(profile, trend, issues, first=first))
    rss = tuple(Point(place / 10, size) for place, size in enumerate(sizes_bytes))
    return WatchedRun(target, ending, analysis, rss, MonitorCost(0.01, 2.0), 0.05, FIRST, imports)


def grown(**facts):
    """A run that grew by 190 MB in 1.9 s."""
    return watched(*range(60 * MB, 260 * MB, 10 * MB), **facts)


def flat(**facts):
    """A run that didn't grow, in which no type rose."""
    calm = PROFILE._replace(types=(TypeUse("dict", 880, 90_000),))
    return watched(*[60 * MB] * 20, profile=calm, **facts)


def tree(folder):
    """What the imports of a program in ``folder`` cost: a large library, and one that it needs itself."""
    main = ImportSite("__main__", str(folder / "app.py"), 3)
    within = ImportSite("big", "/lib/big/__init__.py", 7)
    costs = (
        ImportCost("big", 1 << 20, 3 << 20, 0.1, 0.3, main, 0),
        ImportCost("big.part", 2 << 20, 2 << 20, 0.2, 0.2, within, 1),
        ImportCost("big.tool", 4 << 20, 4 << 20, 0.2, 0.2, main, 0),
    )
    edges = frozenset((ImportEdge(None, "big"), ImportEdge("big", "big.part"), ImportEdge(None, "big.tool")))
    return ImportTree(costs, edges)
