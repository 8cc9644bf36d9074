"""``memopt analyze``, ``stats`` and ``optimize`` on real programs, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from textwrap import dedent

import pytest

APP = """
    import os, signal, sys, threading, time
    KEPT = []

    class Session: pass

    def grow():
        for number in range(20):
            KEPT.extend([Session() for _ in range(804)])
            KEPT.append(bytearray(b"x") * 2_000_000)
            time.sleep(0.03)

    def rows(): return [{"n": n} for n in range(2000)]
    def fork():
        pid = os.fork()
        if not pid:
            print("child", flush=True)
            sys.exit(7)
        print("code", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    def thread():
        threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
        print("main")
    def spawn():
        import multiprocessing
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.map(abs, [-3]), flush=True)
    def wait():
        print("ready", flush=True)
        time.sleep(60)
    def die(): os._exit(5)
    def fail(): raise LookupError("nothing there")
    def lines():
        for number in range(100_000): print(number)
    def talk():
        for number in range(3):
            time.sleep(0.4)
            print("step", number)
    def close():
        sys.stdout.close()
        sys.stderr.close()

    if __name__ == "__main__":
        globals()[sys.argv[1]]()
        if sys.argv[2:]: sys.exit(int(sys.argv[2]))
"""

FOREVER = """
import time
kept = []
while True:
    kept.append(bytearray(b"x") * 2_000_000)
    time.sleep(0.02)
"""


@pytest.fixture
def command(tmp_path):
    """The command line of a subcommand, and how it is started, in a folder with a program."""
    (tmp_path / "app.py").write_text(dedent(APP), encoding="utf-8")
    foreign = ("COVERAGE_", "FORCE_", "PYTHONUNBUFFERED")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"COLUMNS": "80", "NO_COLOR": "1"}

    def start(*words, term="xterm", **options):
        line = [sys.executable, "-m", "pytest_memopt", *words]
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", **options}
        return subprocess.Popen(line, cwd=tmp_path, env={**environment, "TERM": term}, **given)

    return start


@pytest.fixture
def run(command):
    """Runs a subcommand to its end: exit code, stdout, stderr."""

    def to_the_end(*words, **options):
        process = command(*words, **options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    return to_the_end


def test_growth_is_found_and_its_objects_are_counted(run):
    """40 MB and 16 080 objects of a type: the one is an issue, the other is exact, and the trend is increasing."""
    code, out, err = run("analyze", "--json", "--fail", "--threshold", "growth=20MB", "app.py", "grow")
    document = json.loads(out)
    assert (code, err) == (1, "")
    assert {"type": "__main__.Session", "change": 16_080} in [
        {key: use[key] for key in ("type", "change")} for use in document["types"]
    ]
    (issue,) = (issue for issue in document["analysis"]["issues"] if issue["kind"] == "excessive growth")
    assert 38_000_000 < issue["measured"] < 60_000_000
    assert document["analysis"]["memory_trend"] == "increasing"
    assert any("__main__.Session" in one["evidence"] for one in document["analysis"]["recommendations"])


def test_the_exit_code_of_the_program_is_that_of_the_command(run):
    """Its output is where it was, and what is told stands beside it."""
    code, out, err = run("stats", "app.py", "rows", "3")
    assert (code, out) == (3, "")
    assert err.startswith("\napp.py exited with 3, after ")
    assert re.search(r"RSS +\d+\.\d MB", err)


def test_an_exception_is_shown_as_python_shows_it(run, tmp_path):
    """The traceback has the frames that it would have without us."""
    line = [sys.executable, "app.py", "fail"]
    plain = subprocess.run(line, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    code, _, err = run("analyze", "app.py", "fail")
    assert code == plain.returncode == 1
    assert err.startswith(plain.stderr)
    assert "raised: LookupError: nothing there" in err


def test_threads_are_waited_for(run):
    """What a thread says comes before what we say."""
    code, out, err = run("stats", "app.py:thread", stderr=subprocess.STDOUT)
    assert (code, err) == (0, None)
    assert out.startswith("main\nthread\n\napp.py:thread finished")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_ends_with_its_own_code_and_says_nothing(run):
    """There is one analysis, the parent's."""
    code, out, err = run("analyze", "app.py", "fork")
    assert (code, out) == (0, "child\ncode 7\n")
    assert err.count("app.py finished") == 1


