"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from .environments import MEMOPT, PEER


def processor_name() -> str:
    """The processor by its own name where the system tells it, else by its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def describe_machine(*, peers: bool = False) -> str:
    """One line: processor, cores, system, interpreter and the versions that matter."""
    versions = [f"pytest {MEMOPT.version_of('pytest')}", f"pytest-memopt {MEMOPT.version_of('pytest-memopt')}"]
    versions.append(f"psutil {MEMOPT.version_of('psutil')}")
    if peers:
        versions.append(f"pytest-memray {PEER.version_of('pytest-memray')}")
        versions.append(f"memray {PEER.version_of('memray')}")
    place = f"{processor_name()}, {os.cpu_count()} cores, {platform.system()} {platform.release()} {platform.machine()}"
    return f"{place}; {platform.python_implementation()} {platform.python_version()}; {', '.join(versions)}"
