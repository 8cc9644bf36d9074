"""How a program that was run ended."""

import sys
import threading

import pytest

from pytest_memopt.cli.programs import running
from pytest_memopt.cli.programs.running import Ending, EndKind, run_to_end, wait_for_threads
from pytest_memopt.errors import UsageError, one_line


def ends(action):
    """How a program ends that does this, without its duration."""
    return run_to_end(lambda: action)._replace(duration_s=0.0)


def raising(error):
    """A program that raises."""

    def run():
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "ending", "said"),
    [
        (SystemExit(), Ending(EndKind.EXITED, 0), ""),
        (SystemExit(3), Ending(EndKind.EXITED, 3), ""),
        (SystemExit(-1), Ending(EndKind.EXITED, 255), ""),
        (SystemExit("no\nway"), Ending(EndKind.EXITED, 1, "no way"), "no\nway\n"),
        (KeyboardInterrupt(), Ending(EndKind.INTERRUPTED, 130), ""),
    ],
)
def test_an_exit_is_read_as_python_reads_it(error, ending, said, capsys):
    """Its code is a byte, words go to stderr, and Ctrl-C has the code that shells give it."""
    assert ends(raising(error)) == ending
    assert capsys.readouterr() == ("", said)


def test_a_program_that_just_ends_is_fine():
    """Without a word, the code is 0."""
    assert ends(lambda: 5) == Ending(EndKind.FINISHED, 0)


def test_what_is_raised_is_shown_from_its_first_own_frame(capsys):
    """The traceback begins with the program, not with us."""
    assert ends(raising(LookupError("in\ntwo lines"))) == Ending(EndKind.RAISED, 1, "LookupError: in two lines")
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last):\n")
    assert "test_program_running.py" in said.splitlines()[1]
    assert "pytest_memopt" not in said
    assert said.endswith("LookupError: in\ntwo lines\n")


def test_what_is_raised_by_loading_is_the_programs_too(capsys):
    """A syntax error has no frame of the program's, and is shown all the same."""

    def load():
        raise SyntaxError("invalid syntax", ("app.py", 1, 4, "def")) from None

    assert run_to_end(load).why == "SyntaxError: invalid syntax (app.py, line 1)"
    said = capsys.readouterr().err
    assert 'File "app.py", line 1' in said
    assert "pytest_memopt" not in said


def test_a_hook_for_exceptions_is_asked(monkeypatch):
    """What the program put into ``sys.excepthook`` shows its exceptions."""
    seen = []
    monkeypatch.setattr(
        sys, "excepthook", lambda kind, error, trace: seen.append((kind, str(error), trace is not None))
    )
    ends(raising(ValueError("x")))
    assert seen == [(ValueError, "x", True)]


def test_a_program_that_is_not_there_is_no_ending():
    """What is wrong with the command line goes to the caller."""

    def load():
        raise UsageError("there is none")

    with pytest.raises(UsageError, match="there is none"):
        run_to_end(load)


def test_in_a_forked_child_nothing_else_is_done(monkeypatch):
    """Where the process is another one at the end, the ending says so."""
    pids = iter((1, 2))
    monkeypatch.setattr(running.os, "getpid", lambda: next(pids))
    monkeypatch.setattr(running, "wait_for_threads", lambda: pytest.fail("the parent's"))
    assert ends(raising(SystemExit(7))) == Ending(EndKind.EXITED, 7, is_fork=True)


def test_threads_of_the_program_are_waited_for():
    """Those that Python waits for have ended when the program has; daemons need not."""
    go, done = threading.Event(), []

    def work():
        go.wait()
        done.append(1)

    thread = threading.Thread(target=work)
    daemon = threading.Thread(target=threading.Event().wait, args=(60,), daemon=True)

    def run():
        thread.start()
        daemon.start()
        go.set()

    ends(run)
    assert done == [1]
    assert daemon.is_alive()


def test_workers_of_a_pool_are_not_waited_for(monkeypatch):
    """The threads of an executor that nobody shuts down never end by themselves."""

    class Worker:
        daemon = False

        def join(self):
            pytest.fail("it never ends")

    worker = Worker()
    monkeypatch.setattr(running.threading, "enumerate", lambda: [threading.current_thread(), worker])
    monkeypatch.setitem(
        sys.modules, "concurrent.futures.thread", type("Module", (), {"_threads_queues": {worker: None}})
    )
    wait_for_threads()


def test_ctrl_c_while_waiting_ends_it(monkeypatch):
    """An interruption of the wait for threads is one of the program."""
    monkeypatch.setattr(running, "wait_for_threads", raising(KeyboardInterrupt()))
    assert ends(lambda: None) == Ending(EndKind.INTERRUPTED, 130)


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (Ending(EndKind.FINISHED, 0), "finished"),
        (Ending(EndKind.EXITED, 3), "exited with 3"),
        (Ending(EndKind.EXITED, 1, "no"), "exited with 1: no"),
        (Ending(EndKind.RAISED, 1, "ValueError: x"), "raised: ValueError: x"),
    ],
)
def test_an_ending_reads_well(ending, text):
    """The word, the code where it exited, and what it said."""
    assert str(ending) == text


def test_an_error_without_words_is_told_by_its_type():
    """There is no colon with nothing behind it."""
    assert one_line(ValueError()) == "ValueError"
