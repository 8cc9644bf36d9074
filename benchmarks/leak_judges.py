"""The tools that hunt leaks, each asked as its own documentation recommends, and how its answer is read.

A tool gets a folder with the case as ``subject.py``, the test that its documentation would have us write, and a
``conftest.py`` that writes down what pytest reports. No tool is told anything about a case.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from .environments import plain_environment

RECORDER: Final = """\
import json
import pathlib


def pytest_runtest_logreport(report):
    if report.passed and report.when != "call":
        return
    whole = str(report.longrepr or "")
    crash = getattr(report.longrepr, "reprcrash", None)
    shown = [body for title, body in report.sections if title == "memray-leaked-memory"]
    line = {"outcome": report.outcome, "whole": whole}
    line["message"] = "\\n".join([crash.message if crash else whole, *shown])
    with pathlib.Path(__file__).with_name("reports.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\\n")
"""
SUBJECT: Final = """\
import subject

if hasattr(subject, "setup"):
    subject.setup()

"""
PLAIN_TEST: Final = """
def test_case():
    for _ in range(10):
        subject.workload()
"""
PSLEAK_TEST: Final = """
from psleak import Checkers, MemoryLeakTestCase

class TestLeaks(MemoryLeakTestCase):
    def test_case(self):
        self.execute(subject.workload{options})
"""
MEMRAY_TEST: Final = """
import pytest

@pytest.mark.limit_leaks("{limit}")
def test_case():
    for _ in range(100):
        subject.workload()
"""
HUNTER_TEST: Final = """
def test_case(leak_check):
    leak_check(subject.workload{options}, iterations=30)
"""
MANY: Final = """
def many():
    for _ in range(50):
        subject.workload()
"""


class Answer(Enum):
    """What a tool said of a case."""

    LEAK = "leak"
    CLEAN = "clean"
    UNDECIDED = "undecided"
    NONE = "no answer"


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to ask one tool.

    Attributes:
        title: the first cell of its row.
        plugins: the entry points that pytest loads, and nothing besides.
        test: what follows the import of the subject in the test module.
        finding: how the text of a failure begins, or what stands in it, when the tool speaks of a leak.
        arguments: what pytest is given.
        variables: what is set in the environment.
        whole: whether its finding is the whole text of the failure, which it writes itself, not just the exception's.
        explains: whether a finding is followed by the second command that it recommends.
    """

    title: str
    plugins: tuple[str, ...]
    test: str
    finding: str
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    explains: bool = False


PSLEAK_VARIABLES: Final = (("PYTHONMALLOC", "malloc"), ("PYTHONUNBUFFERED", "1"))
WITHOUT_GARBAGE: Final = ', checkers=Checkers.exclude("gcgarbage")'
MEMOPT_ARGUMENTS: Final = ("--memopt-leaks", "--memopt-no-history", "--memopt-json=memopt.json")
TOOLS: Final = (
    Tool("pytest-memopt `--memopt-leaks`", ("memopt",), PLAIN_TEST, "memory: leaks ", MEMOPT_ARGUMENTS, whole=True),
    Tool("psleak", (), PSLEAK_TEST.format(options=""), "psleak.", (), PSLEAK_VARIABLES),
    Tool(
        "psleak without `gcgarbage`", (), PSLEAK_TEST.format(options=WITHOUT_GARBAGE), "psleak.", (), PSLEAK_VARIABLES
    ),
    Tool('pytest-memray `limit_leaks("1 KB")`', ("memray",), MEMRAY_TEST.format(limit="1 KB"), "allowed to leak"),
    Tool('pytest-memray `limit_leaks("100 KB")`', ("memray",), MEMRAY_TEST.format(limit="100 KB"), "allowed to leak"),
    Tool("python-leak-hunter", ("leak_hunter",), HUNTER_TEST.format(options=""), "LeakError", explains=True),
    Tool(
        "python-leak-hunter, `include` own types",
        ("leak_hunter",),
        HUNTER_TEST.format(options=', include=["subject."]'),
        "LeakError",
        explains=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool answered to one case.

    Attributes:
        answer: its verdict.
        text: the finding, or why there is no answer.
        wall_s: seconds from the start of the interpreter to its end, the explaining command included.
    """

    answer: Answer
    text: str
    wall_s: float


def ask(tool: Tool, workload: Path, folder: Path, interpreter: Path, packages: Path, limit_s: float) -> Said:
    """Put the case into ``folder``, which is empty, and have ``tool`` judge it there."""
    (folder / "subject.py").write_text(workload.read_text("utf-8"), "utf-8")
    (folder / "conftest.py").write_text(RECORDER, "utf-8")
    (folder / "test_case.py").write_text(SUBJECT + tool.test, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    variables = plain_environment() | dict(tool.variables)
    variables |= {"PYTHONPATH": str(packages), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [str(interpreter), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs"]
    command += [part for name in tool.plugins for part in ("-p", name)]
    began_s = time.perf_counter()
    exit_code = _run([*command, *tool.arguments, "test_case.py"], folder, variables, limit_s)
    answer, text = read_answer(tool, folder, exit_code)
    if answer is Answer.LEAK and tool.explains and (suspect := re.search(r"many calls> (\S+)", text)):
        (folder / "harness.py").write_text(SUBJECT + MANY, "utf-8")
        explaining = [str(interpreter), "-m", "leak_hunter", "why", "harness:many", suspect[1]]
        _run(explaining, folder, variables, limit_s)
        text += "\n" + (folder / "output.txt").read_text("utf-8", "replace")
    return Said(answer, text, time.perf_counter() - began_s)


def _run(command: Sequence[str], folder: Path, variables: Mapping[str, str], limit_s: float) -> int | None:
    """The exit code of ``command``, None when it was ended after ``limit_s``."""
    with (folder / "output.txt").open("wb") as out:
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
    return done.returncode


def read_answer(tool: Tool, folder: Path, exit_code: int | None) -> tuple[Answer, str]:
    """What the files that a run left in ``folder`` say, and the text of the finding or of the trouble."""
    if exit_code is None:
        return Answer.NONE, "not done in time"
    if exit_code < 0:
        return Answer.NONE, f"ended by signal {-exit_code}"
    reports = folder / "reports.jsonl"
    lines = reports.read_text("utf-8").splitlines() if reports.exists() else []
    if not lines:
        return Answer.NONE, (folder / "output.txt").read_text("utf-8", "replace")[-400:]
    said = [json.loads(line) for line in lines]
    text = "\n".join(each["whole" if tool.whole else "message"] for each in said)
    if any(each["outcome"] == "failed" for each in said):
        return (Answer.LEAK if tool.finding in text else Answer.NONE), text
    if any(each["outcome"] == "skipped" for each in said):
        return Answer.NONE, text
    return (Answer.UNDECIDED if _is_undecided(folder / "memopt.json") else Answer.CLEAN), text


def _is_undecided(report: Path) -> bool:
    if not report.exists():
        return False
    tests = json.loads(report.read_text("utf-8"))["tests"]
    return any(test["verdict"] in {"inconclusive", "unmeasured"} for test in tests)
