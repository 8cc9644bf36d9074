"""What is wanted of an item: its marks parsed, and combined with the rules of ini and command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pytest

from ..errors import UsageError
from ..leaks.wish import LeakWish, wish_from_mark
from ..limits.limits import Limits, Metric
from ..limits.marks import Exemption, exemption_from_mark, limits_from_mark
from ..limits.rules import Rule, combine, parse_rule, pick
from ..meters.plan import Detail, Plan
from ..settings import Settings
from . import compat


class Wanted(NamedTuple):
    """What is wanted of one item.

    Attributes:
        limits: from marks, command line and ini, combined.
        exemption: from the ``memopt`` mark.
        plan: how it is measured.
        leaks: what is wanted of a hunt; ``None`` where no leaks are hunted.
    """

    limits: Limits
    exemption: Exemption
    plan: Plan
    leaks: LeakWish | None = None


NOTHING_WANTED = Wanted(Limits(), Exemption(), Plan())
LIMIT_MARK = "memory_limit"
LEAK_MARK = "no_leaks"
EXEMPT_MARK = "memopt"
TRANSPOSED_MARK = "limit_memory"
_LAYER_RANKS = {"memopt_limits": 0, "--memopt-limit": 1}


def parse_rules(settings: Settings) -> list[Rule]:
    """The rules of ini and command line.

    Raises:
        pytest.UsageError: naming the line that can't be read.
    """
    try:
        rules = [parse_rule(line, layer, _LAYER_RANKS[layer]) for line, layer in settings.limit_lines]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    for rule, (_, layer) in zip(rules, settings.limit_lines, strict=True):
        if rule.by_marks:
            compat.check_expression(rule.where, layer)
    return rules


def problem_of_marks(node: pytest.Item | pytest.Collector, registered: Iterable[str]) -> str | None:
    """What is wrong with the marks of ``node``; ``None`` when nothing is."""
    for mark in node.own_markers:
        try:
            if mark.name == LIMIT_MARK:
                limits_from_mark(mark.args, mark.kwargs, _source(node))
            elif mark.name == LEAK_MARK:
                wish_from_mark(mark.args, mark.kwargs, f"{node.nodeid or node.name}: {LEAK_MARK}")
            elif mark.name == EXEMPT_MARK:
                exemption_from_mark(mark.args, mark.kwargs, f"{node.nodeid}: {EXEMPT_MARK}")
        except UsageError as error:
            return str(error)
        if mark.name == TRANSPOSED_MARK and TRANSPOSED_MARK not in registered:
            return f"{node.nodeid}: no plugin defines the mark {TRANSPOSED_MARK!r}; did you mean {LIMIT_MARK!r}?"
    return None


def wanted_of(item: pytest.Item, rules: list[Rule], hunted: LeakWish | None = None) -> Wanted:
    """All that marks and rules say about ``item``; marks were checked when it was collected.

    Args:
        item: a test.
        rules: limits apart from the tests.
        hunted: what is wanted of a hunt in every test; ``None`` where only marked tests are hunted.
    """
    marks = list(item.iter_markers())
    wish = _wish_of(marks, hunted)
    wanted = _limited(item, marks, rules) if marks or rules else NOTHING_WANTED
    return wanted if wish is None else wanted._replace(leaks=wish)


def _wish_of(marks: list[pytest.Mark], hunted: LeakWish | None) -> LeakWish | None:
    mark = next((mark for mark in marks if mark.name == LEAK_MARK), None)
    if mark is None:
        return hunted
    wish = wish_from_mark(mark.args, mark.kwargs, LEAK_MARK)
    return wish if wish.rounds is not None or hunted is None else wish._replace(rounds=hunted.rounds)


def _limited(item: pytest.Item, marks: list[pytest.Mark], rules: list[Rule]) -> Wanted:
    by_marks = [limits_from_mark(m.args, m.kwargs, "mark memory_limit") for m in marks if m.name == LIMIT_MARK]
    by_rules = pick(rules, item.nodeid, lambda text: compat.evaluate_marks(text, item)) if rules else []
    exempt = next((mark for mark in marks if mark.name == EXEMPT_MARK), None)
    if not (by_marks or by_rules or exempt):
        return NOTHING_WANTED
    exemption = exemption_from_mark(exempt.args, exempt.kwargs, EXEMPT_MARK) if exempt else Exemption()
    limits = combine([*by_marks, *by_rules])
    return Wanted(limits, exemption, plan_for(limits, exemption))


def plan_for(limits: Limits, exemption: Exemption) -> Plan:
    """How a test with these limits is measured."""
    if not limits:
        return Plan(gc_off=exemption.gc_off)
    return Plan(
        gc_off=exemption.gc_off,
        detail=Detail.EXACT,
        traced=limits.covers(Metric.PEAK),
        types=tuple(limit.type_name for limit in limits.limits if limit.type_name is not None),
        net_objects=limits.covers(Metric.OBJECTS),
        trim=limits.covers(Metric.RSS),
    )


def _source(node: pytest.Item | pytest.Collector) -> str:
    return f"{node.nodeid or node.name}: {LIMIT_MARK}"
