"""Modules that are loaded by their first use."""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
import types
import unittest

import pytest

from pytest_memopt.errors import MemoptError, UnknownModuleError
from pytest_memopt.optimize.lazy_import import lazy_import
from pytest_memopt.optimize.lazy_module import OnUseLoader, _LazyModule, _loaded


def _is_lazy(module):
    return type(module) is _LazyModule


@pytest.fixture
def lazy(packages):
    """A lazy module with this text, and the list into which it writes its name when it runs."""
    packages({"made_log.py": "runs = []\n"})
    runs = importlib.import_module("made_log").runs

    def make(text="value = 1\n", name="made_lazy"):
        packages({f"{name}.py": f"import made_log\nmade_log.runs.append(__name__)\n{text}"})
        return lazy_import(name), runs

    return make


def test_a_module_is_loaded_by_its_first_use(lazy):
    """Until an attribute is asked for nothing runs; then it does once, and the module is like any other."""
    module, runs = lazy()
    assert (_is_lazy(module), runs) == (True, [])
    assert (module.value, runs) == (1, ["made_lazy"])
    assert (type(module), module.value, runs) == (types.ModuleType, 1, ["made_lazy"])
    assert not isinstance(module.__loader__, OnUseLoader)
    assert module.__spec__.loader is module.__loader__
    assert module.__spec__.loader_state is None


def test_what_is_loaded_already_is_returned():
    """There is nothing to defer."""
    assert lazy_import("sys") is sys


def test_everybody_gets_the_same_lazy_module(lazy):
    """``import`` elsewhere gives it without loading it, ``from ... import name`` loads it."""
    module, runs = lazy()
    import made_lazy

    assert made_lazy is module is lazy_import("made_lazy") is importlib.import_module("made_lazy")
    assert runs == []
    from made_lazy import value

    assert (value, runs) == (1, ["made_lazy"])


def test_metadata_does_not_load(lazy):
    """What is known of a module before it runs can be asked for, as ``inspect`` and ``unittest`` do of all modules."""
    module, runs = lazy("import warnings\n")
    assert (module.__name__, module.__package__, module.__spec__.name) == ("made_lazy", "", "made_lazy")
    assert module.__file__.endswith("made_lazy.py")
    assert repr(module).startswith("<module 'made_lazy' from ")
    assert isinstance(module, types.ModuleType)
    assert inspect.getmodule(test_metadata_does_not_load) is sys.modules[__name__]
    with unittest.TestCase().assertWarns(UserWarning):
        import warnings

        warnings.warn("something", UserWarning, stacklevel=1)
    assert runs == []
    assert "warnings" in dir(module)
    assert runs == ["made_lazy"]


@pytest.mark.parametrize(
    "how", [lambda m: setattr(m, "value", 2), lambda m: delattr(m, "value")], ids=["set", "delete"]
)
def test_changing_an_attribute_loads_first(lazy, how):
    """So what was set is not overwritten by the loading."""
    module, runs = lazy()
    how(module)
    assert runs == ["made_lazy"]
    assert vars(module).get("value") in (2, None)


def test_an_unknown_module_is_told_at_once():
    """The error is an ImportError and one of ours, with a sentence and the name."""
    with pytest.raises(UnknownModuleError, match="there is no module 'made_pandsa' here: install it") as found:
        lazy_import("made_pandsa")
    assert isinstance(found.value, ModuleNotFoundError)
    assert isinstance(found.value, MemoptError)
    assert found.value.name == "made_pandsa"
    assert "made_pandsa" not in sys.modules


@pytest.mark.parametrize("name", ["json.made_nothing", "sys.made_nothing", "made_nothing.at_all"])
def test_an_unknown_submodule_is_told_at_once(name):
    """Whether the package lacks it, is no package, or isn't there."""
    with pytest.raises(UnknownModuleError, match=f"there is no module '{name}' here"):
        lazy_import(name)


@pytest.mark.parametrize("name", ["", ".json", "json.", "a..b"])
def test_what_is_no_full_name_is_refused(name):
    """Relative names have nothing to be relative to."""
    with pytest.raises(UnknownModuleError, match="is not the full name of a module"):
        lazy_import(name)


def test_a_package_that_lacks_something_itself_says_so(packages):
    """The error of a package above is its own."""
    packages({"made_pack/__init__.py": "import made_missing", "made_pack/part.py": ""})
    with pytest.raises(ModuleNotFoundError, match="No module named 'made_missing'") as found:
        lazy_import("made_pack.part")
    assert not isinstance(found.value, MemoptError)


def test_a_submodule_is_lazy_and_its_package_is_not(packages):
    """The package is imported for its path, and has the submodule as an attribute."""
    packages({"made_pack/__init__.py": "loaded = True", "made_pack/part.py": "value = 1"})
    part = lazy_import("made_pack.part")
    package = sys.modules["made_pack"]
    assert not _is_lazy(package)
    assert package.part is part
    assert _is_lazy(part)
    import made_pack.part as again

    assert again is part
    assert _is_lazy(part)
    assert part.value == 1


