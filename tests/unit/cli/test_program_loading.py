"""The stage on which a program runs: as `python` sets it, and put back afterwards."""

import sys
import zipfile
from types import SimpleNamespace

import pytest

from pytest_memopt.cli.programs.loading import stage_of
from pytest_memopt.cli.programs.target import Target, TargetKind
from pytest_memopt.errors import UsageError

TELL = """
import json, sys
SEEN = {name: globals().get(name) for name in ("__name__", "__file__", "__package__", "__doc__", "__cached__")}
SEEN |= {"argv": list(sys.argv), "first": sys.path[0], "is_main": vars(sys.modules["__main__"]) is globals()}
SEEN["spec"] = getattr(__spec__, "name", None)

class Tool:
    @staticmethod
    def run():
        return sys.argv
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with a program in each form; what is imported from there is forgotten again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stage_app.py").write_text('"""Doc."""\n' + TELL, encoding="utf-8")
    package = tmp_path / "stage_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(TELL, encoding="utf-8")
    (package / "part.py").write_text(TELL, encoding="utf-8")
    (tmp_path / "stage_bare").mkdir()
    (tmp_path / "stage_bare" / "__init__.py").touch()
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("stage_"):
            del sys.modules[name]


def seen_by(kind, name, *args):
    """What the program finds around it."""
    with stage_of(Target(kind, name, args)) as load:
        load()()
        return vars(sys.modules["__main__"])["SEEN"]


def test_a_script_finds_what_python_gives_it(folder):
    """Its name, its file, its arguments, its folder first on the path, and ``__main__`` is its own."""
    seen = seen_by(TargetKind.SCRIPT, "stage_app.py", "a", "--b")
    path = str(folder / "stage_app.py")
    assert seen == {
        "__name__": "__main__",
        "__file__": path,
        "__package__": None,
        "__doc__": "Doc.",
        "__cached__": None,
        "argv": ["stage_app.py", "a", "--b"],
        "first": str(folder.resolve()),
        "is_main": True,
        "spec": None,
    }


@pytest.mark.parametrize(
    ("name", "spec", "package", "file"),
    [
        ("stage_app", "stage_app", "", "stage_app.py"),
        ("stage_package", "stage_package.__main__", "stage_package", "stage_package/__main__.py"),
        ("stage_package.part", "stage_package.part", "stage_package", "stage_package/part.py"),
    ],
)
def test_a_module_finds_what_python_gives_it(folder, name, spec, package, file):
    """Its spec and package, its file as the program's name, and the current folder first on the path."""
    seen = seen_by(TargetKind.MODULE, name, "a")
    assert (seen["__name__"], seen["spec"], seen["__package__"]) == ("__main__", spec, package)
    assert seen["argv"] == [str(folder / file), "a"]
    assert seen["first"] == str(folder)


@pytest.mark.parametrize("is_archive", [False, True])
def test_a_folder_or_an_archive_runs_its_main_module(folder, is_archive):
    """What has a ``__main__.py`` is a program, and is first on the path."""
    place = folder / "stage_package"
    if is_archive:
        place = folder / "stage.pyz"
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("__main__.py", TELL)
    seen = seen_by(TargetKind.SCRIPT, place.name)
    assert seen["first"] == str(place)
    assert seen["argv"] == [place.name]


def test_a_callable_is_looked_up_and_called():
    """What the last part names is called, in a module that is imported."""
    with stage_of(Target(TargetKind.CALLABLE, "stage_app:Tool.run", ("a",))) as load:
        assert load()() == ["stage_app:Tool.run", "a"]


def test_all_is_put_back(folder):
    """Arguments, path and ``__main__`` are as they were, also when the program raises."""
    before = sys.argv, list(sys.argv), sys.path, list(sys.path), sys.modules["__main__"]
    (folder / "stage_failing.py").write_text("import sys; sys.argv.append(sys.path.pop()); 1 / 0", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), stage_of(Target(TargetKind.SCRIPT, "stage_failing.py", ("x",))) as load:
        load()()
    assert (sys.argv, list(sys.argv), sys.path, list(sys.path), sys.modules["__main__"]) == before
    assert sys.argv is before[0]


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (TargetKind.MODULE, "stage_gone", "there is no module 'stage_gone'"),
        (TargetKind.MODULE, "stage_gone.part", "there is no module 'stage_gone.part'"),
        (TargetKind.MODULE, "stage_app.part", "there is no module 'stage_app.part'"),
        (TargetKind.MODULE, "stage_bare", "the package 'stage_bare' can't be run: it has no __main__ module"),
        (TargetKind.MODULE, ".part", "'.part' is no module that can be run"),
        (TargetKind.MODULE, "math", "'math' can't be run: it has no Python code"),
        (TargetKind.SCRIPT, "stage_bare", "'stage_bare' can't be run: there is no __main__.py in it"),
        (TargetKind.SCRIPT, "stage_gone.py", "'stage_gone.py' can't be read: No such file"),
        (TargetKind.CALLABLE, "stage_app:gone", "stage_app has no callable 'gone'"),
    ],
)
def test_what_is_not_there_is_named(kind, name, said):
    """A program that isn't there, or can't be run, is an error of the user's, in one sentence."""
    with stage_of(Target(kind, name)) as load, pytest.raises(UsageError) as caught:
        load()
    assert said in str(caught.value)


def test_what_a_package_misses_is_its_own_error(folder):
    """A package whose own import fails raises that, and isn't told as missing."""
    (folder / "stage_broken").mkdir()
    (folder / "stage_broken" / "__init__.py").write_text("import stage_nowhere", encoding="utf-8")
    with stage_of(Target(TargetKind.MODULE, "stage_broken")) as load, pytest.raises(ModuleNotFoundError) as caught:
        load()
    assert caught.value.name == "stage_nowhere"


def test_a_safe_path_stays_as_it_is(monkeypatch):
    """Under ``python -P`` no folder is put in front."""
    monkeypatch.setattr(sys, "flags", SimpleNamespace(safe_path=True))
    assert seen_by(TargetKind.SCRIPT, "stage_app.py")["first"] == sys.path[0]
