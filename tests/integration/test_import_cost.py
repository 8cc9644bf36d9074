"""What real packages cost: charged against what the heap grew, and against a process without any hook."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.optimize.fresh_import import measure_module
from pytest_memopt.optimize.heap_bytes import HeapBytes

COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
# the same modules are loaded before in both: all that measuring needs; the growth is read with and without hooks
GROWN = """
import gc, json, sys
from contextlib import nullcontext
from importlib import import_module
from pytest_memopt.optimize.measured_imports import measure_imports
from pytest_memopt.optimize.heap_bytes import HeapBytes
name, is_measured, collects = sys.argv[1], sys.argv[2] == "measured", sys.argv[3] == "collects"
heap = HeapBytes()
for _ in range(2):
    gc.collect()
    before_bytes = heap.read()
if not collects:
    gc.disable()
with measure_imports() if is_measured else nullcontext() as measured:
    import_module(name)
    after_bytes = heap.read()
print(json.dumps(measured.total_bytes if is_measured else after_bytes - before_bytes))
"""
exact = pytest.mark.skipif(bool(HeapBytes().why), reason="bytes are estimated here")


@pytest.fixture
def unwatched(monkeypatch):
    """Coverage allocates for every new line, in the middle of what is measured."""
    for name in COVERAGE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def grown_bytes(unwatched):
    """Bytes that an import took in a fresh process: charged to the modules, or read from the heap without any hook."""

    def read(*words):
        command = [sys.executable, "-c", GROWN, *words]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return read


@exact
@pytest.mark.parametrize("module", ["numpy", "rich.console", "jsonschema"])
def test_what_is_charged_is_what_the_heap_grows_by(grown_bytes, module):
    """The sum over all modules is within 2 % of the growth in a process that imports the same without measuring.

    Nothing is collected meanwhile: garbage that is there at the end in one process, and was collected in the other, is 2 %
    of jsonschema.
    """
    bare_bytes, charged_bytes = (grown_bytes(module, how, "keeps") for how in ("bare", "measured"))
    assert charged_bytes == pytest.approx(bare_bytes, rel=0.02)


@exact
@pytest.mark.parametrize("module", ["numpy", "rich.console", "jsonschema"])
def test_a_fresh_process_finds_the_same(grown_bytes, module):
    """A module measured in a fresh process costs what the heap grows by in another, to within 10 %, collections included."""
    tree = measure_module(module)
    assert tree.is_exact
    assert tree.total_bytes == pytest.approx(grown_bytes(module, "bare", "collects"), rel=0.1)
    assert tree.of(module).total_bytes == tree.total_bytes
    assert tree.costs[0].module == module
    assert all(cost.own_s >= 0 for cost in tree.costs)


def test_a_fresh_process_finds_what_is_on_this_path_only(tmp_path, monkeypatch):
    """A module is looked for where it would be here, and what it prints doesn't spoil the answer."""
    (tmp_path / "made_loud.py").write_text("import os\nprint('{')\nos.write(1, b'loud')\nkept = bytearray(10**6)\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    tree = measure_module("made_loud")
    assert [cost.module for cost in tree.costs] == ["made_loud"]
    assert tree.total_bytes > 10**6
    assert "os" in tree.reused_by("made_loud")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import made_missing", "ModuleNotFoundError: No module named 'made_missing'"),
        ("raise SystemExit('enough')", "SystemExit: enough"),
        ("import os; os.write(2, b'bye\\n'); os._exit(3)", "its process ended with 3: bye"),
        ("import time; time.sleep(60)", "it was not done within 1 s"),
    ],
    ids=["missing", "exit", "end", "hang"],
)
def test_an_import_that_fails_is_told_in_a_sentence(tmp_path, monkeypatch, text, told):
    """With the module's name and the reason, without a traceback."""
    (tmp_path / "made_bad.py").write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(MeterError) as failed:
        measure_module("made_bad", timeout_s=1 if "sleep" in text else 60)
    assert str(failed.value) == f"the cost of importing 'made_bad' can't be measured: {told}"


def test_a_missing_interpreter_is_told(monkeypatch):
    """Where no process can be started, the reason is given."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(MeterError, match="no interpreter could be started: "):
        measure_module("json")


SUITE = """
import sys
from pathlib import Path
import pytest
from pytest_memopt import measure_imports
with measure_imports() as costs:
    code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]])
assert code == 1
cost = costs.of("made_used")
print("importer", Path(cost.importer.path).name, cost.importer.line, cost.own_bytes > 10**6)
"""


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_imports_of_a_suite_are_charged_and_asserts_are_still_rewritten(tmp_path, mode):
    """Under pytest's assertion rewriting the test's line is the importer, and its failures still show their values."""
    (tmp_path / "made_used.py").write_text("kept = bytearray(10**6)\n")
    (tmp_path / "test_made.py").write_text("import made_used\n\ndef test_it():\n    assert len(made_used.kept) == 3\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-c", SUITE, f"--import-mode={mode}"],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert "assert 1000000 == 3" in done.stdout, done.stdout + done.stderr
    assert "importer test_made.py 1 True" in done.stdout
