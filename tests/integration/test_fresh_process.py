"""A process of its own, really started: how its end is told, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import sys

import psutil
import pytest

from pytest_memopt.leaks.fresh_process import ask, fresh_place

NEVER_S = 60.0
posix = pytest.mark.skipif(os.name != "posix", reason="there are no signals and process groups")


@pytest.fixture
def started(tmp_path):
    """Asks an interpreter that runs some lines, with the answer's path as their argument; gives answer and folder."""

    def run(lines, timeout_s=NEVER_S, interpreter=sys.executable):
        with fresh_place() as place:
            command = [interpreter, "-c", lines, str(place.answer)]
            return ask(command, place, timeout_s, cwd=tmp_path, environment=os.environ), place

    return run


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("raise SystemExit(7)", "it ended with exit code 7 and no finding"),
        ("print('a'); print('so it is'); print()", "it ended with exit code 0 and no finding: so it is"),
        ("print('ERROR: not found'); print('bye')", "it ended with exit code 0 and no finding: ERROR: not found"),
        (
            "import sys; open(sys.argv[1], 'w').write('{'); print('half')",
            "it ended with exit code 0 and no finding: half",
        ),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was ended by signal 9 (SIGKILL)", marks=posix
        ),
    ],
)
def test_an_end_without_an_answer_is_told(started, lines, told):
    """By exit code or signal, and by the line of output that tells most."""
    answer, _ = started(lines)
    assert (dict(answer.data), answer.problem) == ({}, told)


def test_an_answer_counts_whatever_came_after(started):
    """A process that leaves its answer and then falls over has answered; its folder goes."""
    answer, place = started("import sys; open(sys.argv[1], 'w').write('{\"leak\": 1}'); sys.exit(3)")
    assert (answer.data, answer.problem) == ({"leak": 1}, None)
    assert not place.folder.exists()


def test_an_interpreter_that_is_not_there_is_told(started, tmp_path):
    """What can't be started is a problem, and no traceback."""
    answer, _ = started("", interpreter=str(tmp_path / "nothing"))
    assert answer.problem.startswith("it could not be started: ")


GRANDCHILD = """
import subprocess, sys
done = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({pid_file!r}, "w").write(str(done.pid))
print("it waits", flush=True)
done.wait()
"""


def test_what_hangs_is_ended_with_all_that_it_started(started, tmp_path):
    """When the time is up, the last line before that is told, and no process stays behind."""
    pid_file = tmp_path / "pid"
    answer, place = started(GRANDCHILD.format(pid_file=str(pid_file)), timeout_s=5.0)
    assert answer.problem == "it gave no answer within 5 s: it waits"
    assert not place.folder.exists()
    if os.name == "posix":
        assert not _is_alive(int(pid_file.read_text()))


@posix
def test_an_interruption_ends_it_too(started, tmp_path):
    """Ctrl-C goes on to whoever waits, when the process and its folder are gone."""
    pid_file = tmp_path / "pid"
    lines = f"import os, signal\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
    lines += f"os.kill({os.getpid()}, signal.SIGUSR1)\nimport time\ntime.sleep(600)"

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            started(lines)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not _is_alive(int(pid_file.read_text()))


def _is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
