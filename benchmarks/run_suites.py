"""Real suites: bare, under pytest-memopt and under its peers, in one interleaved run.

Each round runs every column once, forwards and backwards in turn, and a column's ratio is to the bare run of its
own round. The outcomes of each run are compared with the bare run's, test by test.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from .environments import MEMOPT, PEER, WORK, Environment, install_memopt, plain_environment
from .machine import describe_machine
from .outcomes import Outcomes, count_by_outcome, differences, read_outcomes
from .suites import SUITES, Suite
from .tables import markdown_table, write_between_markers
from .timing import Spread, Timing, time_command

RESULTS: Final = WORK / "results"


@dataclass(frozen=True, slots=True)
class Column:
    """One way to run a suite.

    Attributes:
        title: the table's heading.
        environment: where it runs.
        pytest_arguments: what is added to the suite's own.
        python_arguments: what precedes ``-m pytest``.
        slow: whether it runs in fewer rounds.
    """

    title: str
    environment: Environment
    pytest_arguments: tuple[str, ...]
    python_arguments: tuple[str, ...] = ()
    slow: bool = False


BARE: Final = Column("bare", MEMOPT, ("-p", "no:memopt"))
COLUMNS: Final = (
    BARE,
    Column("`--memopt-report`", MEMOPT, ("--memopt-report",)),
    Column("`--memopt-optimize auto`", MEMOPT, ("--memopt-optimize=auto", "--memopt-no-history")),
    Column("`--memopt --memopt-gc=collect`", MEMOPT, ("--memopt", "--memopt-gc=collect"), slow=True),
    Column("pytest-memray", PEER, ("--memray",), slow=True),
    Column("tracemalloc", MEMOPT, ("-p", "no:memopt"), ("-X", "tracemalloc"), slow=True),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one column: its times, its outcomes, and where those differ from the bare run of its round."""

    round_number: int
    column: str
    timing: Timing
    counts: dict[str, int]
    differing: tuple[str, ...]


def run_column(suite: Suite, column: Column) -> tuple[Timing, Outcomes]:
    """Run ``suite`` once.

    Raises:
        RuntimeError: when pytest ends otherwise than with passed or failed tests; the message shows its last lines.
    """
    junit, log = RESULTS / "junit.xml", RESULTS / f"{suite.name}.log"
    junit.unlink(missing_ok=True)
    command = [str(column.environment.python), *column.python_arguments, "-m", "pytest", "-q", f"--junitxml={junit}"]
    command += [*column.pytest_arguments, *suite.arguments]
    timing = time_command(command, cwd=suite.source, env=plain_environment(), log=log)
    if timing.exit_code not in {0, 1}:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
        raise RuntimeError(f"{suite.name}, {column.title}: pytest ended with {timing.exit_code}\n{tail}")
    return timing, read_outcomes(junit)


def run_round(suite: Suite, columns: Sequence[Column], round_number: int) -> list[Run]:
    """Run every column once, in an order that turns with the round."""
    done: dict[str, tuple[Timing, Outcomes]] = {}
    for column in columns if round_number % 2 == 0 else reversed(columns):
        done[column.title] = run_column(suite, column)
        print(f"{suite.name} round {round_number + 1}: {column.title} {done[column.title][0].wall_s:.2f} s", flush=True)
    return [compare(title, *done[title], *done[BARE.title], round_number) for title in done]


def compare(title: str, timing: Timing, outcomes: Outcomes, bare: Timing, expected: Outcomes, number: int) -> Run:
    """The run with all in which it differs from the bare one: outcomes, and how pytest itself ended."""
    differing = differences(expected, outcomes)
    if timing.exit_code != bare.exit_code:
        differing.insert(0, f"pytest ended with {timing.exit_code}, bare with {bare.exit_code}")
    return Run(number, title, timing, count_by_outcome(outcomes), tuple(differing))