def test_processes_that_it_spawns_find_their_main_module(run):
    """They load the program, not us."""
    code, out, err = run("stats", "app.py", "spawn")
    assert (code, out) == (0, "[3]\n"), err


def test_a_process_that_just_dies_has_its_code(run):
    """Nothing can be told then."""
    assert run("analyze", "app.py", "die") == (5, "", "")


def test_ctrl_c_ends_the_program_and_is_told(command):
    """With what was seen until then; the code is 130."""
    process = command(
        "analyze", "app.py", "wait", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("\napp.py interrupted, after ")
    assert "Traceback" not in err


def test_a_reader_that_goes_away_ends_it_without_a_traceback_of_ours(command):
    """As with ``| head``: the program's own complaint is the program's."""
    process = command("analyze", "app.py", "lines")
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert "raised: BrokenPipeError" in err
    assert "pytest_memopt" not in err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_streams_that_the_program_closes_are_no_crash(run, options):
    """Where nothing can be told, the code says so; JSON has a stream of its own."""
    code, out, err = run("stats", *options, "app.py", "close")
    assert (code, bool(out), err) == ((0, True, "") if options else (2, False, ""))


def test_without_stdout_it_works(run):
    """As with ``>&-``."""
    code, _, err = run("stats", "app.py", "rows", preexec_fn=lambda: os.close(1), stdout=None)
    assert (code, "app.py finished" in err) == (0, True)


def test_compaction_is_told_as_it_is_measured(run):
    """The strategy alone that was chosen, with what the kernel says."""
    code, out, _ = run("optimize", "--json", "--strategies", "compact", "app.py", "grow")
    document = json.loads(out)["optimization"]
    assert code == 0
    assert {one["strategy"] for one in document["outcomes"]} <= {"compact", "collect"}
    assert (
        document["total_memory_saved_mb"] == max(document["in_use_saved_bytes"], document["rss_saved_bytes"], 0) / 1e6
    )


def test_a_process_is_watched_from_outside(run):
    """Its growth is seen, and judged by the thresholds."""
    with subprocess.Popen([sys.executable, "-c", FOREVER]) as other:
        try:
            options = ("--seconds", "1.5", "--interval", "0.1", "--threshold", "growth=5MB", "--fail", "--json")
            code, out, _ = run("analyze", "--pid", str(other.pid), *options)
        finally:
            other.kill()
    document = json.loads(out)
    assert code == 1
    assert document["trend"]["verdict"] == "increasing"
    assert document["process"]["threads_count"] == 1
    code, _, err = run("stats", "--pid", str(other.pid))
    assert (code, err) == (2, f"memopt: there is no process {other.pid}\n")


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_shows_a_line_while_it_runs(command, term):
    """It is erased before the program's lines, which come out whole; a terminal that can't erase has none."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    both = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "encoding": None}
    process = command("analyze", "app.py", "talk", term=term, **both)
    os.close(theirs)
    seen = b""
    while chunk := _read(ours):
        seen += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = seen.decode()
    before, erase = text.partition("app.py finished")[0], "\r\x1b[K"
    assert bool(re.search(r"\r\x1b\[K\d s  RSS \d", before)) == (term == "xterm")
    assert (erase in before) == (term == "xterm")
    for number in range(3):
        assert re.search(rf"(^|\n|\x1b\[K)step {number}\r\n", before)


def _read(descriptor):
    """What the terminal shows next; nothing when its last user is gone."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
