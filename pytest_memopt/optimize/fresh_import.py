"""The cost of one import in a process of its own, where nothing that it needs is loaded yet."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from typing import IO, Any, Final

from ..errors import MeterError
from ..interpreter import interpreter_command
from .import_cost import ImportTree
from .import_report import PROBLEM
from .import_wire import from_wire

TIMEOUT_S: Final = 120.0
_PROGRAM: Final = """
import sys
sys.path[:] = {path!r}
from pytest_memopt.optimize.import_report import report_import
report_import({module!r})
"""


def measure_module(module: str, *, timeout_s: float = TIMEOUT_S) -> ImportTree:
    """What ``import module`` costs in a fresh interpreter, started with the options and the ``sys.path`` of this one.

    The interpreter's own start-up, and the few modules that measuring needs (``ctypes``, psutil and what they load), are
    there before: see ``ImportTree.reused_by``.

    Args:
        module: full name, as in ``"numpy"`` or ``"rich.console"``.
        timeout_s: seconds after which it is given up.

    Raises:
        MeterError: where it can't be imported, ends the process, or takes longer.
    """
    subject = f"the cost of importing {module!r} can't be measured"
    program = _PROGRAM.format(path=sys.path, module=module)
    # files: pipes would be held open by whatever else the module starts
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        try:
            # the interpreter itself, with a program of ours
            done = subprocess.run(  # noqa: S603
                [*interpreter_command(), "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise MeterError(f"{subject}: it was not done within {timeout_s:g} s") from None
        except OSError as error:
            raise MeterError(f"{subject}: no interpreter could be started: {error}") from None
        data = _answer(out)
        problem = f"its process ended with {done.returncode}{_last_line(log)}" if data is None else data.get(PROBLEM)
    if data is None or problem:
        raise MeterError(f"{subject}: {problem}")
    return from_wire(data)


def _answer(out: IO[bytes]) -> dict[str, Any] | None:
    out.seek(0)
    try:
        data = json.loads(out.read().decode("utf-8"))
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last}" if last else ""
