"""``memopt merge``, ``prune`` and ``export``: the history's upkeep."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import HistoryError
from ..history.store import HistoryStore
from ..report.wording import counted
from .command import ExitCode, whole_number
from .run_choice import choose_run
from .screen import FORMAT, Screen


class MergeCommand:
    """Add the runs of other histories to this one.

    For the shards of a CI job, or for several machines. Runs that are here already
    are left out, so merging twice does no harm. Merged runs get new numbers and
    take their place by the time they started.
    """

    name = "merge"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the files."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a history to take runs from")

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Merge one file after the other."""
        for file in options.files:
            if not file.is_file():
                raise HistoryError(f"there is no history at {file}; nothing was merged")
        with HistoryStore.open(options.history) as store:
            merged = {str(file): store.merge(file) for file in options.files}
        if options.json:
            screen.json({"merged": merged})
            return ExitCode.FINE
        for name, count in merged.items():
            screen.line(f"{counted(count, 'run')} of {name} added to {options.history}")
        return ExitCode.FINE


class PruneCommand:
    """Delete old runs from the history.

    The newest N runs of each machine, platform and Python stay.
    """

    name = "prune"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--keep``."""
        parser.add_argument("--keep", type=whole_number(0), required=True, metavar="N", help="how many runs stay")

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Delete them."""
        if not options.history.is_file():
            raise HistoryError(f"there is no history at {options.history}; nothing was deleted")
        with HistoryStore.open(options.history) as store:
            pruned = store.prune(options.keep)
        if options.json:
            screen.json({"pruned": pruned})
        else:
            screen.line(f"{counted(pruned, 'run')} deleted from {options.history}")
        return ExitCode.FINE


class ExportCommand:
    """Print runs and their tests as JSON lines.

    A line with "kind": "run" comes before the lines with "kind": "test" of that
    run. Of all runs, lines with "kind": "knowledge" come last: what was learned.
    """

    name = "export"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the run."""
        parser.add_argument("run", nargs="?", metavar="RUN", help="a run's number, last, last-1 ... (default: all)")

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Print them, oldest run first."""
        with HistoryStore.open(options.history, read_only=True) as store:
            runs = store.runs() if options.run is None else [choose_run(store, options.run)]
            for run in runs:
                screen.json_line({"format": FORMAT, "kind": "run", **run.to_json()})
                for test in store.tests(run.id) if run.id is not None else ():
                    screen.json_line({"kind": "test", "run": run.id, **test._asdict()})
            for one in store.knowledge() if options.run is None else ():
                screen.json_line({**one.to_json(), "of": one.kind, "kind": "knowledge"})
        return ExitCode.FINE