def ratios(runs: Iterable[Run], title: str, *, cpu: bool) -> list[float]:
    """The column's time ÷ that of the bare run of the same round, one figure per round."""
    times = {(run.round_number, run.column): run.timing.cpu_s if cpu else run.timing.wall_s for run in runs}
    return [time_s / times[number, BARE.title] for (number, column), time_s in times.items() if column == title]


def table_row(suite: Suite, runs: Sequence[Run], columns: Sequence[Column], *, cpu: bool) -> list[str]:
    """One suite's line: its size, its bare seconds, then a ratio for each other column."""
    bare = [run for run in runs if run.column == BARE.title]
    seconds = Spread.of([run.timing.cpu_s if cpu else run.timing.wall_s for run in bare])
    size = f"{suite.name} {suite.version} ({sum(bare[0].counts.values())})"
    cells = [size, f"{seconds.middle:.1f} s"]
    for column in columns[1:]:
        figures = ratios(runs, column.title, cpu=cpu)
        cells.append(f"{Spread.of(figures)}, n={len(figures)}" if figures else "not run")
    return cells


def report(measured: Mapping[Suite, Sequence[Run]], columns: Sequence[Column]) -> str:
    """Both tables, the verdict on outcomes and the machine, as Markdown."""
    parts = []
    for cpu, what in ((False, "Wall time"), (True, "Processor time")):
        head = ["suite (tests)", "bare", *(column.title for column in columns[1:])]
        rows = [table_row(suite, runs, columns, cpu=cpu) for suite, runs in measured.items()]
        parts.append(f"{what} ÷ bare: median (least to greatest), n pairs.\n\n{markdown_table(head, rows)}")
    differing = [
        f"- {suite.name}, {run.column}, round {run.round_number + 1}: {', '.join(run.differing[:5])}"
        for suite, runs in measured.items()
        for run in runs
        if run.differing
    ]
    parts.append(
        "\n".join(["Outcomes that differ from the bare run:", *differing])
        if differing
        else "Outcomes: the same in every run."
    )
    parts.append(
        f"Taken on: {describe_machine(MEMOPT, PEER if any(column.environment is PEER for column in columns) else None)}."
    )
    return "\n\n".join(parts)


def prepare(suites: Sequence[Suite], columns: Sequence[Column]) -> None:
    """Fetch the suites and fill the environments that the columns use."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    needs = sorted({need for suite in SUITES for need in suite.needs})
    for suite in suites:
        suite.fetch()
    for environment in dict.fromkeys(column.environment for column in columns):
        environment.prepare(needs)
        for suite in suites:
            suite.install(environment)
    install_memopt(MEMOPT)


def parse_arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--suite", action="append", choices=[suite.name for suite in SUITES], help="only this one; repeatable"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of bare and `--memopt-report` (5)")
    parser.add_argument("--slow-rounds", type=int, default=2, help="in how many of them the slow columns run too (2)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="two rounds of jinja2, one of the slow columns")
    options = parser.parse_args()
    if options.quick:
        options.suite, options.rounds, options.slow_rounds = options.suite or ["jinja2"], 2, 1
    return options


def main() -> None:
    """Measure, print, and write where asked."""
    options = parse_arguments()
    suites = [suite for suite in SUITES if options.suite is None or suite.name in options.suite]
    columns = [column for column in COLUMNS if options.slow_rounds or not column.slow]
    prepare(suites, columns)
    measured: dict[Suite, list[Run]] = {}
    for suite in suites:
        run_column(suite, BARE)  # bytecode, file cache and pytest's own cache
        measured[suite] = []
        for number in range(options.rounds):
            taking_part = [column for column in columns if not column.slow or number < options.slow_rounds]
            measured[suite] += run_round(suite, taking_part, number)
            raw = {each.name: [asdict(run) for run in runs] for each, runs in measured.items()}
            (RESULTS / "suites.json").write_text(json.dumps(raw, indent=1), "utf-8")
    text = report(measured, columns)
    print(text)
    if options.write:
        write_between_markers("suites", text)


if __name__ == "__main__":
    main()
