"""The list of known leaks at the end of a run: what is accepted goes in, what is gone is told."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import MemoptError
from ..leaks.known import KnownLeak, accept_leaks, read_known_leaks, today
from ..report.wording import counted
from ..settings import Settings
from ..verdicts.record import TestRecord, VerdictKind
from .leak_hunt import ACCEPTED


def settle_known_leaks(settings: Settings, tests: Iterable[TestRecord]) -> list[str]:
    """Add the accepted leaks of ``tests`` to the list; what there is to say about it, and about those that are gone."""
    path = settings.known_leaks_path
    hunted = [record for record in tests if record.leak is not None]
    try:
        known = read_known_leaks(path)
        accepted = _accepted(hunted)
        if accepted:
            accept_leaks(path, accepted)
    except MemoptError as error:
        return [str(error)]
    told = (
        [f"{counted(len(accepted), 'leak')} accepted into {path.name}: say there why, or mend them"] if accepted else []
    )
    if not (settings.leaks and hunted):
        return told
    seen = {record.leak.signature for record in hunted if record.leak is not None}
    gone = (
        f"the known leak {leak.signature!r} was not seen in {counted(len(hunted), 'test')}; if it is mended, take it out of"
        f" {path.name}"
        for leak in known.unseen(seen)
    )
    return [*told, *gone]


def _accepted(hunted: Iterable[TestRecord]) -> list[KnownLeak]:
    """One entry for each leak that was let pass for this run, however many tests show it."""
    tests: dict[str, list[str]] = {}
    for record in hunted:
        is_accepted = record.verdict is VerdictKind.KNOWN_LEAK and record.why == ACCEPTED
        if is_accepted and record.leak is not None and record.leak.signature is not None:
            tests.setdefault(record.leak.signature, []).append(record.nodeid)
    day = today()
    return [
        KnownLeak(signature, f"accepted on {day}, seen in {nodeids[0]}{_others(len(nodeids) - 1)}")
        for signature, nodeids in tests.items()
    ]


def _others(count: int) -> str:
    return f" and {counted(count, 'other test')}" if count else ""