def test_a_lazy_package_is_loaded_for_its_submodule(packages):
    """A package runs before what is in it."""
    packages(
        {
            "made_pack/__init__.py": "order = ['package']",
            "made_pack/part.py": "from made_pack import order\norder.append('part')",
        }
    )
    package = lazy_import("made_pack")
    assert _is_lazy(package)
    import made_pack.part  # noqa: F401

    assert package.order == ["package", "part"]


def test_what_cannot_wait_is_imported_at_once(packages):
    """A package without ``__init__.py``, and a loader that can't execute later."""
    packages({"made_space/leaf.py": ""})
    assert not _is_lazy(lazy_import("made_space"))
    assert _is_lazy(lazy_import("made_space.leaf"))


def test_an_error_comes_with_each_use_until_it_loads(lazy, packages):
    """The first use raises what the module raised, and the next one tries again from the start."""
    module, runs = lazy("half = 1\nif len(made_log.runs) < 3:\n    raise ValueError('too early')\nvalue = 7\n")
    for _ in range(2):
        with pytest.raises(ValueError, match="too early"):
            _ = module.value
        assert _is_lazy(module)
        assert "half" not in object.__getattribute__(module, "__dict__")
    assert (module.value, len(runs)) == (7, 3)


def test_a_module_may_use_itself_while_it_is_loaded(lazy):
    """Circular imports and ``sys.modules[__name__]`` see what is there so far, as ever."""
    module, runs = lazy(
        "import sys\nearly = 1\nlate = sys.modules[__name__].early + 1\nimport made_lazy\nmade_lazy.set = 3\ndel made_lazy.early\n"
    )
    assert (module.late, module.set, hasattr(module, "early"), runs) == (2, 3, False, ["made_lazy"])


def test_a_module_may_choose_its_class(lazy):
    """``sys.modules[__name__].__class__ = ...`` holds, also when the first try fails afterwards."""
    module, _ = lazy(
        "import sys, types\nclass Own(types.ModuleType):\n    answer = 42\nsys.modules[__name__].__class__ = Own\n"
        "if len(made_log.runs) < 2:\n    raise ValueError('too early')\n"
    )
    with pytest.raises(ValueError, match="too early"):
        _ = module.answer
    assert (module.answer, type(module).__name__) == (42, "Own")


def test_what_takes_the_place_of_a_module_is_used(lazy):
    """A module that puts an object into ``sys.modules`` for itself passes all uses on to that, and runs once."""
    module, runs = lazy(
        "import sys, types\nsys.modules[__name__] = types.SimpleNamespace(value=9, gone=1, kind='other')\n"
    )
    assert (module.value, module.kind) == (9, "other")
    module.value = 10
    del module.gone
    other = sys.modules["made_lazy"]
    assert (other.value, hasattr(other, "gone"), runs) == (10, False, ["made_lazy"])


def test_a_module_that_others_imported_meanwhile_is_not_run_twice(lazy):
    """Where ``sys.modules`` has another one by then, that is it; where it was taken out, it is put back."""
    module, runs = lazy()
    del sys.modules["made_lazy"]
    import made_lazy

    assert made_lazy is not module
    assert (module.value, runs) == (1, ["made_lazy"])
    second, runs = lazy(name="made_second")
    del sys.modules["made_second"]
    assert (second.value, runs) == (1, ["made_lazy", "made_second"])
    assert sys.modules["made_second"] is second


def test_threads_wait_for_the_one_that_loads(lazy):
    """Of eight threads that use a module at once one runs it, and all see it whole."""
    module, runs = lazy("import threading\nmade_log.begun.set()\nmade_log.go.wait(10)\nvalue = 1\n")
    log = sys.modules["made_log"]
    log.begun, log.go, seen = threading.Event(), threading.Event(), []
    threads = [threading.Thread(target=lambda: seen.append(module.value)) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert log.begun.wait(10)
    assert seen == []
    log.go.set()
    for thread in threads:
        thread.join()
    assert (seen, runs) == ([1] * 8, ["made_lazy"])


def test_threads_that_make_it_lazy_at_once_share_it(packages, monkeypatch):
    """Whoever is first, all get the same module."""
    packages({"made_lazy.py": "value = 1"})
    gate, found = threading.Barrier(4), []

    def make():
        gate.wait(10)
        found.append(lazy_import("made_lazy"))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({id(module) for module in found}) == 1
    assert found[0].value == 1


def test_a_builtin_module_can_be_lazy():
    """One that has no file is loaded like others."""
    before = sys.modules.pop("_opcode", None)
    try:
        module = lazy_import("_opcode")
        assert module.stack_effect is not None
        assert sys.modules["_opcode"] is module
    finally:
        if before is not None:
            sys.modules["_opcode"] = before


def test_a_module_without_a_spec_cannot_be_lazy():
    """The loader says what is missing."""
    module = types.ModuleType("made_bare")
    loader = OnUseLoader(importlib.machinery.SourceFileLoader("made_bare", "made_bare.py"))
    with pytest.raises(TypeError, match="'made_bare' has no spec"):
        loader.exec_module(module)


def test_a_thread_that_comes_too_late_finds_it_loaded(lazy):
    """Between its look at the class and at the state another thread may have loaded the module: that is fine."""
    module, runs = lazy()
    assert module.value == 1
    assert _loaded(module) is module
    assert runs == ["made_lazy"]
