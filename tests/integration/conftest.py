"""The harness of the tests from outside: write a project, run pytest on it in a process of its own, read what it said."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

_OUTCOME_WORDS = ("passed", "failed", "skipped", "error", "errors", "xfailed", "xpassed")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of pytest left: its output, exit code and, where it was asked for, its JSON document."""

    result: pytest.RunResult
    document: dict | None

    @property
    def text(self):
        """Everything that was printed, both streams."""
        return f"{self.result.stdout}\n{self.result.stderr}"

    @property
    def counts(self):
        """The counts of outcomes in pytest's last line, without those of warnings and memory."""
        parsed = self.result.parseoutcomes()
        return {word: count for word, count in parsed.items() if word in _OUTCOME_WORDS}

    @property
    def tests(self):
        """The records of all tests, by node id."""
        assert self.document is not None, f"no JSON document was written:\n{self.text}"
        return {record["nodeid"]: record for record in self.document["tests"]}

    def test(self, ending):
        """The record of the one test whose node id ends so."""
        found = [record for nodeid, record in self.tests.items() if nodeid.endswith(ending)]
        assert len(found) == 1, f"{len(found)} tests end with {ending!r} among {sorted(self.tests)}"
        return found[0]

    def fixture(self, name):
        """The record of the one fixture of that name."""
        assert self.document is not None, f"no JSON document was written:\n{self.text}"
        found = [record for record in self.document["fixtures"] if record["name"] == name]
        assert len(found) == 1, f"{len(found)} fixtures are called {name!r}: {self.document['fixtures']}"
        return found[0]

    def lines_with(self, *words):
        """The lines of output that hold every one of ``words``."""
        return [line for line in self.text.splitlines() if all(word in line for word in words)]

    def assert_no_crash(self):
        """Neither pytest nor the plugin fell over: no internal error, and no traceback through our own code."""
        assert "INTERNALERROR" not in self.text
        assert not re.search(r"pytest_memopt[/\\][\w/\\]+\.py[\":]", self.text), "a traceback of ours was shown"
        assert self.result.ret != pytest.ExitCode.INTERNAL_ERROR


@dataclass(frozen=True, slots=True)
class Project:
    """A project of a user, and how pytest is run on it; each change gives a new one."""

    pytester: pytest.Pytester
    files: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()

    @property
    def path(self):
        """The project's root."""
        return self.pytester.path

    def with_files(self, files):
        """The same with more files: text by relative path."""
        return replace(self, files={**self.files, **files})

    def with_args(self, *args):
        """The same with more arguments for each run."""
        return replace(self, args=(*self.args, *args))

    def with_prefix(self, *prefix):
        """The same, with the interpreter started by another command, as ``env`` or ``unshare``."""
        return replace(self, prefix=prefix)

    def write(self):
        """Put the files in their places."""
        for name, text in {"pytest.ini": "[pytest]\n", **self.files}.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def command(self, *args):
        """The command line of a run."""
        return (*self.prefix, sys.executable, "-m", "pytest", *self.args, *args)

    def run(self, *args, timeout_s=300):
        """Write the files and run pytest on them."""
        self.write()
        return Run(self.pytester.run(*self.command(*args), timeout=timeout_s), None)

    def measure(self, *args, timeout_s=300):
        """The same under ``--memopt``, with the JSON document read."""
        self.write()
        target = self.path / "memopt-out.json"
        target.unlink(missing_ok=True)
        command = self.command("--memopt", f"--memopt-json={target}", *args)
        result = self.pytester.run(*command, timeout=timeout_s)
        return Run(result, json.loads(target.read_text(encoding="utf-8")) if target.exists() else None)


@pytest.fixture(params=[(), ("-n", "2")], ids=["serial", "n2"])
def xdist_args(request):
    """The arguments that run the suite in one process, then in two."""
    if request.param:
        pytest.importorskip("xdist")
    return request.param


@pytest.fixture
def quiet_environment(monkeypatch):
    """What the surroundings of this run would add to a subprocess is taken out."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "PYTHONMALLOC", "PYTHONTRACEMALLOC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def unwatched(monkeypatch):
    """Coverage stays out of the subprocess: it allocates for each new line, in the middle of exact figures."""
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serial_project(pytester, quiet_environment):
    """An empty project whose runs use one process."""
    return Project(pytester)


@pytest.fixture
def project(serial_project, xdist_args):
    """An empty project, run with and without ``-n 2``."""
    return serial_project.with_args(*xdist_args)


@pytest.fixture
def corpus():
    """The folder of the data files: tests that aren't collected here, but copied into a project."""
    return Path(__file__).with_name("corpus")
