"""The harness of the tests from outside: write a project, run pytest on it in a process of its own, read what it said."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a job in a shell's background ignores Ctrl-C, and so would every pytest that is started here
    signal.signal(signal.SIGINT, signal.default_int_handler)

_OUTCOME_WORDS = ("passed", "failed", "skipped", "error", "errors", "xfailed", "xpassed")
_COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
_PYTHON = ("PYTHONMALLOC", "PYTHONTRACEMALLOC", "PYTHONPATH", "PYTHONUNBUFFERED")
# by these pytest knows a build server, where it repeats whole messages in its short summary
_BUILD_SERVER = ("CI", "BUILD_NUMBER")


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
    """A project of a user, and how pytest is run on it; each change gives a new one.

    A run loads no plugin but ours and pytest-xdist, and coverage doesn't watch it, unless it is asked to: coverage
    allocates for every new line, in the middle of windows whose figures are looked at.
    """

    path: Path
    files: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    is_watched: bool = False

    def with_files(self, files):
        """The same with more files: text by relative path."""
        return replace(self, files={**self.files, **files})

    def with_args(self, *args):
        """The same with more arguments for each run."""
        return replace(self, args=(*self.args, *args))

    def by_file(self):
        """The same with all tests of a file in one worker, where there are workers."""
        return self.with_args("--dist=loadfile") if "-n" in self.args else self

    def with_prefix(self, *prefix):
        """The same, with the interpreter started by another command, as ``env`` or ``unshare``."""
        return replace(self, prefix=prefix)

    def with_variables(self, **variables):
        """The same with more environment variables."""
        return replace(self, variables={**self.variables, **variables})

    def with_plugins(self, *names):
        """The same with other plugins that are installed, by the names of their entry points."""
        return replace(self, blocked=self.blocked - set(names))

    def watched(self):
        """The same under coverage, where that is on: for runs of which no exact figure is looked at."""
        return replace(self, is_watched=True)

    @property
    def environment(self):
        """What a run finds around it: nothing of the pytest that runs this, and of coverage only if watched."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "MEMOPT_", "GITHUB_"))
            and name not in (*_PYTHON, *_BUILD_SERVER)
            and (self.is_watched or name not in _COVERAGE)
        }
        own = {
            "HOME": str(self.path),
            "PYTEST_ADDOPTS": " ".join(f"-p no:{name}" for name in sorted(self.blocked)),
            "PYTEST_DEBUG_TEMPROOT": str(self.path.parent),
            # files that are written anew within a second, in the same length, would else be taken from the cache
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self.path),
        }
        return kept | own | self.variables

    def write(self):
        """Put the files in their places."""
        for name, text in {"pytest.ini": "[pytest]\n", **self.files}.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def command(self, *args):
        """The command line of a run."""
        return (*self.prefix, sys.executable, "-m", "pytest", *self.args, *args)

    def start(self, *args, **options):
        """Write the files and begin a run, without waiting for its end."""
        self.write()
        return subprocess.Popen(self.command(*args), cwd=self.path, env=self.environment, **options)

    def execute(self, *args, timeout_s=300, typed=""):
        """Run pytest on what is there, with ``typed`` at its standard input."""
        command = self.command(*args)
        started_s = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            input=typed,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
        sys.stdout.write(f"running: {' '.join(command)}\n{done.stdout}\n")
        sys.stderr.write(done.stderr)
        duration_s = time.perf_counter() - started_s
        result = pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), duration_s)
        return Run(result, None)

    def run(self, *args, timeout_s=300, typed=""):
        """Write the files and run pytest on them."""
        self.write()
        return self.execute(*args, timeout_s=timeout_s, typed=typed)

    def measure(self, *args, timeout_s=300):
        """The same under ``--memopt``, with the JSON document read; hunts have time, however busy the machine is."""
        target = self.path / "memopt-out.json"
        target.unlink(missing_ok=True)
        options = ("--memopt", f"--memopt-json={target}", f"--memopt-leaks-budget={timeout_s}")
        run = self.run(*options, *args, timeout_s=timeout_s)
        return replace(run, document=json.loads(target.read_text(encoding="utf-8")) if target.exists() else None)


