"""Clean but noisy: modules met for the first time inside a test."""

from __future__ import annotations

import importlib
import sys

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)

SELDOM = [
    "bdb",
    "bz2",
    "cmd",
    "codeop",
    "colorsys",
    "dbm.dumb",
    "ftplib",
    "graphlib",
    "imaplib",
    "lzma",
    "mailbox",
    "modulefinder",
    "netrc",
    "pickletools",
    "plistlib",
    "poplib",
    "pyclbr",
    "sched",
    "shelve",
    "smtplib",
    "statistics",
    "symtable",
    "tabnanny",
    "trace",
    "wave",
    "wsgiref.simple_server",
    "xmlrpc.client",
    "zipapp",
]


@pytest.mark.parametrize("name", SELDOM)
def test_first_import(name):
    """A module that nothing imported before stays imported: warm-up."""
    assert importlib.import_module(name).__name__ == name


def test_import_in_fresh_state(monkeypatch):
    """A module is executed anew in each run, and the old one put back."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_reload():
    """A reload replaces what the module held."""
    import colorsys

    assert importlib.reload(colorsys) is colorsys


@pytest.fixture(scope="module")
def plugin_folder(tmp_path_factory):
    """A folder with a module of its own, on disk for the whole file."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "clean_plugin_xyz.py").write_text("VALUES = list(range(100))\nclass Thing: pass\n")
    return folder


def test_import_from_new_path(plugin_folder, monkeypatch):
    """A module from a folder that is on the path during the test only."""
    monkeypatch.syspath_prepend(str(plugin_folder))
    import clean_plugin_xyz

    assert len(clean_plugin_xyz.VALUES) == 100
    monkeypatch.delitem(sys.modules, "clean_plugin_xyz")


def test_import_by_spec(plugin_folder):
    """A module built from its file, and never registered."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("clean_by_spec", plugin_folder / "clean_plugin_xyz.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.Thing().__class__.__module__ == "clean_by_spec"


def test_failing_import():
    """An import that fails leaves nothing."""
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("clean_nothing_of_that_name")


def test_package_metadata():
    """Looking up an installed distribution fills the importer's caches once."""
    from importlib.metadata import version

    assert version("pytest")


def test_package_resources():
    """Reading a file of a package by importlib.resources."""
    from importlib.resources import files

    assert (files("json") / "decoder.py").read_text(encoding="utf-8")


def test_lazy_module(monkeypatch):
    """A module behind a lazy loader is loaded at the first attribute."""
    from importlib.util import LazyLoader, find_spec, module_from_spec

    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    spec = find_spec("colorsys")
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "colorsys", module)
    spec.loader.exec_module(module)
    assert module.hls_to_rgb(0, 0, 0) == (0, 0, 0)


def test_runpy():
    """A module is run as a script, in a namespace of its own."""
    import runpy

    assert runpy.run_module("colorsys")["ONE_THIRD"] == pytest.approx(1 / 3)


def test_find_all_modules():
    """Walking the packages of a folder fills the finders' caches once."""
    import json
    import pkgutil

    assert {found.name for found in pkgutil.iter_modules(json.__path__)} >= {"decoder", "encoder"}
