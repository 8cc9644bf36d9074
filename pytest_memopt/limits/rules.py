"""Limits that are written apart from the tests: lines of the ini file and of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from ..errors import LimitError
from .limits import Limits, Severity
from .marks import limits_from_mark

_LINE: Final = re.compile(
    r"(?:(?P<severity>warn|fail)\s*:(?!:)\s*)?"  # warn: or fail: in front
    r"(?:(?P<marks>-m\s+)?(?P<where>\S.*?)\s*(?<!:):(?!:)\s*)?"  # a glob, or -m and a marker expression
    r"(?P<limits>\w+\s*=.*)",
    re.DOTALL,
)
_NEXT_LIMIT: Final = re.compile(r"[\s,]+(?=\w+\s*=)")
_WILD: Final = re.compile(r"[*?]|\[[^\]]*\]")


class Rule(NamedTuple):
    """Limits for the tests that a glob or a marker expression picks.

    Attributes:
        where: a glob over test ids (``*`` also matches ``/``), or a marker expression.
        by_marks: whether ``where`` is a marker expression.
        limits: what it limits.
        rank: how close it is to the tests; the closest rule wins for each metric.
    """

    where: str
    by_marks: bool
    limits: Limits
    rank: tuple[int, int, int]

    def applies_to(self, nodeid: str, matches_marks: Callable[[str], bool]) -> bool:
        """Whether this rule is about the test ``nodeid``; ``matches_marks`` evaluates a marker expression on it."""
        if self.by_marks:
            return matches_marks(self.where)
        return matches_glob(self.where, nodeid)


def matches_glob(pattern: str, nodeid: str) -> bool:
    """Whether ``pattern`` picks ``nodeid``: the id itself, a file or folder or class that it is in, or a glob."""
    if nodeid == pattern or nodeid.startswith((f"{pattern}::", f"{pattern.rstrip('/')}/", f"{pattern}[")):
        return True
    return fnmatchcase(nodeid, pattern)


def parse_rule(line: str, layer: str, layer_rank: int) -> Rule:
    """The rule that ``line`` states: ``[warn:|fail:] [GLOB: | -m EXPRESSION:] peak=50MB growth=1MB ...``.

    Args:
        line: as the user wrote it.
        layer: where it was written, for messages (``memopt_limits``, ``--memopt-limit``).
        layer_rank: how strong that layer is; a stronger layer beats a closer pattern.

    Raises:
        LimitError: when the line can't be read; the message shows it.
        SizeError: when one of its sizes can't be read.
    """
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise LimitError(f"{layer}: {line!r} is not a limit; write for instance 'tests/api/*: growth=1MB peak=50MB'")
    where = match["where"] or "*"
    source = f"{layer}: {match['marks'] or ''}{where}"
    stated = _parse_limits(match["limits"], source)
    if match["severity"]:
        stated["severity"] = Severity(match["severity"]).value
    limits = limits_from_mark((), stated, source)
    by_marks = bool(match["marks"])
    return Rule(where=where, by_marks=by_marks, limits=limits, rank=(layer_rank, int(by_marks), _literal_count(where)))


def combine(closest_first: list[Limits]) -> Limits:
    """One set of limits out of several: of two on the same metric and type, the closest counts."""
    chosen = {}
    for limits in reversed(closest_first):
        for limit in limits.limits:
            chosen[limit.key] = limit
    warmup = next((limits.warmup for limits in closest_first if limits.warmup), 0)
    return Limits(limits=tuple(chosen.values()), warmup=warmup)


def pick(rules: list[Rule], nodeid: str, matches_marks: Callable[[str], bool]) -> list[Limits]:
    """The limits of all rules about ``nodeid``, the closest first (of equals, the one written last)."""
    fitting = [rule for rule in rules if rule.applies_to(nodeid, matches_marks)]
    ordered = sorted(enumerate(fitting), key=lambda pair: (pair[1].rank, pair[0]), reverse=True)
    return [rule.limits for _, rule in ordered]


def _parse_limits(text: str, source: str) -> dict[str, object]:
    stated: dict[str, object] = {}
    for part in _NEXT_LIMIT.split(text.strip()):
        keyword, _, value = (piece.strip() for piece in part.partition("="))
        if keyword in stated:
            raise LimitError(f"{source} states {keyword!r} twice")
        stated[keyword] = int(value) if value.isdecimal() else value
    return stated


def _literal_count(pattern: str) -> int:
    return len(_WILD.sub("", pattern))
