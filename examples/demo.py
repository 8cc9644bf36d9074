"""What `make demo` shows: seven runs of the examples whose output is left out, an eighth in full, and what came of all eight.

Run it with `python examples/demo.py`; the history goes to a temporary folder.
"""
# ruff: noqa: T201 - a script that talks to its reader

import os
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 8
EXAMPLES = Path(__file__).parent
TESTS_FAILED = 1


def pytest_command(history):
    return [
        *(sys.executable, "-m", "pytest", str(EXAMPLES), "-p", "no:cacheprovider"),
        *("-p", "pytest_memopt.plugin", "--memopt-report", "--memopt-history", str(history)),
    ]


def run_examples(number, history, *, quiet):
    """One run of the examples, the `number`-th; its exit status."""
    # whatever other plugins are installed here: the reader's attention is for one
    environment = {**os.environ, "MEMOPT_DEMO_RUN": str(number), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        pytest_command(history), env=environment, check=False, text=True, stdout=subprocess.PIPE if quiet else None
    )
    if done.returncode != TESTS_FAILED:
        print(done.stdout or "", f"demo: run {number} ended with {done.returncode}, not {TESTS_FAILED}", sep="\n")
        raise SystemExit(1)


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history.db"
        say(f"Runs 1 to {RUNS - 1} of examples/ fill a history. From run 6 on, one test keeps more than before.")
        for number in range(1, RUNS):
            run_examples(number, history, quiet=True)
            print(f"  run {number}", end="", flush=True)
        print()
        say(f"Run {RUNS}: pytest examples --memopt-report")
        run_examples(RUNS, history, quiet=False)
        say("memopt trend: the same history, test by test")
        command = [sys.executable, "-m", "pytest_memopt", "trend", "--history", str(history), "--top", "4"]
        subprocess.run(command, check=True)
    say("What to look at:")
    print(
        """  test_cache.py      fails on purpose: it passes by what it asserts, and keeps sessions; three runs agree,
                     and the failure names the type and the lines
  test_resources.py  a limit that only warns; and 2 MiB that are charged to a session fixture, not to a test
  test_warm_up.py    goes over the same limit once, then never again: a table that stays, so it passes
  test_trend.py      breaks no limit; only the history shows the step at run 6
The demo ends here, as it should. The page to read next is README.md."""
    )


if __name__ == "__main__":
    main()
