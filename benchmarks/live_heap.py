"""Whether the plugin's cost per test grows with the live heap: trivial tests beside 100 000 and 5 million objects.

A generated suite of a few modules times itself: its conftest notes the processor's clock at the end of every test,
outside all other plugins. What two successive ends within one module have between them is the price of a test; a module's
first test also pays for the change of module, and the whole session for its start and end. Each is given on its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Final

from .environments import PLAIN, WORK, install_memopt, plain_environment
from .machine import describe_machine
from .tables import markdown_table, write_between_markers
from .timing import Spread, time_command

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
    ENDS[COUNT[0]] = time.process_time()
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
        test_s: median processor seconds from one test's end to the next one's, within a module.
        mean_test_s: their mean, rare collections included.
        module_s: median seconds from the end of a module's last test to the end of the next one's first.
        session_s: processor seconds of the whole process.
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
    command = [str(PLAIN.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    log = folder / "out.log"
    env = plain_environment() | {"HEAP_OBJECTS": str(objects)}
    timing = time_command(command, cwd=folder, env=env, log=log)
    if timing.exit_code != 0:
        raise RuntimeError(f"pytest ended with {timing.exit_code}\n{log.read_text('utf-8')[-3000:]}")
    return prices_of(json.loads((folder / "ends.json").read_text("utf-8")), timing.cpu_s)


def prices_of(ends_s: Sequence[float], session_s: float) -> Prices:
    """The prices that a series of ends tells."""
    steps = [(number, ends_s[number] - ends_s[number - 1]) for number in range(1, len(ends_s))]
    within = [step for number, step in steps if number % TESTS_PER_MODULE]
    between = [step for number, step in steps if not number % TESTS_PER_MODULE]
    return Prices(median(within), fmean(within), median(between), session_s)


def measure(pairs: int) -> dict[int, list[tuple[Prices, Prices]]]:
    """For each heap, pairs of (off, on); heaps and pairs are interleaved, the order turning with each round."""
    taken: dict[int, list[tuple[Prices, Prices]]] = {SMALL_HEAP: [], LARGE_HEAP: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_suite(folder)
        run_once(folder, 0, OFF)
        for number in range(pairs):
            for objects, pairs_taken in taken.items():
                order = (OFF, ON) if number % 2 == 0 else (ON, OFF)
                prices = {options: run_once(folder, objects, options) for options in order}
                pairs_taken.append((prices[OFF], prices[ON]))
                print(f"round {number + 1}, {objects} objects: off {prices[OFF]}, on {prices[ON]}", flush=True)
    return taken


def added(pairs: Sequence[tuple[Prices, Prices]], price: str, unit: float) -> str:
    """Median, least and greatest of what being on adds to one price."""
    spread = Spread.of([(getattr(on, price) - getattr(off, price)) * unit for off, on in pairs])
    return f"{spread.middle:+.1f} ({spread.low:+.1f} to {spread.high:+.1f})"


def report(taken: Mapping[int, Sequence[tuple[Prices, Prices]]]) -> str:
    """The table and the ratio, as Markdown."""
    rows = []
    for objects, pairs in taken.items():
        bare = f"{median(off.test_s for off, _ in pairs) * MICROSECONDS:.0f}"
        per_test = [added(pairs, "test_s", MICROSECONDS), added(pairs, "mean_test_s", MICROSECONDS)]
        rest = [added(pairs, "module_s", MILLISECONDS), added(pairs, "session_s", MILLISECONDS)]
        rows.append([f"{objects:,}", bare, *per_test, *rest])
    head = ["live objects", "a test, off, µs", "added to a test, µs", "its mean, µs", "to a change of module, ms"]
    table = markdown_table([*head, "to the session, ms"], rows)
    small, large = (median(on.test_s - off.test_s for off, on in taken[heap]) for heap in (SMALL_HEAP, LARGE_HEAP))
    size = f"{MODULES} modules of {TESTS_PER_MODULE} trivial tests, {len(taken[SMALL_HEAP])} interleaved pairs for each heap"
    return (
        f"{size}, `--memopt` against the plugin blocked, processor time, median (least to greatest) of the pairs.\n\n"
        f"{table}\n\nAdded to a test, large heap ÷ small heap: **{large / small:.2f}**.\n\nTaken on: {describe_machine(PLAIN)}."
    )


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="interleaved pairs per heap (5)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="two pairs")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    PLAIN.prepare(())
    install_memopt(PLAIN)
    text = report(measure(2 if options.quick else options.pairs))
    print(text)
    if options.write:
        write_between_markers("heap", text)


if __name__ == "__main__":
    main()
