"""``memopt runs``: what the history holds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from ..history.records import Environment, RunRow
from ..history.store import HistoryStore
from ..report.wording import counted
from ..units import format_count
from .command import ExitCode, whole_number
from .run_choice import short_commit
from .screen import Column, Kind, Look, Screen

_MIB: Final = 1024**2
_MINUTE_S: Final = 60
_COLUMNS: Final = (
    Column("run"),
    Column("started (UTC)", Kind.WORD),
    Column("commit", Kind.WORD),
    Column("tests"),
    Column("time"),
    Column("RSS MiB"),
    Column("peak MiB"),
    Column("MiB/min"),
)


class RunsCommand:
    """List the runs of the history, newest last.

    Runs are grouped by machine, platform and Python: only runs of one group are
    ever compared. RSS is the resident memory at the end, peak its highest.
    """

    name = "runs"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--limit``."""
        parser.add_argument(
            "--limit", type=whole_number(1), default=20, metavar="N", help="show the newest N runs (default 20)"
        )

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Print them."""
        with HistoryStore.open(options.history, read_only=True) as store:
            runs = store.runs(limit=options.limit)
        if options.json:
            screen.json({"runs": [run.to_json() for run in runs]})
            return ExitCode.FINE
        if not runs:
            screen.line(f"{options.history} holds no runs yet; `pytest --memopt-report` adds one")
        for place, environment in enumerate(dict.fromkeys(run.environment for run in runs)):
            if place:
                screen.line()
            _print_group(environment, [run for run in runs if run.environment == environment], screen)
        return ExitCode.FINE


def _print_group(environment: Environment, runs: Sequence[RunRow], screen: Screen) -> None:
    screen.line(f"{environment} · {counted(len(runs), 'run')}", Look.STRONG)
    screen.table(_COLUMNS, [(Look.PLAIN, _cells(run)) for run in runs])


def _cells(run: RunRow) -> tuple[str, ...]:
    slope = run.growth_mb_per_minute
    return (
        str(run.id),
        run.started[:16].replace("T", " "),
        short_commit(run),
        format_count(run.test_count),
        _duration(run.duration_s),
        _mebibytes(run.rss_end_bytes),
        _mebibytes(run.rss_peak_bytes),
        "" if slope is None else f"{slope:+.1f}",
    )


def _mebibytes(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / _MIB:.1f}"


def _duration(duration_s: float) -> str:
    """``'12.3 s'``, from a minute up ``'1:37 min'``: narrow, so that a run fits on 80 columns."""
    if duration_s < _MINUTE_S:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), _MINUTE_S)
    return f"{minutes}:{seconds:02d} min"
