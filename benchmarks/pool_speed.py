"""What borrowing and returning costs, beside SQLAlchemy's pool and the generic ones of PyPI: alone, and eight threads on four.

Ends with 1 when a target is missed: alone within three times of a lock and a deque that check nothing, quicker than
SQLAlchemy's ``QueuePool``, and together at least its throughput. What is quicker than ours is told.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from .environments import ROOT, Environment, install_memopt, plain_environment
from .machine import describe_with
from .pool_peers import BARE, OURS, PEERS, SQLALCHEMY
from .pool_race import HELD_S, RESOURCES, THREADS, Plan, Throughput
from .tables import markdown_table, write_between_markers

PLACE: Final = Environment(
    "pools",
    ("psutil>=7.2", *(peer.distribution for peer in PEERS if peer.distribution not in (None, OURS.distribution))),
)
QUICK: Final = Plan(40, 3, 0.2)
BARE_RATIO_MOST: Final = 3.0
MICROSECONDS: Final = 1e6
MILLISECONDS: Final = 1e3
NONE: Final = "-"


class Figures(NamedTuple):
    """What was measured, by ``title|way``.

    Attributes:
        alone: seconds for one borrow and return: the least of the repetitions.
        together: the repetitions.
    """

    alone: Mapping[str, float]
    together: Mapping[str, Sequence[Throughput]]

    @classmethod
    def read(cls, wire: Mapping[str, Any]) -> Figures:
        """From what the race printed."""
        together = {name: [Throughput(*one) for one in taken] for name, taken in wire["together"].items()}
        return cls(wire["alone"], together)

    def leases_per_s(self, title: str, held: str) -> float:
        """The median of a pool's repetitions."""
        return median(one.leases_per_s for one in self.together[f"{title}|{held}"])


def race(plan: Plan) -> Figures:
    """Have it run where the peers are.

    Raises:
        subprocess.CalledProcessError: when it doesn't end well.
    """
    command = [str(PLACE.python), "-m", "benchmarks.pool_race", json.dumps(plan)]
    done = subprocess.run(command, cwd=ROOT, env=plain_environment(), check=True, stdout=subprocess.PIPE, text=True)
    return Figures.read(json.loads(done.stdout))


def spell_alone(figures: Figures, title: str, way: str) -> str:
    """Microseconds, and in brackets against the one that checks nothing."""
    cost_s = figures.alone.get(f"{title}|{way}")
    if cost_s is None:
        return NONE
    return f"{cost_s * MICROSECONDS:.2f} ({cost_s / figures.alone[f'{BARE.title}|pair']:.1f})"


def spell_together(figures: Figures, title: str, held: str) -> list[str]:
    """Thousands of leases a second (least to greatest), and how unequal the threads were served."""
    taken = figures.together.get(f"{title}|{held}")
    if taken is None:
        return [NONE, NONE]
    rates = sorted(one.leases_per_s / 1000 for one in taken)
    unequal = median(one.most_ratio for one in taken)
    return [f"{median(rates):.1f} ({rates[0]:.1f} to {rates[-1]:.1f})", f"{unequal:.1f}"]


def report(figures: Figures, plan: Plan) -> str:
    """The two tables, as Markdown."""
    alone = [[peer.title, *(spell_alone(figures, peer.title, way) for way in ("pair", "block"))] for peer in PEERS]
    together = [
        [peer.title, *(cell for held in ("nothing", "io") for cell in spell_together(figures, peer.title, held))]
        for peer in PEERS
        if peer.waits
    ]
    held = f"held for {HELD_S * MILLISECONDS:g} ms"
    about_alone = (
        "One thread, µs for a borrow and return (÷ the pair of calls of the one that checks nothing): the least of "
        f"{plan.alone} interleaved loops."
    )
    about_together = (
        f"{THREADS} threads, {RESOURCES} resources, thousand leases a second: median (least to greatest) of "
        f"{plan.together} interleaved runs of {plan.seconds:g} s; and the leases of the thread that got most ÷ those of "
        "the one that got least."
    )
    head = ["pool", "given back at once", "most ÷ least", held, "most ÷ least"]
    tables = (markdown_table(["pool", "pair of calls", "`with` block"], alone), markdown_table(head, together))
    return "\n\n".join([about_alone, tables[0], about_together, tables[1]])


def missed(figures: Figures) -> list[str]:
    """The targets that were missed, in words."""
    ours_s, bare_s = figures.alone[f"{OURS.title}|pair"], figures.alone[f"{BARE.title}|pair"]
    found = []
    if ours_s > BARE_RATIO_MOST * bare_s:
        found.append(f"{ours_s / bare_s:.1f} times what {BARE.title} takes, instead of {BARE_RATIO_MOST:g}")
    for name, cost_s in figures.alone.items():
        title, _, way = name.partition("|")
        if title not in (OURS.title, BARE.title) and cost_s <= figures.alone[f"{OURS.title}|{way}"]:
            found.append(f"{title} is quicker ({way})")
    if figures.leases_per_s(OURS.title, "nothing") < figures.leases_per_s(SQLALCHEMY.title, "nothing"):
        found.append(f"less throughput than {SQLALCHEMY.title}")
    return found


def main() -> int:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter repetitions")
    options = parser.parse_args()
    PLACE.prepare(())
    install_memopt(PLACE)
    plan = QUICK if options.quick else Plan()
    figures = race(plan)
    versions = [(PLACE, peer.distribution) for peer in PEERS if peer.distribution is not None]
    text = f"{report(figures, plan)}\n\nTaken on: {describe_with(versions)}."
    print(text)
    if options.write:
        write_between_markers("pools", text)
    targets = missed(figures)
    for told in targets:
        print(f"target missed: {told}", file=sys.stderr)
    return int(bool(targets))


if __name__ == "__main__":
    sys.exit(main())
