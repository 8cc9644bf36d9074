"""Collections of leak cases: workloads whose truth is known, listed by the ``cases.json`` of a folder.

Each case is a module with ``workload()``, called over and over, and perhaps ``setup()``. A leak of a released package
is two cases: the release that leaks, and, clean, the one that mended it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .environments import ROOT, WORK

OWN: Final = ROOT / "benchmarks" / "leak_cases"
RUNNING: Final = ".".join(platform.python_version_tuple()[:2])


@dataclass(frozen=True, slots=True)
class Case:
    """One workload and what is true of it.

    Attributes:
        name: unique in its collection; a leak of a package says which side of its mending it is.
        leaks: whether a tool should call it a leak.
        released: whether a released package or interpreter behaves so, rather than code written for the purpose.
        workload: the module.
        python: the interpreter's version, such as ``3.11``.
        requires: what pip installs for it.
        holders: names of which one should be told with the finding; empty where nothing in Python holds what leaks.
        culprit_type: the type of what accumulates; empty where it is unknown or no Python type.
    """

    name: str
    leaks: bool
    released: bool
    workload: Path
    python: str
    requires: tuple[str, ...]
    holders: tuple[str, ...]
    culprit_type: str

    @property
    def packages(self) -> Path:
        """The folder that holds what it requires, the same for all cases that require the same."""
        wanted = "+".join((self.python, *sorted(self.requires)))
        return WORK / "packages" / "".join(each if each.isalnum() or each in ".+-" else "_" for each in wanted)


def read_collection(folder: Path) -> list[Case]:
    """All cases of a collection.

    Raises:
        ValueError: where ``folder`` has no ``cases.json``, or a case names a workload that isn't there.
    """
    listing = folder / "cases.json"
    if not listing.is_file():
        raise ValueError(f"{folder} is no collection of leak cases: cases.json is missing")
    cases = [case for entry in json.loads(listing.read_text("utf-8")) for case in _cases_of(entry, folder)]
    if absent := [case.name for case in cases if not case.workload.is_file()]:
        raise ValueError(f"{listing} lists cases without a workload: {', '.join(absent)}")
    return cases


def _cases_of(entry: Mapping[str, Any], folder: Path) -> Iterable[Case]:
    leaks = entry["kind"] == "leak"
    common: dict[str, Any] = {
        "workload": folder / entry["workload"],
        "holders": tuple(entry.get("names", ())) if entry.get("held_by_python") else (),
        "culprit_type": entry.get("culprit_type", "") if entry.get("held_by_python") else "",
    }
    python = entry.get("python", RUNNING)
    if "requires_fixed" not in entry:
        requires = tuple(entry.get("requires", ()))
        yield Case(entry["id"], leaks=leaks, released=False, python=python, requires=requires, **common)
        return
    yield Case(
        f"{entry['id']} (leaky)",
        leaks=True,
        released=True,
        python=python,
        requires=tuple(entry["requires_leaky"]),
        **common,
    )
    yield Case(
        f"{entry['id']} (mended)",
        leaks=False,
        released=True,
        python=entry.get("python_fixed", python),
        requires=tuple(entry["requires_fixed"]),
        **common,
    )


def interpreter(version: str) -> str:
    """The command of a Python ``version``: the one that runs this, one of pyenv's, or the one on the PATH."""
    if version == RUNNING:
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted((root / "versions").glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else f"python{version}"


def install_packages(case: Case, python: Path) -> None:
    """Put what ``case`` requires into its folder, unless it is there, with the pip of ``python``.

    Raises:
        subprocess.CalledProcessError: when pip can't install it.
    """
    stamp = case.packages / "installed.txt"
    if not case.requires or stamp.exists():
        return
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--target", str(case.packages), *case.requires]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    stamp.write_text("\n".join(case.requires), "utf-8")
