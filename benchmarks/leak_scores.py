"""What the answers of each tool amount to: found, false alarms, undecided, and what a finding names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from textwrap import shorten
from typing import Final

from .case_collections import Case
from .leak_judges import Answer, Said
from .tables import markdown_table

KEPT_CHARACTERS: Final = 4000
HEAD: Final = (
    "tool",
    "leaks found",
    "false alarms",
    "undecided",
    "no answer",
    "holder named",
    "type named",
    "line named",
    "seconds a case",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One case judged by one tool.

    Attributes:
        tool: its title.
        case: the name of the case.
        released: whether it is of a released package.
        leaks: the truth.
        answer: what the tool said.
        holder: whether one of the names of the holder stands in the finding; None where there is none to name.
        type_: the same of the type that accumulates.
        line: whether the finding points into the workload's file; None for clean code.
        wall_s: seconds, start-up included.
        text: how the finding begins, or why there is no answer.
    """

    tool: str
    case: str
    released: bool
    leaks: bool
    answer: Answer
    holder: bool | None
    type_: bool | None
    line: bool | None
    wall_s: float
    text: str = ""


def score(case: Case, tool: str, said: Said) -> Trial:
    """The trial that ``said`` amounts to; what is named counts only in a finding."""
    found = said.answer is Answer.LEAK
    text = without_folders(said.text) if found else ""
    return Trial(
        tool=tool,
        case=case.name,
        released=case.released,
        leaks=case.leaks,
        answer=said.answer,
        holder=any(name in text for name in case.holders) if case.leaks and case.holders else None,
        type_=_names(text, case.culprit_type) if case.leaks and case.culprit_type.isidentifier() else None,
        line=re.search(r"\bsubject\.py:\d+", text) is not None if case.leaks else None,
        wall_s=said.wall_s,
        text=said.text.strip()[:KEPT_CHARACTERS],
    )


def without_folders(text: str) -> str:
    """``text`` with only the last part of each path: what a folder is called names no culprit."""
    return re.sub(r"[^\s:'\"(]*/", "", text)


def _names(text: str, type_name: str) -> bool:
    return re.search(rf"\b{re.escape(type_name)}\b", text) is not None


def table(trials: Sequence[Trial]) -> str:
    """One row per tool, in the order of ``trials``."""
    tools = dict.fromkeys(trial.tool for trial in trials)
    return markdown_table(HEAD, [_row(tool, [trial for trial in trials if trial.tool == tool]) for tool in tools])


def _row(tool: str, trials: Sequence[Trial]) -> list[str]:
    leaks = [trial for trial in trials if trial.leaks]
    clean = [trial for trial in trials if not trial.leaks]
    seconds = [trial.wall_s for trial in trials if trial.wall_s] or [0.0]  # 0: it was never run
    return [
        tool,
        _share([trial.answer is Answer.LEAK for trial in leaks]),
        _share([trial.answer is Answer.LEAK for trial in clean]),
        str(sum(trial.answer is Answer.UNDECIDED for trial in trials)),
        str(sum(trial.answer is Answer.NONE for trial in trials)),
        _share([trial.holder for trial in leaks]),
        _share([trial.type_ for trial in leaks]),
        _share([trial.line for trial in leaks]),
        f"{median(seconds):.1f} ({max(seconds):.0f})",
    ]


def _share(hits: Iterable[bool | None]) -> str:
    """How many of those that can be said at all, such as ``12 of 24``."""
    known = [hit for hit in hits if hit is not None]
    return f"{sum(known)} of {len(known)}" if known else "none"


def wrong_answers(trials: Sequence[Trial]) -> str:
    """A list of what each tool missed, called a leak wrongly, left open or gave no answer to."""
    lines = []
    for tool in dict.fromkeys(trial.tool for trial in trials):
        own = [trial for trial in trials if trial.tool == tool]
        parts = [
            _listed("missed", (each.case for each in own if each.leaks and each.answer is Answer.CLEAN)),
            _listed("false alarms", (each.case for each in own if not each.leaks and each.answer is Answer.LEAK)),
            _listed("undecided", (each.case for each in own if each.answer is Answer.UNDECIDED)),
            _listed(
                "no answer", (f"{each.case} ({_first_line(each.text)})" for each in own if each.answer is Answer.NONE)
            ),
        ]
        lines.append(f"- {tool}: {'; '.join(filter(None, parts)) or 'all right'}.")
    return "\n".join(lines)


def _listed(what: str, names: Iterable[str]) -> str:
    joined = ", ".join(names)
    return f"{what} {joined}" if joined else ""


def _first_line(text: str) -> str:
    return shorten(text.partition("\n")[0], width=100, placeholder=" …")
