"""Where, when and on what a run was made: commit, interpreter, machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ..history.records import Environment

_GIT_TIMEOUT_S: Final = 5.0
_MACHINE_ID: Final = Path("/etc/machine-id")


class Commit(NamedTuple):
    """The state of the work tree; ``None`` for what git didn't tell."""

    id: str | None = None
    branch: str | None = None
    dirty: bool | None = None


def read_commit(folder: Path) -> Commit:
    """Commit, branch and whether there are changes, by asking git; all ``None`` without git or a repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return Commit()
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Commit(commit, branch, None if changes is None else bool(changes))


def python_name() -> str:
    """Implementation and version, as ``CPython 3.11.7``."""
    return f"{platform.python_implementation()} {platform.python_version()}"


def python_minor_name() -> str:
    """Implementation and minor version, as ``CPython 3.11``: memory doesn't change with a bug-fix release."""
    return f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}"


def platform_name() -> str:
    """System and architecture, as ``linux-x86_64``."""
    return f"{sys.platform}-{platform.machine().lower()}"


def machine_name() -> str:
    """A short name that is stable for the same machine, and tells nothing about it."""
    try:
        identity = _MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        identity = ""
    identity = identity or f"{platform.node()}-{uuid.getnode()}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def this_environment() -> Environment:
    """Where runs of this process are alike."""
    from ..history.records import Environment

    return Environment(machine_name(), platform_name(), python_minor_name())


def now_utc() -> str:
    """The time, UTC, ISO 8601 with seconds."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _git(folder: Path, *args: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *args],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except Exception:  # noqa: BLE001 - a test may have left something else in its place
        return None
    return done.stdout.strip() if done.returncode == 0 else None
