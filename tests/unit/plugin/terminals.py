"""A terminal that only notes what it is given, as pytest's writer has it."""

from dataclasses import dataclass, field

import pytest

ERASE = "\x1b[J"


@dataclass
class NotingStream:
    """A terminal that is only written to."""

    sent: list[str] = field(default_factory=list)
    encoding: str = "utf-8"

    def write(self, text):
        self.sent.append(text)

    def flush(self):
        """Nothing waits."""

    def fileno(self):
        """A number that no file has."""
        return -1

    def isatty(self):
        """It is one."""
        return True


@dataclass
class NotingWriter:
    """What pytest's terminal writer offers."""

    width_of_current_line: int = 0
    fullwidth: int = 80
    _file: object = field(default_factory=NotingStream)

    def write(self, text):
        self._file.write(text)


def painted(text):
    """``text``, shown in the row below the cursor, which stays where it is."""
    return f"\x1bD\x1b[A\x1b7\x1b[B\r\x1b[K{text}\x1b8"


@dataclass
class Configuration:
    """What pytest knows of a run, as far as a terminal is concerned; plugins by their names."""

    plugins: dict[str, object]
    verbosity: int = 0
    capture: str = "fd"
    stash: pytest.Stash = field(default_factory=pytest.Stash)

    @property
    def pluginmanager(self):
        """Who has the plugins."""
        return self

    def get_plugin(self, name):
        """The plugin of that name."""
        return self.plugins.get(name)

    def get_verbosity(self):
        """How much is to be told."""
        return self.verbosity

    def getoption(self, name, default=None):
        """The only option that is asked for."""
        assert name == "capture"
        return self.capture


def reporter_on(writer, home="_pytest.terminal"):
    """A reporter of pytest, or of a plugin at home elsewhere."""
    return type("Reporter", (), {"__module__": home, "_tw": writer})()
