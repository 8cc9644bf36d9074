"""pytest-memopt and the other tools that hunt leaks, on one collection of cases whose truth is known.

Every tool judges every case once, in a process of its own, as its documentation recommends; cases are taken in turn,
and all tools judge one case before the next. Without ``--cases`` the small collection beside this module is used.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from .case_collections import OWN, RUNNING, Case, install_packages, interpreter, read_collection
from .environments import WORK, Environment, install_memopt
from .leak_judges import TOOLS, Answer, Said, Tool, ask
from .leak_scores import Trial, score, table, wrong_answers
from .machine import describe_with
from .tables import write_between_markers

RESULTS: Final = WORK / "results"
VERSIONS: Final = ("pytest", "pytest-memopt", "psutil", "psleak", "pytest-memray", "memray", "python-leak-hunter")
REQUIREMENTS: Final = ("pytest>=8.4", "psutil>=7.2", "pympler>=1.1", "rich>=13.7")
PEERS: Final = ("psleak>=0.1.6", "pytest-memray>=1.11", "python-leak-hunter>=0.1.1")
QUICK: Final = 3


def environment(version: str) -> Environment:
    """The virtual environment of a Python ``version``, which holds all tools; what a case requires comes from its folder."""
    return Environment(f"leak-tools-{version}", (*REQUIREMENTS, *PEERS), interpreter(version))


def judge(case: Case, tool: Tool, limit_s: float) -> Trial:
    """Have ``tool`` judge ``case`` in a new folder."""
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        python = environment(case.python).python
        return score(case, tool.title, ask(tool, case.workload, Path(folder), python, case.packages, limit_s))


def judge_all(cases: Sequence[Case], tools: Sequence[Tool], record: Path, limit_s: float) -> list[Trial]:
    """All trials, each written into ``record`` at once; those that are there already are not repeated."""
    done = read_trials(record)
    known = {(trial.tool, trial.case): trial for trial in done}
    trials: list[Trial] = []
    for number, case in enumerate(cases, 1):
        trouble = prepare(case) if any((tool.title, case.name) not in known for tool in tools) else ""
        for tool in tools:
            trial = known.get((tool.title, case.name))
            if trial is None:
                trial = (
                    score(case, tool.title, Said(Answer.NONE, trouble, 0.0)) if trouble else judge(case, tool, limit_s)
                )
                append_trial(record, trial)
                print(f"{number}/{len(cases)} {case.name}: {tool.title} {trial.answer.value} {trial.wall_s:.1f} s")
            trials.append(trial)
    return [trial for tool in tools for trial in trials if trial.tool == tool.title]


@functools.cache
def trouble_with(version: str) -> str:
    """Build the environment of a Python ``version``; an empty text, or why it can't be had."""
    place = environment(version)
    try:
        place.prepare(())
        install_memopt(place)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no environment for Python {version}: {error}"
    return ""


def prepare(case: Case) -> str:
    """Install what ``case`` requires; an empty text, or why it can't be run."""
    if trouble := trouble_with(case.python):
        return trouble
    try:
        install_packages(case, environment(case.python).python)
    except subprocess.CalledProcessError as error:
        return f"pip can't install {', '.join(case.requires)}: {error.stderr.strip().splitlines()[-1]}"
    return ""


def append_trial(record: Path, trial: Trial) -> None:
    """Add one line to ``record``."""
    with record.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(trial) | {"answer": trial.answer.value}) + "\n")


def read_trials(record: Path) -> list[Trial]:
    """The trials of an earlier run, none where ``record`` doesn't exist."""
    if not record.exists():
        return []
    rows = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    return [Trial(**row | {"answer": Answer(row["answer"])}) for row in rows]


def report(trials: Sequence[Trial]) -> str:
    """The tables, what each tool got wrong, and the machine, as Markdown."""
    parts = []
    for released, what in (
        (False, "Leaks and clean code written for the purpose"),
        (True, "Releases that leak, and those that mended it"),
    ):
        some = [trial for trial in trials if trial.released is released]
        if some:
            leaks = len({trial.case for trial in some if trial.leaks})
            clean = len({trial.case for trial in some if not trial.leaks})
            wrong = f"<details><summary>Which of them each got wrong</summary>\n\n{wrong_answers(some)}\n\n</details>"
            parts += [f"{what}: {leaks} leaks, {clean} clean.", table(some), wrong]
    place = environment(RUNNING)
    parts.append(f"Taken on: {describe_with((place, name) for name in VERSIONS)}.")
    return "\n\n".join(parts)


def chosen(cases: Iterable[Case], options: argparse.Namespace) -> list[Case]:
    """The cases that were asked for."""
    some = [case for case in cases if options.kind is None or case.released is (options.kind == "released")]
    some = [case for case in some if not options.case or case.name in options.case]
    if not options.quick:
        return some
    return [case for truth in (True, False) for case in [each for each in some if each.leaks is truth][:QUICK]]


def parse_arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    own = os.environ.get("LEAK_CASES") or OWN
    parser.add_argument("--cases", type=Path, default=own, help="the collection's folder (LEAK_CASES, or our own)")
    parser.add_argument("--case", action="append", help="only this one; repeatable")
    parser.add_argument("--kind", choices=("written", "released"), help="only those written for it, or only releases")
    parser.add_argument("--limit", type=float, default=180, help="seconds after which a tool is given up (180)")
    parser.add_argument("--resume", action="store_true", help="keep the trials of a run that was broken off")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} leaks and {QUICK} clean cases")
    return parser.parse_args()


def main() -> None:
    """Judge, print, and write where asked."""
    options = parse_arguments()
    is_own = options.cases.resolve() == OWN
    cases = chosen(read_collection(options.cases), options)
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = RESULTS / ("leak_tools_own.jsonl" if is_own else "leak_tools.jsonl")
    if not options.resume:
        record.unlink(missing_ok=True)
    if trouble := trouble_with(RUNNING):
        raise SystemExit(trouble)
    text = report(judge_all(cases, TOOLS, record, options.limit))
    print(text)
    if options.write:
        write_between_markers("leak-tools-own" if is_own else "leak-tools", text)


if __name__ == "__main__":
    main()
