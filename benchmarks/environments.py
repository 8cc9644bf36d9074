"""Virtual environments under ``benchmarks/.work``: for the suites, for the peer beside them, for pytest and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WORK: Final = ROOT / "benchmarks" / ".work"
UNSET: Final = (
    "PYTEST_ADDOPTS",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    "PYTEST_PLUGINS",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",  # pytest rewrites its plugins' modules, and would do so again in every run
    "PYTHONMALLOC",
    "PYTHONTRACEMALLOC",
    "COVERAGE_PROCESS_START",
)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment and what is installed there besides the suites.

    Attributes:
        name: its folder under ``.work/venvs``.
        requirements: what pip installs, besides what the suites need.
        interpreter: the Python that it is made from.
    """

    name: str
    requirements: tuple[str, ...]
    interpreter: str = sys.executable

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return WORK / "venvs" / self.name / "bin" / "python"

    def prepare(self, needs: Sequence[str]) -> None:
        """Create it unless it is there, then install what it lacks of its requirements and of ``needs``."""
        folder = self.python.parent.parent
        stamp = folder / "installed.txt"
        installed = stamp.read_text("utf-8").splitlines() if stamp.exists() else []
        lacking = [wanted for wanted in (*self.requirements, *needs) if wanted not in installed]
        if not lacking:
            return
        subprocess.run([self.interpreter, "-m", "venv", str(folder)], check=True)
        self.install(*lacking)
        stamp.write_text("\n".join((*installed, *lacking)), "utf-8")

    def install(self, *arguments: str) -> None:
        """Run ``pip install`` there."""
        command = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    def version_of(self, distribution: str) -> str:
        """The version of ``distribution`` installed there."""
        code = f"from importlib.metadata import version; print(version({distribution!r}))"
        run = subprocess.run([self.python, "-c", code], check=True, capture_output=True, text=True)
        return run.stdout.strip()


# Both hold the same libraries, so that a difference between the two is not one of imports.
COMMON: Final = ("pytest>=8.4", "psutil>=7.2", "pympler>=1.1", "rich>=13.7")
MEMOPT: Final = Environment("memopt", COMMON)
# Without what the suites need: their own pytest plugins take far longer to start than ours.
PLAIN: Final = Environment("plain", COMMON)
PEER: Final = Environment("peer", (*COMMON, "pytest-memray>=1.8"))


def install_memopt(environment: Environment) -> None:
    """Build this checkout as a wheel and install it, as a user would have it: pytest treats an editable one otherwise."""
    environment.install("--no-deps", "--force-reinstall", str(ROOT))


def plain_environment() -> dict[str, str]:
    """This process's variables, without those that would alter the runs, and with a fixed hash seed."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return kept | {"PYTHONHASHSEED": "0", "NO_COLOR": "1"}
