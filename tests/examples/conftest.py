"""What users read and run: how their pages and projects are executed here, in processes of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "pytest": (sys.executable, "-m", "pytest"),
    "memopt": (sys.executable, "-m", "pytest_memopt"),
    "python": (sys.executable,),
}


@dataclass(frozen=True, slots=True)
class Shell:
    """A user's terminal: a folder, and nothing of this repository's own pytest around it."""

    folder: Path

    def run(self, line, **environment):
        """One command, as it stands in a page; both streams of what it said, and how it ended."""
        program, *arguments = shlex.split(line, comments=True)
        plugins = ["pytest_memopt.plugin", *(["xdist.plugin"] if "-n" in arguments else [])]
        # coverage allocates in the middle of what is measured
        foreign = ("PYTEST_", "MEMOPT_", "COVERAGE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return subprocess.run(
            [*PROGRAMS[program], *arguments],
            cwd=self.folder,
            env=kept
            | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ",".join(plugins), "COLUMNS": "100"}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture
def shell(tmp_path):
    """A terminal in an empty folder."""
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def in_folder():
    """A terminal in a folder of one's own choice."""
    return Shell


@pytest.fixture
def root():
    """The root of the repository."""
    return ROOT
