"""``memopt check --isolate``: the same command again, in a process that may crash or hang."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ..interpreter import interpreter_command
from ..leaks.finding import LeakFinding
from ..leaks.fresh_process import OnWait, ask, calm_environment, fresh_place, inconclusive, patience_s
from ..verdicts.leak_wire import leak_from_wire


def isolated_check(
    target: str, rounds: int | None, budget_s: float, folder: Path, on_wait: OnWait | None = None
) -> LeakFinding:
    """What hunting leaks in ``target`` found in a process of its own; inconclusive where it came to nothing.

    Args:
        target: module:callable or file.py:callable.
        rounds: calls to judge at least; ``None`` for as many as the verdict needs.
        budget_s: seconds after which an undecided hunt is given up there.
        folder: where it is started, and the target looked for.
        on_wait: told now and then how many seconds it was waited for, and how many are left.
    """
    started_s = time.perf_counter()
    with fresh_place() as place:
        command = [
            *(*interpreter_command(), "-m", "pytest_memopt", "check", target),
            *(f"--answer={place.answer}", f"--budget={budget_s}"),
            *([f"--rounds={rounds}"] if rounds is not None else []),
        ]
        environment = calm_environment(os.environ)
        answer = ask(command, place, patience_s(budget_s), cwd=folder, environment=environment, on_wait=on_wait)
    finding = leak_from_wire(answer.data) if answer.problem is None else inconclusive(answer.problem)
    return finding._replace(duration_s=round(time.perf_counter() - started_s, 3), isolated=True)
