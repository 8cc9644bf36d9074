"""The shape of the house: what may import what, how large things may be, what must be said of them."""

import ast
import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pytest_memopt"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    ("errors",),
    ("units",),
    ("settings", "flags", "robust", "bounded_series", "interpreter"),
    ("meters",),
    ("snapshots", "pool"),
    ("limits", "leaks", "optimize", "history"),
    ("verdicts",),
    ("report",),
    ("cli", "plugin"),
    ("public_names",),
    ("__init__", "__main__"),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

MODULE_LINES = 400
FUNCTION_LINES = 45
GRAB_BAGS = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}
# rich is pytest-free but slow to import, sqlite3 may be loaded by others.
UNLOADED_WHEN_OFF = (
    "filelock",
    "psutil",
    "pympler",
    "rich",
    "pytest_memopt.meters",
    "pytest_memopt.optimize",
    "pytest_memopt.pool",
    "pytest_memopt.snapshots",
    "pytest_memopt.report",
)

# what reads between two rounds or phases must not meet what a test has put in the place of these
PATCHED_BY_TESTS = {"gc", "threading", "time", "tracemalloc"}
READING = ("meters", "leaks")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def home_of(path: Path) -> str:
    """The room of the house that ``path`` belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_names(path: Path) -> Iterator[str]:
    """Every module that ``path`` imports anywhere, in full: ``pytest_memopt.units``, ``pytest``."""
    package = ("pytest_memopt", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *((node.module,) if node.module else ())))
            # "from .. import errors" names modules, "from ..errors import SizeError" what is in one.
            yield from ([f"{origin}.{alias.name}" for alias in node.names] if origin == "pytest_memopt" else [origin])


def definitions_in(path: Path, *, public: bool) -> Iterator[tuple[str, Definition]]:
    """Functions, methods and classes with their dotted names; with ``public``, those that users or other rooms see."""

    def visit(node: ast.AST, prefix: str, *, inside_function: bool) -> Iterator[tuple[str, Definition]]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, Definition):
                yield from visit(child, prefix, inside_function=inside_function)
                continue
            name = f"{prefix}{child.name}"
            if public and (child.name.startswith("_") or inside_function):
                continue
            yield name, child
            is_function = not isinstance(child, ast.ClassDef)
            yield from visit(child, f"{name}.", inside_function=inside_function or is_function)

    yield from visit(ast.parse(path.read_text("utf-8")), "", inside_function=False)


def code_lines(node: Definition) -> int:
    """Lines of a definition from its ``def`` to its end, without its docstring."""
    docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    documented = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring is not None else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - documented


def needs_docstring(node: Definition) -> bool:
    """Whether ``node`` has to be documented: overloads and setters are by what they belong to."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return not decorators & {"overload", "override", "setter", "deleter"}


def export_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, each by the alphabet: the order that ruff keeps."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


@every_module
def test_every_room_has_a_rank(path):
    """A package or module at the top is named in the ranks, so that none escapes the rules."""
    assert home_of(path) in RANK


@every_module
def test_imports_point_down(path):
    """A module imports only lower ranks or its own room."""
    home = home_of(path)
    for name in imported_names(path):
        package, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if package == "pytest_memopt" and target in RANK and target != home:
            assert RANK[target] < RANK[home], f"{home} imports {name}"


@every_module
def test_only_the_plugin_knows_pytest(path):
    """Pytest is imported inside plugin/ only, also for types, so that the rest works as a library."""
    if home_of(path) != "plugin":
        found = [name for name in imported_names(path) if re.match(r"(_pytest|pytest|pluggy|xdist)(\.|$)", name)]
        assert found == []


@every_module
def test_own_modules_are_imported_relatively(path):
    """The package names itself by dots, never by its name."""
    tree = ast.parse(path.read_text("utf-8"))
    absolute = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    assert [name for name in absolute if (name or "").split(".")[0] == "pytest_memopt"] == []


