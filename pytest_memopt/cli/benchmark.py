"""``memopt benchmark``: what a pool saves, measured in pairs of building anew and borrowing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .command import ExitCode, seconds, whole_number
from .screen import Column, Kind, Look, Screen
from .target import find_target, load_target, split_target

if TYPE_CHECKING:
    from ..optimize.pool_comparison import PoolComparison
    from ..pool.recipe import ResourceType

_PARTS: Final = ("reset", "validate", "close")


class BenchmarkCommand:
    """Measure what a pool saves: build, use and close against borrow, use and return.

    TARGET is module:name or file.py:name of a factory, a ResourceType or a
    MemoryPool, or of a type that the module registers. Both ways are timed in
    turn, in pairs and in random order. Without TARGET a demonstration is measured:
    a database that takes 20 ms to build, used 100 times. The exit code is 1 when a
    pool is slower than building anew, 0 when it is faster or no difference can be
    told, 2 when something failed.
    """

    name = "benchmark"
    reads_history = False

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the targets, what is called on their resources, and the patience."""
        parser.add_argument("targets", nargs="*", metavar="TARGET", help="module:name of a factory, a type or a pool")
        parser.add_argument("--use", metavar="TARGET", help="called with the resource at each use")
        for part, when in zip(_PARTS, ("when it comes back", "before it is lent again", "at its end"), strict=True):
            parser.add_argument(f"--{part}", metavar="TARGET", help=f"called with the resource {when}")
        parser.add_argument("--pairs", type=whole_number(6), metavar="N", help="pairs to take (default 10 to 200)")
        parser.add_argument(
            "--seconds", type=seconds, default=5.0, metavar="S", help="what the pairs of a target may take (default 5)"
        )

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Compare, and tell."""
        from ..optimize.pool_comparison import PoolVerdict

        found = _compared(options) if options.targets else [_demonstrated(options)]
        if options.json:
            screen.json({"comparisons": [comparison.to_wire() for comparison in found]})
        else:
            _tell(found, screen)
        is_slower = any(comparison.verdict is PoolVerdict.SLOWER for comparison in found)
        return ExitCode.REGRESSION if is_slower else ExitCode.FINE


def load_type(target: str) -> ResourceType:
    """The resource type that ``target`` names: one that its module registers, or has; a factory is made one.

    Raises:
        UsageError: when it names nothing of the kind; the message says what is wrong.
    """
    from ..pool.default import DEFAULT
    from ..pool.pool import MemoryPool
    from ..pool.recipe import ResourceType, make_type

    place, name = split_target(target)
    found = find_target(target)
    if (registered := DEFAULT.get().types().get(name)) is not None:
        return registered
    if isinstance(found, MemoryPool):
        return found.kind
    if isinstance(found, ResourceType):
        return found
    if not callable(found):
        raise UsageError(f"{target!r}: {place} has no factory, ResourceType or MemoryPool {name!r}, and registers none")
    return make_type(name, found)


def _compared(options: argparse.Namespace) -> list[PoolComparison]:
    given: dict[str, Any] = {part: _optional(getattr(options, part)) for part in _PARTS}
    parts = {part: function for part, function in given.items() if function is not None}
    kinds = [load_type(target)._replace(**parts) for target in options.targets]
    use = _optional(options.use)
    return [_compare(kind, use, options.pairs, options.seconds) for kind in kinds]


def _demonstrated(options: argparse.Namespace) -> PoolComparison:
    from .demonstration import USES_COUNT, demonstration_type, use_database

    given = [f"--{name}" for name in ("use", *_PARTS) if getattr(options, name) is not None]
    if given:
        raise UsageError(f"{given[0]} is for a TARGET, and none was given; name one, as in module:factory")
    return _compare(demonstration_type(), use_database, options.pairs or USES_COUNT, options.seconds)


def _compare(
    kind: ResourceType, use: Callable[[Any], object] | None, pairs_count: int | None, budget_s: float
) -> PoolComparison:
    from ..optimize.pool_comparison import compare_pool

    try:
        return compare_pool(kind, use=use, pairs=pairs_count, budget_s=budget_s)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{kind.name}: interrupted, no verdict yet") from None


def _optional(target: str | None) -> Callable[..., object] | None:
    return None if target is None else load_target(target)


def _tell(found: Sequence[PoolComparison], screen: Screen) -> None:
    from ..optimize.pool_comparison import PoolVerdict
    from ..report.pool_saving import HEADINGS, saving_cells, saving_lines

    looks = {PoolVerdict.FASTER: Look.GOOD, PoolVerdict.SLOWER: Look.BAD, PoolVerdict.NO_DIFFERENCE: Look.STRONG}
    columns = [*map(Column, HEADINGS[:-1]), Column(HEADINGS[-1], Kind.NAME)]
    screen.table(columns, [(Look.PLAIN, saving_cells(comparison)) for comparison in found])
    for comparison in found:
        headline, *grounds = saving_lines(comparison)
        screen.line()
        screen.line(headline, looks[comparison.verdict])
        for line in grounds:
            screen.line(f"  {line}")
