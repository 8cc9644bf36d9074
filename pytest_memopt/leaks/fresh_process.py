"""A process of its own for one hunt: started afresh, waited for, and never left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from ..meters.originals import time
from .finding import LeakFinding
from .ruling import LeakKind

START_S: Final = 20.0
BUDGETS: Final = 3  # the hunt, naming the culprit, and the rounds of both that were begun when their time was up
_GRACE_S: Final = 5.0
_TOLD_EVERY_S: Final = 0.5
_OUTPUT: Final = "output.txt"
_ANSWER: Final = "answer.json"
_TOLD_MOST: Final = 200
_CRASH: Final = "Fatal Python error"
_TELLING: Final = ("INTERNALERROR> E", "ERROR", "E  ")
_TUNABLES: Final = "GLIBC_TUNABLES"
_NO_THREAD_CACHE: Final = "glibc.malloc.tcache_count=0"

OnWait: TypeAlias = "Callable[[float, float], object]"


class Place(NamedTuple):
    """Where a process of its own works.

    Attributes:
        folder: its own folder, which goes when it has ended.
        answer: the file in which it is to leave its answer, as JSON.
    """

    folder: Path
    answer: Path


class Wait(NamedTuple):
    """How a process is waited for.

    Attributes:
        timeout_s: seconds after which it is given up.
        on_wait: told now and then how many seconds have passed, and how many are left.
    """

    timeout_s: float
    on_wait: OnWait | None = None

    def until_ended(self, process: subprocess.Popen[bytes]) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: when the time is up.
        """
        if self.on_wait is None:
            return process.wait(self.timeout_s)
        started_s = time.monotonic()
        while True:
            passed_s = time.monotonic() - started_s
            try:
                return process.wait(min(_TOLD_EVERY_S, max(self.timeout_s - passed_s, 0.0)))
            except subprocess.TimeoutExpired:
                passed_s = time.monotonic() - started_s
                if passed_s >= self.timeout_s:
                    raise
                self.on_wait(passed_s, self.timeout_s - passed_s)


class Answer(NamedTuple):
    """What came back.

    Attributes:
        data: what the process left; empty where it left nothing.
        problem: why there is nothing, in words.
    """

    data: Mapping[str, Any]
    problem: str | None = None


def inconclusive(why: str) -> LeakFinding:
    """The finding of a hunt in a process of its own that could not be made."""
    return LeakFinding(LeakKind.INCONCLUSIVE, 0, why=f"in a process of its own {why}", isolated=True)


def patience_s(budget_s: float) -> float:
    """Seconds after which a process that hunts with this budget is given up."""
    return START_S + BUDGETS * budget_s


def calm_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """``variables``, with glibc's threads told to keep no freed blocks for later: those would count as in use.

    Other C libraries don't read it.
    """
    wanted = variables.get(_TUNABLES, "")
    if "tcache_count" in wanted:
        return dict(variables)
    return {**variables, _TUNABLES: f"{wanted}:{_NO_THREAD_CACHE}" if wanted else _NO_THREAD_CACHE}


@contextlib.contextmanager
def fresh_place() -> Generator[Place, None, None]:
    """A folder that is there for as long as one hunt."""
    with tempfile.TemporaryDirectory(prefix="memopt-", ignore_cleanup_errors=True) as folder:
        yield Place(Path(folder), Path(folder) / _ANSWER)


def ask(
    command: Sequence[str],
    place: Place,
    timeout_s: float,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    on_wait: OnWait | None = None,
) -> Answer:
    """Start ``command``, wait for it, and read what it left.

    Whatever ends the wait, Ctrl-C too, ends the process and all that it started.

    Args:
        command: to be started in a process group of its own.
        place: where it leaves its answer; what it prints goes there too.
        timeout_s: seconds after which it is ended.
        cwd: where it is started.
        environment: its environment variables.
        on_wait: told now and then how many seconds it was waited for, and how many are left.
    """
    output = place.folder / _OUTPUT
    try:
        with output.open("wb") as out:
            problem = _run(command, Wait(timeout_s, on_wait), output, stdout=out, cwd=cwd, env=dict(environment))
    except OSError as error:
        return Answer({}, f"it could not be started: {error}")
    data = _read(place.answer)
    return Answer(data) if data is not None else Answer({}, problem)


def leave_answer(path: Path, data: Mapping[str, Any]) -> None:
    """Leave ``data`` as the answer: the whole of it, or nothing.

    Raises:
        OSError: where it can't be written.
    """
    half = path.with_suffix(".half")
    half.write_text(json.dumps(data), encoding="utf-8")
    half.replace(path)


def _run(command: Sequence[str], wait: Wait, output: Path, **options: Any) -> str:
    """How it ended, in words; and the line of its ``output`` that tells why, without what it says to being stopped."""
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    # the interpreter itself, with arguments of ours
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, **options
    )
    try:
        ending = _ending(wait.until_ended(process))
    except subprocess.TimeoutExpired:
        ending = f"it gave no answer within {wait.timeout_s:g} s"
    finally:
        last = _last_line(output)
        if process.returncode is None:
            _end(process)
    return f"{ending}: {last}" if last else ending


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, so that its fixtures are torn down; then end it, and whatever it started."""
    try:
        if hasattr(os, "killpg"):
            _to_group(process.pid, os.killpg, signal.SIGINT)
            process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if sys.platform != "win32":
            _to_group(process.pid, os.killpg, signal.SIGKILL)
        process.kill()
        process.wait()


def _to_group(pid: int, kill: Callable[[int, int], None], number: int) -> None:
    with contextlib.suppress(OSError):
        kill(pid, number)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _ending(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code} and no finding"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "an unknown one"
    return f"it was ended by signal {-code} ({name})"


def _last_line(output: Path) -> str:
    """The line that tells most of why: an error's where there is one, else the last that isn't blank."""
    try:
        text = output.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if _CRASH in text:  # often behind pytest's dots
        return text[text.index(_CRASH) :].partition("\n")[0]
    telling = (line for start in _TELLING for line in lines if line.startswith(start))
    return next(telling, (lines or [""])[-1])[:_TOLD_MOST]