@every_module
def test_modules_are_small(path):
    """No module is over 400 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= MODULE_LINES


@every_module
def test_modules_are_named_after_things(path):
    """No module is a grab bag."""
    assert path.stem not in GRAB_BAGS


@every_module
def test_functions_are_small(path):
    """No function has over 45 lines, its docstring aside."""
    functions = [
        (name, node) for name, node in definitions_in(path, public=False) if not isinstance(node, ast.ClassDef)
    ]
    assert {name: code_lines(node) for name, node in functions if code_lines(node) > FUNCTION_LINES} == {}


@every_module
def test_everything_public_is_documented(path):
    """Every module, and every public class, function and method, has a docstring."""
    undocumented = [
        name
        for name, node in definitions_in(path, public=True)
        if needs_docstring(node) and ast.get_docstring(node) is None
    ]
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))) is not None
    assert undocumented == []


@every_module
def test_exports_are_sorted(path):
    """An ``__all__`` is sorted and names nothing twice."""
    for node in ast.parse(path.read_text("utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            names = list(ast.literal_eval(node.value))
            assert names == sorted(set(names), key=export_order)


@every_module
def test_modules_hold_no_global_state(path):
    """No function rebinds a module's variable."""
    tree = ast.parse(path.read_text("utf-8"))
    assert [node.names for node in ast.walk(tree) if isinstance(node, ast.Global)] == []


def test_tox_runs_what_the_classifiers_promise():
    """Tox has one environment for each Python of the classifiers, and one without the extras."""
    classifiers = re.findall(
        r'"Programming Language :: Python :: 3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8")
    )
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    environments = re.split(r"[,\s]+", tox["tox"]["env_list"].strip())
    assert {name for name in environments if re.fullmatch(r"py\d+", name)} == {f"py3{minor}" for minor in classifiers}
    assert tox["testenv:py311-noextras"]["extras"] == ""


def test_github_runs_what_the_classifiers_promise():
    """The workflow for forks tests the same Pythons as tox."""
    classifiers = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text("utf-8")
    )
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    matrix = re.search(r"python: \[(.*)\]", workflow)
    assert matrix is not None
    assert re.findall(r'"(3\.\d+)"', matrix[1]) == classifiers


def run_python(code: str, cwd: Path, *arguments: str) -> list[str]:
    """What of ``UNLOADED_WHEN_OFF`` is loaded after ``code`` ran in a fresh interpreter."""
    program = (
        f"import sys, json\n{code}\n"
        f"loaded = [name for name in {UNLOADED_WHEN_OFF!r} if name in sys.modules]\n"
        "print('\\nloaded: ' + json.dumps(loaded))"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # other plugins may well import psutil or rich
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=cwd, env=env, check=True, capture_output=True, text=True
    )
    return json.loads(run.stdout.rpartition("loaded: ")[2])


def test_the_library_loads_nothing_by_itself(tmp_path):
    """Importing the package loads no meter and no third party: its names are resolved when asked for."""
    assert run_python(f"sys.path.insert(0, {str(ROOT)!r}); import pytest_memopt", tmp_path) == []


@pytest.mark.parametrize("arguments", [["--collect-only", "-q"], ["-q"]], ids=["collecting", "running"])
def test_the_plugin_loads_nothing_when_off(tmp_path, arguments):
    """Installed and not asked for, the plugin leaves psutil, pympler, rich and the meters unloaded."""
    if not entry_points(group="pytest11", name="memopt"):
        pytest.skip("pytest-memopt is not installed here: its entry point can't be tried")
    (tmp_path / "test_plain.py").write_text("def test_nothing():\n    pass\n", "utf-8")
    code = "import pytest\nassert pytest.main(['-p', 'memopt', *sys.argv[1:]]) == 0"
    assert run_python(code, tmp_path, *arguments) == []


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if home_of(path) in READING],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_readings_use_the_originals(path):
    """Who reads imports the interpreter's modules from where no test replaces their functions."""
    if path.name == "originals.py":
        assert set(imported_names(path)) >= PATCHED_BY_TESTS
        return
    whole = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    if path.name == "whole_heap.py":  # which replaces functions for others, and has its own from the originals
        assert whole == {"gc"}
        return
    assert not whole & PATCHED_BY_TESTS
