"""What the plugin costs when it is installed but off: ``pytest --collect-only`` against the same with it blocked."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from .environments import PLAIN, WORK, install_memopt, plain_environment
from .machine import describe_machine
from .tables import markdown_table, write_between_markers
from .timing import Timing, confidence, time_command

TESTS: Final = 100
MILLISECONDS: Final = 1000.0


def write_suite(folder: Path) -> None:
    """A module of plain tests, with an ini file so that no other is found."""
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (folder / "test_plain.py").write_text("".join(f"def test_{i}():\n    pass\n\n\n" for i in range(TESTS)), "utf-8")


def collect_once(folder: Path, *, blocked: bool) -> Timing:
    """Collect the suite once.

    Raises:
        RuntimeError: when pytest does not end well.
    """
    command = [str(PLAIN.python), "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
    command += ["-p", "no:memopt"] if blocked else []
    log = folder / "out.log"
    timing = time_command(command, cwd=folder, env=plain_environment(), log=log)
    if timing.exit_code != 0:
        raise RuntimeError(f"pytest --collect-only ended with {timing.exit_code}\n{log.read_text('utf-8')}")
    return timing


def measure(pairs: int) -> list[tuple[Timing, Timing]]:
    """``pairs`` of (blocked, off), the order turning with each pair."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_suite(folder)
        for blocked in (True, False):
            collect_once(folder, blocked=blocked)
        taken = []
        for number in range(pairs):
            first = bool(number % 2)
            timings = {blocked: collect_once(folder, blocked=blocked) for blocked in (first, not first)}
            taken.append((timings[True], timings[False]))
        return taken


def report(taken: list[tuple[Timing, Timing]]) -> str:
    """The table, as Markdown."""
    rows = []
    for what, attribute in (("wall", "wall_s"), ("processor", "cpu_s")):
        blocked_ms = [getattr(blocked, attribute) * MILLISECONDS for blocked, _ in taken]
        added_ms = [(getattr(off, attribute) - getattr(blocked, attribute)) * MILLISECONDS for blocked, off in taken]
        low, high = confidence(added_ms)
        share = 100 * median(added_ms) / median(blocked_ms)
        interval = f"{low:+.2f} to {high:+.2f} ms"
        rows.append([what, f"{median(blocked_ms):.1f} ms", f"{median(added_ms):+.2f} ms", interval, f"{share:+.2f} %"])
    table = markdown_table(
        ["time", "plugin blocked", "added when off (median of pairs)", "95 % interval", "share"], rows
    )
    return (
        f"{TESTS} tests collected, {len(taken)} interleaved pairs.\n\n{table}\n\nTaken on: {describe_machine(PLAIN)}."
    )


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60, help="interleaved pairs (60)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="ten pairs")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    PLAIN.prepare(())
    install_memopt(PLAIN)
    text = report(measure(10 if options.quick else options.pairs))
    print(text)
    if options.write:
        write_between_markers("off", text)


if __name__ == "__main__":
    main()
