"""The same comparison in instructions instead of seconds, which a busy machine does not change.

Valgrind counts every instruction that a run executes, in user space; two runs of one suite differ by a few tenths of a
percent. It puts its own ``malloc`` in place of the C library's, whose table of parked blocks pytest-memopt reads
elsewhere: what stands in for that is dearer, so the ratios are a little too high.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .environments import MEMOPT, PLAIN, WORK, Environment, install_memopt, plain_environment
from .machine import describe_machine
from .off_cost import write_suite
from .run_suites import BARE, prepare
from .suites import SUITES, Suite
from .tables import markdown_table, write_between_markers

COUNT: Final = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
BLOCKED: Final = ("-p", "no:memopt")
ON: Final = ("--memopt-report", "--memopt-no-history")
BILLION: Final = 1e9


def count_instructions(environment: Environment, folder: Path, arguments: Sequence[str]) -> int:
    """Instructions of one run of pytest in ``folder``.

    Raises:
        RuntimeError: when valgrind counted nothing, or pytest did not end with passed or failed tests.
    """
    command = [*COUNT, str(environment.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    counted = re.search(r"I *refs: *([\d,]+)", done.stderr)
    if counted is None or done.returncode not in {0, 1}:
        raise RuntimeError(
            f"pytest ended with {done.returncode} under valgrind\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return int(counted[1].replace(",", ""))


def suite_row(suite: Suite) -> list[str]:
    """One suite's line: instructions without the plugin, and how many times as many with it."""
    bare, ours = (count_instructions(MEMOPT, suite.source, (*how, *suite.arguments)) for how in (BLOCKED, ON))
    print(f"{suite.name}: {bare / BILLION:.2f} and {ours / BILLION:.2f} billion", flush=True)
    return [f"{suite.name} {suite.version}, `--memopt-report`", f"{bare / BILLION:.2f}", f"{ours / bare:.3f}"]


def off_row() -> list[str]:
    """The line of a plugin that is installed and not asked for, while tests are collected."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_suite(folder)
        for how in (BLOCKED, ()):
            count_instructions(PLAIN, folder, ("--collect-only", *how))  # bytecode
        blocked, off = (count_instructions(PLAIN, folder, ("--collect-only", *how)) for how in (BLOCKED, ()))
    return ["`--collect-only`, installed but off", f"{blocked / BILLION:.2f}", f"{off / blocked:.3f}"]


def main() -> None:
    """Count, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", action="append", choices=[suite.name for suite in SUITES], help="only this one")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    if shutil.which(COUNT[0]) is None:
        print("instructions are counted by valgrind, which is not installed here: left out")
        return
    suites = [suite for suite in SUITES if options.suite is None or suite.name in options.suite]
    WORK.mkdir(parents=True, exist_ok=True)
    PLAIN.prepare(())
    install_memopt(PLAIN)
    prepare(suites, [BARE])
    rows = [off_row(), *map(suite_row, suites)]
    table = markdown_table(["what", "billion instructions, plugin blocked", "with the plugin ÷ blocked"], rows)
    text = f"One run each.\n\n{table}\n\nTaken on: {describe_machine(MEMOPT)}."
    print(text)
    if options.write:
        write_between_markers("instructions", text)


if __name__ == "__main__":
    main()
