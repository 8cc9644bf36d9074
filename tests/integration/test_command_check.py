"""``memopt check`` in a process of its own: exit codes, and who is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

APP = """
    import itertools
    KEPT, COUNT, CALLS = {}, itertools.count(), itertools.count()

    class Session: pass

    def clean(): return [1]
    def leak(): KEPT[next(COUNT)] = Session()
    def rare():
        if next(CALLS) % 5 == 4: leak()
    def broken(): raise LookupError("nothing there")
    def end(): raise SystemExit(0)
    def stop():
        if next(CALLS) == 4: raise KeyboardInterrupt
        leak()

    class Shop:
        @staticmethod
        def leak(): leak()
"""


@pytest.fixture
def check(tmp_path):
    """Runs the command in a folder with a module."""
    (tmp_path / "app.py").write_text(dedent(APP), encoding="utf-8")

    # coverage allocates for every new line, in the middle of what is looked at
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}

    def run(*args):
        command = [sys.executable, "-m", "pytest_memopt", "check", *args]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
        )

    return run


@pytest.mark.parametrize("target", ["app:clean", "app.py:clean"])
def test_what_is_clean_ends_with_0(check, target):
    """A callable of a module or a file that keeps nothing is clean after a few calls."""
    done = check(target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{target}: clean in 4 calls")


def test_an_interruption_ends_with_130(check):
    """Ctrl-C shows no traceback, but how far it came."""
    done = check("app:stop")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "memopt: app:stop: interrupted in 5 calls, no verdict yet"


@pytest.mark.parametrize("target", ["app:leak", "app.py:leak", "app:Shop.leak"])
def test_a_leak_ends_with_1_and_names_the_holder(check, target):
    """Also of a file, which is no module of the process, and of a class."""
    done = check(target, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    leak = json.loads(done.stdout)["leak"]
    assert leak["culprits"][0]["type"] == "app.Session"
    assert leak["signature"] == "app.KEPT[*] <- app.Session"


def test_more_rounds_find_what_leaks_rarely(check):
    """A leak in every fifth call is found with ``--rounds 15``."""
    done = check("app:rare", "--rounds", "15")
    assert done.returncode == 1
    assert "held by app.KEPT" in done.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("app:broken",), "app:broken raised LookupError: nothing there"),
        (("app:end",), "app:end raised SystemExit: 0"),
        (("app:none",), "app has no callable 'none'"),
        (("none:clean",), "could not be loaded: ModuleNotFoundError"),
        (("app",), "is not a target"),
        (("app:clean", "--budget", "0"), "--budget"),
        ((), "see `memopt check --help`"),
    ],
)
def test_what_can_not_be_told_ends_with_2(check, args, told):
    """One line on the standard error says why, and there is no traceback."""
    done = check(*args)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert told in done.stderr
