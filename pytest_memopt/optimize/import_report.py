"""What a fresh process does that measures one import: it loads as little as can be before."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from .measured_imports import measure_imports

PROBLEM = "problem"


def report_import(module: str) -> None:
    """Import ``module``, and write what that cost to standard output, as JSON; what it prints itself goes to stderr."""
    answer = os.dup(1)
    os.dup2(2, 1)
    problem = None
    with measure_imports() as costs:
        try:
            import_module(module)
        except BaseException as error:  # noqa: BLE001 - SystemExit too is an answer
            problem = f"{type(error).__name__}: {error}".partition("\n")[0]
    import json  # not before: what it loads may be what is measured

    from .import_wire import to_wire

    with os.fdopen(answer, "w", encoding="utf-8") as out:
        json.dump({PROBLEM: problem} if problem else to_wire(costs.tree), out)
    sys.stdout.flush()
