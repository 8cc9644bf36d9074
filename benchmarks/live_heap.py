"""Whether the plugin's cost per test grows with the live heap: trivial tests beside 100 000 and 5 million objects.

A generated suite of a few modules times itself: its conftest notes the clock at the end of every test, outside all
other plugins. What two successive ends within one module have between them is the price of a test; a module's first
test also pays for the change of module, and the whole session for its start and end. Each is given on its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Final

from .environments import MEMOPT, WORK, install_memopt, plain_environment
from .machine import describe_machine
from .tables import markdown_table, write_between_markers
from .timing import time_command

MODULES: Final = 6
TESTS_PER_MODULE: Final = 60
SMALL_HEAP: Final = 100_000
LARGE_HEAP: Final = 5_000_000
MICROSECONDS: Final = 1e6
MILLISECONDS: Final = 1e3

CONFTEST: Final = """
import array, json, os, pathlib, time
import pytest

HEAP = [[] for _ in range(int(os.environ["HEAP_OBJECTS"]))]
ENDS = array.array("d", [0.0]) * 100_000
COUNT = array.array("q", [0])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    result = yield
    ENDS[COUNT[0]] = time.perf_counter()
    COUNT[0] += 1
    return result


def pytest_unconfigure():
    pathlib.Path("ends.json").write_text(json.dumps(list(ENDS[: COUNT[0]])))
"""
TEST: Final = """
def test_{number}():
    assert [{number}]


"""
ON: Final = ("--memopt",)
OFF: Final = ("-p", "no:memopt")


@dataclass(frozen=True, slots=True)
class Prices:
    """What one run paid.

    Attributes:
        test_s: median seconds from one test's end to the next one's, within a module.
        mean_test_s: their mean, rare collections included.
        module_s: median seconds from the end of a module's last test to the end of the next one's first.
        session_s: wall seconds of the whole process.
    """

    test_s: float
    mean_test_s: float
    module_s: float
    session_s: float


def write_suite(folder: Path) -> None:
    """The generated suite."""
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    text = "".join(TEST.format(number=number) for number in range(TESTS_PER_MODULE))
    for module in range(MODULES):
        (folder / f"test_module_{module}.py").write_text(text, "utf-8")


def run_once(folder: Path, objects: int, options: Sequence[str]) -> Prices:
    """Run the suite beside ``objects`` live ones.

    Raises:
        RuntimeError: when pytest does not end well.
    """
    command = [str(MEMOPT.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    log = folder / "out.log"
    env = plain_environment() | {"HEAP_OBJECTS": str(objects)}
    timing = time_command(command, cwd=folder, env=env, log=log)
    if timing.exit_code != 0:
        raise RuntimeError(f"pytest ended with {timing.exit_code}\n{log.read_text('utf-8')[-3000:]}")
    return prices_of(json.loads((folder / "ends.json").read_text("utf-8")), timing.wall_s)


def prices_of(ends_s: Sequence[float], session_s: float) -> Prices:
    """The prices that a series of ends tells."""
    steps = [(number, ends_s[number] - ends_s[number - 1]) for number in range(1, len(ends_s))]
    within = [step for number, step in steps if number % TESTS_PER_MODULE]
    between = [step for number, step in steps if not number % TESTS_PER_MODULE]
    return Prices(median(within), fmean(within), median(between), session_s)


def measure(objects: int, pairs: int) -> tuple[Prices, Prices]:
    """(Off, on) beside ``objects`` live ones: the median of each price over interleaved pairs."""
    taken: dict[bool, list[Prices]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_suite(folder)
        run_once(folder, 0, OFF)
        for number in range(pairs):
            for on in (False, True) if number % 2 == 0 else (True, False):
                taken[on].append(run_once(folder, objects, ON if on else OFF))
                print(f"{objects} objects, {'on' if on else 'off'}: {taken[on][-1]}", flush=True)
    return middle_of(taken[False]), middle_of(taken[True])


def middle_of(prices: Sequence[Prices]) -> Prices:
    """The median of each price."""
    return Prices(
        median(price.test_s for price in prices),
        median(price.mean_test_s for price in prices),
        median(price.module_s for price in prices),
        median(price.session_s for price in prices),
    )


def report(small: tuple[Prices, Prices], large: tuple[Prices, Prices], pairs: int) -> str:
    """The table and the ratio, as Markdown."""
    rows = []
    for objects, (off, on) in ((SMALL_HEAP, small), (LARGE_HEAP, large)):
        per_test = [f"{seconds * MICROSECONDS:.0f} µs" for seconds in (off.test_s, on.test_s, on.test_s - off.test_s)]
        mean = f"{(on.mean_test_s - off.mean_test_s) * MICROSECONDS:+.0f} µs"
        module = f"{(on.module_s - off.module_s) * MILLISECONDS:+.1f} ms"
        rows.append([f"{objects:,}", *per_test, mean, module, f"{on.session_s - off.session_s:+.2f} s"])
    head = [
        "live objects",
        "test, off",
        "test, on",
        "added (median)",
        "added (mean)",
        "per change of module",
        "whole session",
    ]
    ratio = (large[1].test_s - large[0].test_s) / (small[1].test_s - small[0].test_s)
    size = f"{MODULES} modules of {TESTS_PER_MODULE} trivial tests, {pairs} interleaved pairs, `--memopt` against the plugin blocked."
    verdict = f"Added per test, large heap ÷ small heap: **{ratio:.2f}**."
    return f"{size}\n\n{markdown_table(head, rows)}\n\n{verdict}\n\nTaken on: {describe_machine()}."


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="interleaved pairs per heap (5)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="two pairs")
    options = parser.parse_args()
    pairs = 2 if options.quick else options.pairs
    WORK.mkdir(parents=True, exist_ok=True)
    MEMOPT.prepare(())
    install_memopt()
    text = report(measure(SMALL_HEAP, pairs), measure(LARGE_HEAP, pairs), pairs)
    print(text)
    if options.write:
        write_between_markers("heap", text)


if __name__ == "__main__":
    main()
