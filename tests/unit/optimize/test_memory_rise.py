"""When resident memory rose so far that a look is worth its time."""

import os

import pytest

from pytest_memopt.optimize.memory_rise import MemoryRise, peak_resident_bytes, resident_bytes

MIB = 1024**2


class Process:
    """Resident memory and seconds, both as they are told."""

    def __init__(self, mib):
        self.mib = mib
        self.now_s = 0.0
        self.looks = 0

    def read(self):
        self.looks += 1
        return None if self.mib is None else self.mib * MIB

    def clock(self):
        self.now_s += 1.0
        return self.now_s


@pytest.mark.parametrize(("start", "step"), [(100, 32), (1000, 125)])
def test_a_step_is_32_mib_or_an_eighth(start, step):
    """Below the step it isn't told, from it on it is, until it begins anew."""
    process = Process(start)
    rise = MemoryRise(process.read, process.clock)
    process.mib = start + step - 1
    assert not rise.is_due()
    process.mib = start + step
    assert rise.is_due()
    assert rise.is_due()
    rise.reset()
    assert not rise.is_due()


def test_a_fall_is_where_the_next_rise_begins():
    """Memory that went back and came again has risen."""
    process = Process(200)
    rise = MemoryRise(process.read, process.clock)
    process.mib = 100
    assert not rise.is_due()
    process.mib = 132
    assert rise.is_due()


def test_asked_too_soon_it_does_not_look():
    """Who asks after each of a thousand quick tests doesn't pay for a thousand looks."""
    process = Process(100)
    rise = MemoryRise(process.read, process.clock, interval_s=100.0)
    process.mib = 500
    assert not any(rise.is_due() for _ in range(10))
    assert process.looks == 1


def test_what_cannot_be_read_never_rises():
    """Where there is no source nothing is ever due."""
    process = Process(None)
    rise = MemoryRise(process.read, process.clock)
    assert rise.is_blind
    assert not rise.is_due()
    rise.reset()
    assert not rise.is_due()


@pytest.mark.parametrize("content", [None, b"", b"12", b"12 x 3"])
def test_no_statm_no_figure(tmp_path, content):
    """A file that is not there, or says something else, is no figure; no error either."""
    path = tmp_path / "statm"
    if content is not None:
        path.write_bytes(content)
    assert resident_bytes(path) is None
    assert peak_resident_bytes(path) is None


def test_the_files_of_linux(tmp_path):
    """Pages of ``statm`` and kilobytes of ``status`` become bytes."""
    statm, status = tmp_path / "statm", tmp_path / "status"
    statm.write_bytes(b"100 7 3 1 0 9 0\n")
    status.write_text("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n", "utf-8")
    assert resident_bytes(statm) == 7 * os.sysconf("SC_PAGE_SIZE")
    assert peak_resident_bytes(status) == 2 * MIB
