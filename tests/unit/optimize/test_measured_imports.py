"""Imports that are really made, of packages that exist for one test: who is charged, and what is left as it was."""

from __future__ import annotations

import _frozen_importlib
import builtins
import importlib
import importlib.util
import os
import sys
import threading
import traceback
import warnings

import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.optimize.import_cost import ImportEdge, ImportOutcome, ImportSite
from pytest_memopt.optimize.import_site import site_of
from pytest_memopt.optimize.measured_imports import measure_imports

HOOKED = ((_frozen_importlib, "_find_and_load"), (builtins, "__import__"))


@pytest.fixture(autouse=True)
def functions_stay():
    """After each test the interpreter has its own functions again."""
    before = [getattr(home, name) for home, name in HOOKED]
    yield
    assert [getattr(home, name) for home, name in HOOKED] == before


def _shape(costs):
    return [(cost.depth, cost.module) for cost in costs.tree.costs]


def test_imports_make_a_tree(packages):
    """Each module is charged once, below the one that imported it first, which its line names."""
    folder = packages(
        {
            "made_app.py": "import made_a\nimport made_b\n",
            "made_a.py": "import made_shared\n",
            "made_b.py": "import sys\nimport made_shared\n",
            "made_shared.py": "kept = [object() for _ in range(10_000)]\n",
        }
    )
    with measure_imports() as costs:
        importlib.import_module("made_app")
    assert _shape(costs) == [(0, "made_app"), (1, "made_a"), (2, "made_shared"), (1, "made_b")]
    shared = costs.of("made_shared")
    assert (shared.importer.module, str(shared.importer)) == ("made_a", f"{folder / 'made_a.py'}:1")
    assert costs.of("made_app").importer.path == __file__
    assert 10_000 * 16 < shared.own_bytes < costs.of("made_a").total_bytes < costs.total_bytes
    assert costs.of("made_a").own_bytes < shared.own_bytes
    assert costs.by_cost()[0].module == "made_app"
    assert costs.tree.by_own_cost()[0].module == "made_shared"
    assert 0 < costs.of("made_app").total_s == pytest.approx(costs.total_s)


def test_what_is_loaded_already_costs_nothing_and_is_told(packages):
    """A module that is there is noted with who asked for it, and its absence is explained."""
    packages(
        {
            "made_first.py": "",
            "made_pack/__init__.py": "",
            "made_pack/part.py": "",
            "made_second.py": "import made_first\nfrom made_pack import part\nfrom json import *\n",
        }
    )
    for name in ("made_first", "made_pack.part"):
        importlib.import_module(name)
    with measure_imports() as costs:
        importlib.import_module("made_first")
        importlib.import_module("made_second")
    assert _shape(costs) == [(0, "made_second")]
    asked = {"made_first", "made_pack", "made_pack.part", "json"}
    assert set(costs.tree.reused_by("made_second")) >= asked  # and what the interpreter reads sources by
    assert set(costs.tree.reused) >= asked
    assert ImportEdge(None, "made_first") in costs.tree.edges
    with pytest.raises(KeyError, match="'made_first' was not measured: it was loaded already"):
        costs.of("made_first")
    with pytest.raises(KeyError, match="'made_other' was not measured: nothing imported it"):
        costs.of("made_other")


def test_packages_on_the_way_are_charged_on_the_way(packages):
    """``import a.b`` loads ``a`` first: inside of it, in the order in which they come."""
    packages(
        {
            "made_pack/__init__.py": "",
            "made_pack/inner/__init__.py": "from . import leaf",
            "made_pack/inner/leaf.py": "",
        }
    )
    with measure_imports() as costs:
        importlib.import_module("made_pack.inner.leaf")
    assert _shape(costs) == [
        (0, "made_pack.inner"),
        (1, "made_pack"),
        (1, "made_pack.inner.leaf"),
    ]


def test_a_namespace_package_is_charged(packages):
    """A folder without ``__init__.py`` is a module like others."""
    packages({"made_space/leaf.py": ""})
    with measure_imports() as costs:
        importlib.import_module("made_space.leaf")
    assert _shape(costs) == [(0, "made_space.leaf"), (1, "made_space")]


def test_circular_imports_end(packages):
    """Two modules that import each other are charged once each."""
    packages({"made_hen.py": "import made_egg\n", "made_egg.py": "import made_hen\n"})
    with measure_imports() as costs:
        importlib.import_module("made_hen")
    assert _shape(costs) == [(0, "made_hen"), (1, "made_egg")]
    assert ImportEdge("made_egg", "made_hen") in costs.tree.edges


