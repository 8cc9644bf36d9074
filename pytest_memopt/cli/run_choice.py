"""Which run a user means: its number, ``last``, or ``last-1``."""

from __future__ import annotations

import re
from typing import Final

from ..errors import UsageError
from ..history.records import RunRow
from ..history.store import HistoryStore

_LAST: Final = re.compile(r"last(?:-(?P<back>\d+))?", re.ASCII)


def choose_run(store: HistoryStore, text: str) -> RunRow:
    """The run that ``text`` means; ``last-N`` counts back in the environment of the newest run.

    Raises:
        UsageError: when the text means no run, or none that the history has.
        HistoryError: when the history can't be read.
    """
    if match := _LAST.fullmatch(text):
        return _counted_back(store, int(match["back"] or 0), text)
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"{text!r} is not a run; give its number, 'last', or 'last-1' for the one before")
    run = store.run(int(text)) if len(text) < len(str(2**63)) else None
    if run is None:
        raise UsageError(f"the history has no run {text}; `memopt runs` lists those it has")
    return run


def short_commit(run: RunRow) -> str:
    """Seven characters of the run's commit, with ``*`` where the work tree had changes; ``''`` without git."""
    return f"{run.commit[:7]}{'*' if run.dirty else ''}" if run.commit else ""


def _counted_back(store: HistoryStore, back: int, text: str) -> RunRow:
    newest = store.runs(limit=1)
    runs = store.runs(newest[0].environment, back + 1) if newest else []
    if len(runs) <= back:
        raise UsageError(f"there is no run {text!r}: the history has {len(runs)} on this machine and Python")
    return runs[0]
