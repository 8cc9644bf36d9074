"""How a process of this same interpreter is started."""

from __future__ import annotations

import subprocess
import sys


def interpreter_command() -> list[str]:
    """The interpreter with the options that it was started with itself."""
    return [sys.executable, *subprocess._args_from_interpreter_flags()]  # type: ignore[attr-defined] # noqa: SLF001
