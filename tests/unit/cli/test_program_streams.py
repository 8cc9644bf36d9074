"""The program's stdout, out of the way of JSON."""

import os
import subprocess
import sys

from pytest_memopt.cli.programs import streams
from pytest_memopt.cli.programs.streams import stdout_to_stderr


def say(text):
    """What a program prints."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def test_all_of_stdout_goes_to_stderr(capfd):
    """What Python prints, what is written to the descriptor, and what children say; afterwards stdout is stdout."""
    with stdout_to_stderr(wanted=True):
        say("python")
        os.write(1, b"descriptor\n")
        subprocess.run([sys.executable, "-S", "-c", "print('child')"], check=True)
    say("after")
    out, err = capfd.readouterr()
    assert out == "after\n"
    assert sorted(err.split()) == ["child", "descriptor", "python"]


def test_unwanted_it_does_nothing(capfd):
    """Without --json stdout is left alone."""
    with stdout_to_stderr(wanted=False):
        say("python")
    assert capfd.readouterr() == ("python\n", "")


def test_closed_descriptors_are_left_alone(monkeypatch, capsys):
    """Where stdout or stderr is closed, what Python prints is swapped all the same."""

    def broken(*_):
        raise OSError(9, "Bad file descriptor")

    for name in ("dup", "dup2"):
        with monkeypatch.context() as patch:
            patch.setattr(streams.os, name, broken)
            with stdout_to_stderr(wanted=True):
                say("python")
    assert capsys.readouterr() == ("", "python\npython\n")
