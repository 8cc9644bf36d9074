"""Who holds something, by the names that a test has for it: fixtures and pytest's own objects among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..snapshots.holders import Holder, find_holders
from ..snapshots.roots import RootKind
from .finding import OUTSIDE, Culprit

_RUNNER: Final = ("pytest_memopt.", "_pytest.", "pluggy.")
# what pytest's own search for the reason of a failed comparison holds, as a test would write it
_ITEM: Final = "_pytest.assertion.util._reprcompare.<closure>.item."
_AS_WRITTEN: Final = (
    ("_pytest.assertion.util._config.", "pytestconfig"),
    (f"{_ITEM}config.", "pytestconfig"),
    (f"{_ITEM}session.", "request.session"),
    (_ITEM, "request.node"),
)
_FIXTURE_VALUE: Final = ".cached_result[*]"
_QUOTED_KEY: Final = re.compile(r"\['(\w+)'\]")


def holders_of(targets: Sequence[object], ignored: set[int]) -> dict[int, Holder]:
    """Who holds each of ``targets``, by their identities; no way leads through what has one of ``ignored``."""
    return {key: _of_fixture(holder) for key, holder in find_holders(targets, ignore=ignored).items()}


def _of_fixture(holder: Holder) -> Holder:
    """What pytest holds as the value of a fixture is held by the fixture, whose name is the last key before it."""
    before, _, after = holder.normal.partition(_FIXTURE_VALUE)
    names = _QUOTED_KEY.findall(holder.path.partition(_FIXTURE_VALUE.replace("*", "0"))[0])
    if before == holder.normal or not names:
        return holder
    name = f"fixture {names[-1]}"
    return holder._replace(normal=name + after, owner=name)


def name_and_path(holder: Holder | None) -> tuple[str, str | None]:
    """By which name something is held, and by which path; neither where no Python object holds it."""
    if holder is None or holder.root is RootKind.OUTSIDE:
        return OUTSIDE, None
    return holder.owner, holder.normal


def names_of_holders(ignored: set[int], targets: Sequence[object], own: set[int]) -> list[tuple[str, str | None]]:
    """Name and path of what holds each of ``targets``; ``own`` are identities of what the caller keeps them in."""
    holders = holders_of(targets, ignored | own)
    return [name_and_path(holders.get(id(target))) for target in targets]


def held_by_users(culprits: Sequence[Culprit]) -> list[Culprit]:
    """Without what the runner keeps of its own."""
    return [one for one in culprits if not one.holder.startswith(_RUNNER)]


def as_written(culprit: Culprit) -> Culprit:
    """The culprit that pytest holds for a test, by the name that the test has for it."""
    for theirs, written in _AS_WRITTEN:
        if culprit.path is not None and culprit.path.startswith(theirs):
            return culprit._replace(holder=written, path=f"{written}.{culprit.path.removeprefix(theirs)}")
    return culprit