@pytest.fixture(scope="session")
def new_project(other_plugins):
    """A function that makes an empty project in a folder, whose runs use one process."""

    def make(folder):
        path = folder / "project"
        path.mkdir()
        return Project(path, blocked=other_plugins)

    return make


@pytest.fixture
def serial_project(new_project, tmp_path):
    """An empty project whose runs use one process."""
    return new_project(tmp_path)


@pytest.fixture(scope="module")
def shared_project(new_project, tmp_path_factory):
    """An empty project of a whole module, for runs that several of its tests look at."""
    return new_project(tmp_path_factory.mktemp("shared"))


@pytest.fixture(params=[(), ("-n", "2")], ids=["serial", "n2"], scope="module")
def xdist_args(request):
    """The arguments that run the suite in one process, then in two."""
    if request.param:
        pytest.importorskip("xdist")
    return request.param


@pytest.fixture
def project(serial_project, xdist_args):
    """An empty project, run with and without ``-n 2``."""
    return serial_project.with_args(*xdist_args)


@pytest.fixture
def project_in_two(serial_project):
    """An empty project, run with ``-n 2``."""
    pytest.importorskip("xdist")
    return serial_project.with_args("-n", "2")


@pytest.fixture(scope="session")
def shown_on_terminal():
    """A function that runs pytest on a project in a terminal of 100 columns, and gives what that gets, with its escapes."""
    pty = pytest.importorskip("pty")

    def show(project, *args):
        main, side = pty.openpty()
        pieces = []

        def read():
            try:
                while piece := os.read(main, 4096):
                    pieces.append(piece)
            except OSError:  # Linux says so that the other side is closed
                pass

        process = project.with_variables(TERM="xterm", COLUMNS="100").start(*args, stdin=side, stdout=side, stderr=side)
        os.close(side)
        reader = threading.Thread(target=read)
        reader.start()
        process.wait(timeout=300)
        reader.join(timeout=60)
        os.close(main)
        return b"".join(pieces).decode()

    return show


@pytest.fixture(scope="session")
def corpus():
    """The folder of the data files: tests that aren't collected here, but copied into a project."""
    return Path(__file__).with_name("corpus")


_NOTES_USE = """
import json, os, time
from contextlib import contextmanager

@contextmanager
def noted_use(slot, who):
    start_s = time.monotonic()
    yield
    line = json.dumps([slot, start_s, time.monotonic(), who]) + "\\n"
    file = os.open({path!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)
"""


class Use(NamedTuple):
    """One use of a slot that processes share, by the clock that they share as well."""

    slot: int
    start_s: float
    end_s: float
    who: str


@dataclass(frozen=True, slots=True)
class UseLog:
    """Who used which slot from when to when, written by any number of processes into one file."""

    path: Path

    @property
    def source(self):
        """What a process runs to take part: it defines ``noted_use(slot, who)``, for a ``with`` around each use."""
        return _NOTES_USE.format(path=str(self.path))

    def uses(self):
        """All that have ended, by their start."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return sorted((Use(*json.loads(line)) for line in lines), key=lambda use: use.start_s)

    def assert_kept(self, slot_count):
        """Never more than so many at one time, each in a slot that nobody else had meanwhile."""
        uses = self.uses()
        changes = sorted(change for use in uses for change in ((use.start_s, 1), (use.end_s, -1)))
        assert max(accumulate(change for _, change in changes)) <= slot_count
        assert {use.slot for use in uses} <= set(range(slot_count))
        for number in range(slot_count):
            of_slot = [use for use in uses if use.slot == number]
            assert all(earlier.end_s <= later.start_s for earlier, later in pairwise(of_slot))


@pytest.fixture
def use_log(tmp_path):
    """Where processes write down how they use what they share."""
    return UseLog(tmp_path / "uses")
