"""Where, when and on what a run was made."""

import os
import platform
import re
import sys
from datetime import datetime, timedelta

import pytest

from pytest_memopt.plugin import provenance
from pytest_memopt.plugin.provenance import (
    Commit,
    machine_name,
    now_utc,
    platform_name,
    python_minor_name,
    python_name,
    read_commit,
)

needs_shell = pytest.mark.skipif(os.name != "posix", reason="the fake git is a shell script")
COMMIT = "0123456789abcdef"


@pytest.fixture
def git(tmp_path, monkeypatch):
    """Puts a git of our own making first on the path; ``answers`` are shell commands by subcommand."""

    def install(**answers):
        cases = "\n".join(f"  *{words}*) {command} ;;" for words, command in answers.items())
        script = tmp_path / "bin" / "git"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncase "$*" in\n{cases}\n  *) exit 1 ;;\nesac\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}/bin{os.pathsep}/usr/bin")
        return tmp_path / "asked"

    return install


@needs_shell
@pytest.mark.parametrize(("status", "dirty"), [("true", False), ("echo ' M a.py'", True), ("exit 3", None)])
def test_git_is_asked(git, tmp_path, status, dirty):
    """Commit, branch and changes come from git, asked in the folder; what it doesn't tell is missing."""
    asked = git(**{"abbrev-ref": "echo main", "rev-parse": f"echo {COMMIT}", "status": status})
    assert read_commit(tmp_path) == Commit(COMMIT, "main", dirty)
    assert all(line.startswith(f"-C {tmp_path} ") for line in asked.read_text().splitlines())


@needs_shell
def test_outside_a_repository_nothing_is_known(git, tmp_path):
    """Where git fails there is no commit, and it isn't asked further."""
    asked = git()
    assert read_commit(tmp_path) == Commit()
    assert len(asked.read_text().splitlines()) == 1


def test_without_git_nothing_is_known(tmp_path, monkeypatch):
    """A machine without git is no error."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_commit(tmp_path) == Commit()


@needs_shell
def test_a_git_that_hangs_is_left(git, tmp_path, monkeypatch):
    """A git that does not answer in time is as none."""
    git(**{"rev-parse": "sleep 60"})
    monkeypatch.setattr(provenance, "_GIT_TIMEOUT_S", 0.05)
    assert read_commit(tmp_path) == Commit()


def test_names_of_interpreter_and_platform():
    """Implementation with version, the minor version for comparisons, and system with architecture."""
    version = platform.python_version()
    assert python_name() == f"{platform.python_implementation()} {version}"
    assert python_name().startswith(python_minor_name())
    assert python_minor_name().endswith(f"{sys.version_info[0]}.{sys.version_info[1]}")
    assert platform_name() == f"{sys.platform}-{platform.machine().lower()}"


def test_a_machine_has_a_short_stable_name(tmp_path, monkeypatch):
    """The same identity gives the same name, another one another, and the identity isn't in it."""
    names = []
    for identity in ("abc", "abc\n", "other"):
        (tmp_path / "machine-id").write_text(identity)
        monkeypatch.setattr(provenance, "_MACHINE_ID", tmp_path / "machine-id")
        names.append(machine_name())
    assert names[0] == names[1] != names[2]
    assert all(re.fullmatch(r"[0-9a-f]{12}", name) for name in names)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_machine_without_an_identity_has_a_name_too(tmp_path, monkeypatch, content):
    """Where the file is missing, empty or not text, network name and address stand for it."""
    path = tmp_path / "machine-id"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(provenance, "_MACHINE_ID", path)
    monkeypatch.setattr(platform, "node", lambda: "here")
    first = machine_name()
    monkeypatch.setattr(platform, "node", lambda: "there")
    assert machine_name() != first


def test_time_is_utc_in_seconds():
    """ISO 8601 with its offset, and no fractions."""
    time = datetime.fromisoformat(now_utc())
    assert (time.utcoffset(), time.microsecond) == (timedelta(0), 0)
