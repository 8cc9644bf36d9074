"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

from .environments import Environment


def processor_name() -> str:
    """The processor by its own name where the system tells it, else by its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def describe_machine(environment: Environment, peer: Environment | None = None) -> str:
    """One line: processor, cores, system, interpreter and the versions that matter."""
    wanted = [(environment, name) for name in ("pytest", "pytest-memopt", "psutil")]
    wanted += [(peer, name) for name in ("pytest-memray", "memray")] if peer else []
    return describe_with(wanted)


def describe_with(distributions: Iterable[tuple[Environment, str]]) -> str:
    """One line: processor, cores, system, interpreter and the versions of ``distributions``, each where it is installed."""
    versions = ", ".join(f"{name} {place.version_of(name)}" for place, name in distributions)
    machine = (
        f"{processor_name()}, {os.cpu_count()} cores, {platform.system()} {platform.release()} {platform.machine()}"
    )
    return f"{machine}; {platform.python_implementation()} {platform.python_version()}; {versions}"
