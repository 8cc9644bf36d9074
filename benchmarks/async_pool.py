"""What lending by an async pool costs, beside other async pools that work without a server.

``python -m benchmarks.async_pool`` installs them into an environment of its own and prints a table. It ends with 1 when
psycopg_pool lends quicker than `AsyncMemoryPool`, alone or shared: it is the one that promises the same. The queue checks
nothing at all; asyncio-connection-pool and aiomisc know no time-outs and keep no account.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Final

from .environments import ROOT, WORK, Environment, install_memopt, plain_environment
from .machine import describe_with
from .tables import markdown_table

PEERS: Final = (
    "psycopg-pool>=3.3",
    "psycopg[binary]>=3.3",
    "asyncio-connection-pool>=1.1",
    "generic-connection-pool>=0.8",
    "aiomisc>=18",
)
PLACE: Final = Environment("async-pools", PEERS)
VERSIONS: Final = ("pytest-memopt", "psycopg-pool", "asyncio-connection-pool", "generic-connection-pool", "aiomisc")
OURS: Final = "AsyncMemoryPool"
EQUALS: Final = ("psycopg_pool", "psycopg_pool, getconn/putconn")

Times = dict[str, dict[str, float]]


def measure(repetitions_count: int, borrows_count: int) -> Times:
    """The least processor seconds of each pool, from one process in which they took turns."""
    command = [str(PLACE.python), "-m", "benchmarks.async_contenders", str(repetitions_count), str(borrows_count)]
    run = subprocess.run(
        command, cwd=ROOT, env=plain_environment(), check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    times: Times = json.loads(run.stdout)
    return times


def report(times: Times) -> str:
    """A Markdown table: microseconds, and how many times those of ours, for each pool."""
    ours = times[OURS]
    rows = [
        [
            name,
            f"{taken['alone_s'] * 1e6:.2f} µs",
            f"{taken['alone_s'] / ours['alone_s']:.2f}",
            f"{taken['shared_s'] * 1e6:.2f} µs",
            f"{taken['shared_s'] / ours['shared_s']:.2f}",
        ]
        for name, taken in times.items()
    ]
    head = ["pool", "alone", "÷ ours", "8 tasks on 4 resources", "÷ ours"]
    versions = describe_with((PLACE, name) for name in VERSIONS)
    return f"Least processor time of one borrow and return.\n\n{markdown_table(head, rows)}\n\nTaken on: {versions}."


def main() -> int:
    """Measure, print, and say whether ours was quicker than its equals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=40, help="rounds in which the pools take turns (40)")
    parser.add_argument("--borrows", type=int, default=2000, help="borrows of a pool in each round (2000)")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    PLACE.prepare(())
    install_memopt(PLACE)
    times = measure(options.repetitions, options.borrows)
    print(report(times))
    return int(any(times[name][what] < times[OURS][what] for name in EQUALS for what in ("alone_s", "shared_s")))


if __name__ == "__main__":
    sys.exit(main())
