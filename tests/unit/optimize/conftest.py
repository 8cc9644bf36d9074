"""Packages that exist for one test."""

from __future__ import annotations

import importlib
import sys
import textwrap

import pytest

from pytest_memopt.optimize.import_cost import ImportOutcome, ImportSite
from pytest_memopt.optimize.import_record import ImportRecord, tree_of


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Writes modules, whose names begin with ``made_``, where they can be imported; they are forgotten after the test."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(files):
        for name, text in files.items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text), encoding="utf-8")
        importlib.invalidate_caches()
        return tmp_path

    yield write
    for name in [name for name in sys.modules if name.startswith("made_")]:
        del sys.modules[name]


@pytest.fixture
def grow():
    """Makes the tree of imports that are written as nested dictionaries: ``{"a": (own_bytes, own_s, {...})}``."""

    def build(nested, asked=(), why=""):
        records = []

        def add(modules, parent):
            for name, (own_bytes, own_s, inner) in modules.items():
                line = len(records) + 1
                record = ImportRecord(name, ImportSite("app", "/work/tests/test_x.py", line), parent)
                record.own_bytes, record.own_s, record.outcome = own_bytes, own_s, ImportOutcome.LOADED
                records.append(record)
                add(inner, record)

        add(nested, None)
        outside = [module for importer, module in asked if importer is None]
        for record in records:
            record.asked |= {module for importer, module in asked if importer == record.module}
        return tree_of(records, outside, is_exact=not why, why=why)

    return build