def test_a_failed_import_is_as_before_and_is_told(packages):
    """The error is the import's own, with no frame of ours in its traceback; what it loaded is charged."""
    packages(
        {"made_broken.py": "import made_fine\nimport made_missing\n", "made_fine.py": "", "made_bad.py": "1 / 0\n"}
    )
    with measure_imports() as costs:
        with pytest.raises(ModuleNotFoundError, match="No module named 'made_missing'") as missing:
            import made_broken  # noqa: F401
        with pytest.raises(ZeroDivisionError) as divided:
            importlib.import_module("made_bad")
    assert [(cost.module, cost.outcome.value) for cost in costs.tree.costs] == [
        ("made_broken", "failed"),
        ("made_fine", "loaded"),
        ("made_missing", "failed"),
        ("made_bad", "failed"),
    ]
    paths = {
        frame.filename for error in (missing, divided) for frame in traceback.extract_tb(error.value.__traceback__)
    }
    assert not [path for path in paths if "pytest_memopt" in path and "tests" not in path]


def test_warnings_point_to_the_importing_line(packages):
    """A module that warns its importer (``stacklevel=2``) still warns the same line."""
    folder = packages(
        {"made_user.py": "import made_old\n", "made_old.py": "import warnings\nwarnings.warn('old', stacklevel=2)\n"}
    )
    with warnings.catch_warnings(record=True) as caught, measure_imports():
        warnings.simplefilter("always")
        importlib.import_module("made_user")
    assert [(warning.filename, warning.lineno) for warning in caught] == [(str(folder / "made_user.py"), 1)]


def test_a_module_that_takes_its_own_place_is_charged(packages):
    """What a module puts into ``sys.modules`` for itself is handed on as ever."""
    packages({"made_other.py": "import sys\nsys.modules[__name__] = 'instead'\n"})
    with measure_imports() as costs:
        import made_other
    assert made_other == "instead"
    assert _shape(costs) == [(0, "made_other")]


def test_a_reload_is_no_import_but_what_it_imports_is(packages):
    """A module that is executed again isn't charged."""
    folder = packages({"made_again.py": "", "made_new.py": ""})
    module = importlib.import_module("made_again")
    (folder / "made_again.py").write_text("import made_new\nkept = 1\n", encoding="utf-8")
    importlib.invalidate_caches()
    with measure_imports() as costs:
        assert importlib.reload(module).kept == 1
    assert _shape(costs) == [(0, "made_new")]


def test_modules_executed_by_hand_are_no_imports_but_what_they_import_is(packages):
    """A lazy module, or a file run by its loader, isn't charged; its own imports are, with its line."""
    folder = packages({"made_lazy.py": "import made_needed\n", "made_needed.py": ""})
    spec = importlib.util.find_spec("made_lazy")
    module = importlib.util.module_from_spec(spec)
    with measure_imports() as costs:
        spec.loader.exec_module(module)
    assert _shape(costs) == [(0, "made_needed")]
    assert str(costs.of("made_needed").importer) == f"{folder / 'made_lazy.py'}:1"


def test_foreign_finders_and_loaders_work_as_before(packages):
    """A meta path hook that loads by itself, as pytest's assertion rewriting does, is used and charged."""
    packages({})

    class Made:
        """Finds and loads one module that is in no file."""

        def find_spec(self, name, path=None, target=None):
            return importlib.util.spec_from_loader(name, self) if name == "made_by_hook" else None

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            module.kept = bytearray(100_000)

    finder = Made()
    sys.meta_path.insert(0, finder)
    try:
        with measure_imports() as costs:
            import made_by_hook
    finally:
        sys.meta_path.remove(finder)
    assert made_by_hook.__spec__.loader is finder
    assert costs.of("made_by_hook").own_bytes > 100_000


