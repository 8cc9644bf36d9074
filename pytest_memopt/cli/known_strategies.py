"""``memopt optimize`` without a program: what the history knows of the strategies, from the runs of the suite."""

from __future__ import annotations

import argparse
from typing import Any, Final

from ..errors import UsageError
from ..history.records import Knowledge
from ..history.store import HistoryStore
from ..optimize.experience import Experience
from ..report.wording import counted
from .command import ExitCode
from .screen import Look, Screen

_KIND: Final = "optimize"


def tell_known_strategies(options: argparse.Namespace, screen: Screen) -> ExitCode:
    """Tell how often each strategy was tried in runs of the suite, and how often it helped.

    Raises:
        UsageError: where nothing is known yet; the message says what to give instead.
        HistoryError: where the history can't be read.
    """
    with HistoryStore.open(options.history, read_only=True) as store:
        known = [(one, Experience(*one.value)) for one in store.knowledge(kind=_KIND) if _is_experience(one.value)]
    if not known:
        raise UsageError(
            f"{options.history} knows nothing of strategies yet: `pytest --memopt-optimize auto` tries them "
            "on a suite, memopt optimize on script.py, -m module, module:callable or file.py:callable"
        )
    if options.json:
        screen.json({"strategies": [_document(one, experience) for one, experience in known]})
        return ExitCode.FINE
    for environment in dict.fromkeys(one.environment for one, _ in known):
        screen.line(str(environment), Look.STRONG)
        screen.listing(
            (Look.PLAIN, one.name, f"helped in {experience.helped_count} of {counted(experience.tried_count, 'run')}")
            for one, experience in known
            if one.environment == environment
        )
    return ExitCode.FINE


def _document(one: Knowledge, experience: Experience) -> dict[str, Any]:
    return {"environment": one.environment._asdict(), "name": one.name, **experience._asdict(), "changed": one.changed}


def _is_experience(value: object) -> bool:
    """Another version may have written something else."""
    return isinstance(value, list) and len(value) == len(Experience._fields) and all(type(one) is int for one in value)
