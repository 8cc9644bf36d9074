"""The suites: well-known packages whose sdists bring their tests, and what each needs to run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .environments import WORK, Environment


@dataclass(frozen=True, slots=True)
class Suite:
    """One package's own tests.

    Attributes:
        name: the package on PyPI.
        version: pinned, so that figures of two days can be compared.
        arguments: what pytest is given, run in the unpacked sdist.
        needs: what the tests import beyond pytest and the package's own requirements.
    """

    name: str
    version: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        """Where the sdist is unpacked."""
        return WORK / "sources" / f"{self.name}-{self.version}"

    def fetch(self) -> None:
        """Download and unpack the sdist, unless it is there; nothing of it is built."""
        if self.source.exists():
            return
        sdists = WORK / "sdists" / self.name
        sdists.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*command, "--dest", sdists, f"{self.name}=={self.version}"], check=True)
        with tarfile.open(next(sdists.glob("*.tar.gz"))) as archive:
            archive.extractall(sdists, filter="data")
        unpacked = next(path for path in sdists.iterdir() if path.is_dir())
        self.source.parent.mkdir(parents=True, exist_ok=True)
        # A package without a pytest section of its own would else be run with this repository's.
        (self.source.parent / "pytest.ini").write_text("[pytest]\n", "utf-8")
        shutil.move(unpacked, self.source)

    def install(self, environment: Environment) -> None:
        """Install the package itself from its sdist; its requirements are among ``needs``."""
        stamp = environment.python.parent.parent / f"{self.name}-{self.version}.txt"
        if not stamp.exists():
            environment.install("--no-deps", str(self.source))
            stamp.touch()


SUITES: Final = (
    Suite("networkx", "3.6.1", ("networkx/classes",), ("numpy>=2.1", "scipy>=1.15", "pandas>=2.2")),
    Suite("jinja2", "3.1.6", ("tests",), ("markupsafe>=3", "trio>=0.29")),
    Suite("click", "8.5.1", ("tests",)),
    # test_primes is half of the suite's time, spent in one loop of arithmetic: it would only hide what is measured.
    Suite("more-itertools", "11.2.1", ("tests", "-k", "not test_primes")),
    Suite("attrs", "26.1.0", ("tests", "--hypothesis-seed=0"), ("hypothesis", "cloudpickle")),
)
