"""Readings around an optimisation, and their noise."""

from types import SimpleNamespace

import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.meters import spare_frames
from pytest_memopt.optimize import readings
from pytest_memopt.optimize.readings import (
    IN_USE_FLOOR_BYTES,
    RESIDENT_FLOOR_BYTES,
    Noise,
    ProcessReader,
    Reading,
    measure_noise,
    resident_in_rollup,
)

ROLLUP = "55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:               15180 kB\nPss:                5071 kB\n"


class Script:
    """Gives readings one after the other."""

    def __init__(self, *readings):
        self.readings = list(readings)

    def read_settled(self):
        return self.readings.pop(0)


def test_resident_memory_is_the_first_line_of_the_rollup():
    """The line that begins with Rss counts, in KiB; a text without one is refused."""
    assert resident_in_rollup(ROLLUP) == 15180 * 1024
    with pytest.raises(ValueError, match="no line begins with Rss"):
        resident_in_rollup("Pss: 5071 kB\n")


def test_noise_is_twice_the_widest_difference():
    """The first reading settles and is no control; of the others the widest difference counts twice."""
    script = Script(Reading(9_000_000, 90_000_000), *(Reading(n, 9 * n) for n in (530_000, 500_000)))
    assert measure_noise(script) == (Reading(500_000, 9 * 500_000), Noise(60_000, 540_000))


def test_what_runs_next_is_made_before_the_readings(monkeypatch):
    """On CPython 3.10 the frames of strategies would be taken for what they cost."""
    made, script = [], Script(*[Reading(5, 5)] * 3)
    monkeypatch.setattr(spare_frames, "lay_out_loaded", lambda prefixes: made.append((prefixes, len(script.readings))))
    monkeypatch.setattr(readings, "sys", SimpleNamespace(version_info=(3, 10, 13)))
    measure_noise(script)
    assert made == [(("pytest_memopt.optimize.", "pytest_memopt.meters."), 3)]


def test_noise_is_never_below_its_floor():
    """Readings that agree, or that can't be taken, still leave room for what a report takes."""
    floor = Noise(IN_USE_FLOOR_BYTES, RESIDENT_FLOOR_BYTES)
    assert measure_noise(Script(*[Reading(5, 5)] * 3))[1] == floor
    assert measure_noise(Script(*[Reading()] * 3))[1] == floor


def test_a_rollup_that_is_not_there_gives_way_to_the_counter(tmp_path, monkeypatch):
    """Without the page tables' summary the kernel's counter is read, and without that nothing is claimed."""
    reader = ProcessReader(str(tmp_path / "missing"))
    assert reader.read().resident_bytes > 1_000_000

    class Closed:
        def read(self):
            raise MeterError("closed")

        def close(self):
            pass

    monkeypatch.setattr(readings, "ResidentMemory", Closed)
    assert reader.read_settled().resident_bytes is None


def test_a_rollup_is_believed(tmp_path):
    """What the summary of the page tables says is the reading."""
    rollup = tmp_path / "smaps_rollup"
    rollup.write_text(ROLLUP, encoding="ascii")
    assert ProcessReader(str(rollup)).read().resident_bytes == 15180 * 1024


def test_what_counting_takes_is_noise():
    """Resident bytes above an earlier reading widen the noise; less, or unknown, is nothing."""
    assert Reading(0, 900).resident_above(Reading(0, 400)) == 500
    assert Reading(0, 400).resident_above(Reading(0, 900)) == 0
    assert Reading(0, None).resident_above(Reading(0, 900)) == Reading(0, 9).resident_above(Reading()) == 0
    assert Noise(1, 100).with_resident(500) == Noise(1, 600)