def test_threads_that_import_at_once_are_both_charged(packages):
    """Each thread has its own tree; what one is in the middle of isn't above what the other imports."""
    packages(
        {
            "made_one.py": "import made_meet\nmade_meet.gate.wait(10)\n",
            "made_two.py": "import made_meet\nmade_meet.gate.wait(10)\n",
            "made_meet.py": "import threading\ngate = threading.Barrier(2)\n",
        }
    )
    importlib.import_module("made_meet")
    with measure_imports() as costs:
        threads = [threading.Thread(target=importlib.import_module, args=(name,)) for name in ("made_one", "made_two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {(cost.depth, cost.module, cost.outcome) for cost in costs.tree.costs} == {
        (0, "made_one", ImportOutcome.LOADED),
        (0, "made_two", ImportOutcome.LOADED),
    }


def test_an_import_that_outlasts_the_block_ends_in_peace(packages):
    """A thread that is in the middle of an import when the block ends goes on; its import is told as unfinished."""
    packages(
        {
            "made_meet.py": "import threading\nbegun, go = threading.Event(), threading.Event()\n",
            "made_slow.py": "import made_meet\nmade_meet.begun.set()\nmade_meet.go.wait(10)\nimport made_late\n",
            "made_late.py": "",
        }
    )
    meet = importlib.import_module("made_meet")
    thread = threading.Thread(target=importlib.import_module, args=("made_slow",))
    with measure_imports() as costs:
        thread.start()
        assert meet.begun.wait(10)
    meet.go.set()
    thread.join()
    assert "made_late" in sys.modules
    assert [(cost.module, cost.outcome) for cost in costs.tree.costs] == [("made_slow", ImportOutcome.UNFINISHED)]


def test_blocks_can_be_nested(packages):
    """The inner block measures what the outer one measures too."""
    packages({"made_a.py": "", "made_b.py": ""})
    with measure_imports() as outer:
        importlib.import_module("made_a")
        with measure_imports() as inner:
            importlib.import_module("made_b")
    assert (_shape(outer), _shape(inner)) == ([(0, "made_a"), (0, "made_b")], [(0, "made_b")])


def test_a_block_that_raises_restores_all_and_has_measured(packages):
    """The error goes on, and what was imported before it is charged."""
    packages({"made_a.py": ""})
    with pytest.raises(KeyboardInterrupt), measure_imports() as costs:  # noqa: PT012 - the block is what is tested
        importlib.import_module("made_a")
        raise KeyboardInterrupt
    assert _shape(costs) == [(0, "made_a")]


def test_a_replacement_by_others_is_left_in_place(packages, monkeypatch):
    """Who replaces ``__import__`` inside the block finds it so afterwards; ours, below it, does nothing any more."""
    packages({"made_a.py": ""})
    before = builtins.__import__
    with measure_imports() as costs:
        ours = builtins.__import__

        def theirs(*args, **kwargs):
            return ours(*args, **kwargs)

        builtins.__import__ = theirs
    try:
        assert builtins.__import__ is theirs
        import made_a  # noqa: F401
    finally:
        builtins.__import__ = before
    assert _shape(costs) == []


def test_figures_wait_for_the_end():
    """While the block is running, asking is an error that says when."""
    with measure_imports() as costs:
        assert repr(costs) == "<MeasuredImports of a block that is not over>"
        with pytest.raises(MeterError, match="known when their `with` has ended"):
            costs.by_cost()
    assert repr(costs) == "<MeasuredImports modules=0 total_bytes=0>"
    assert costs.total_s == 0


def test_an_interpreter_that_imports_otherwise_is_told(monkeypatch):
    """Where the function isn't there, nothing is replaced, and the sentence names it."""
    before = builtins.__import__
    with monkeypatch.context() as patch:
        patch.delattr(importlib._bootstrap, "_find_and_load")
        context = measure_imports()
        with pytest.raises(MeterError, match=r"no importlib\._bootstrap\._find_and_load"):
            context.__enter__()
        assert builtins.__import__ is before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing to fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_imports_freely(packages):
    """What a child imports is its own affair."""
    packages({"made_a.py": ""})
    with measure_imports() as costs:
        child = os.fork()
        if child == 0:
            importlib.import_module("made_a")
            os._exit(7)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert _shape(costs) == []


def test_what_asks_through_something_strange_is_left_out(packages):
    """An import from what is no module, or of names that are no submodules, is as ever, and not noted."""
    packages({"made_other.py": "import sys, types\nsys.modules[__name__] = types.SimpleNamespace(value=3)\n"})
    importlib.import_module("made_other")
    with measure_imports() as costs:
        from made_other import value
    assert value == 3
    assert "made_other" not in costs.tree.reused


def test_an_import_that_no_line_asks_for_has_no_importer():
    """Where C code imports with no frame behind it, the place is unknown."""
    assert site_of(None) == ImportSite("?", "?", 0)
