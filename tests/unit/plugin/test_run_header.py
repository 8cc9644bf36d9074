"""What is known of a run before its first test."""

import json
from pathlib import Path

from pytest_memopt.meters.status import Floor, MeterStatus
from pytest_memopt.plugin.header import Header

EXACT = MeterStatus(name="C heap", available=True, how="psutil")
ESTIMATED = MeterStatus(name="small blocks", available=True, how="by size", exact=False)
MISSING = MeterStatus(name="peak RSS", available=False, how="no /proc")


def header(*meters, **facts):
    """A header with these meters."""
    return Header(Path("journal"), meters=meters, **facts)


def test_a_line_tells_what_is_exact_and_what_is_missing():
    """Exact, estimated and missing meters, the floor, and how windows are settled."""
    line = header(EXACT, ESTIMATED, MISSING, floor=Floor(growth_bytes=48, objects=1)).line("freeze")
    assert line == (
        "memopt: exact: C heap; estimated: small blocks; missing: peak RSS; floor 48 B, 1 objects; gc freeze"
    )


def test_a_line_leaves_out_what_there_is_not():
    """With everything exact there is no word of estimates."""
    assert header(EXACT).line("off") == "memopt: exact: C heap; floor 0 B, 0 objects; gc off"


def test_every_run_has_a_name_of_its_own():
    """Two runs at the same time don't write on each other's pages."""
    assert header().run_name != header().run_name
    assert header().started


def test_workers_tell_their_meters():
    """What a worker found out travels as plain JSON: the first one's meters, and the worst floor."""
    controller = header()
    for growth_bytes in (0, 64, 16):
        worker = header(EXACT, floor=Floor(growth_bytes=growth_bytes, windows=16), idle_rules=("tests/none",))
        controller.learn(json.loads(json.dumps(worker.to_wire())))
    controller.learn(header(MISSING, idle_rules=("tests/none",)).to_wire())
    assert controller.meters == (EXACT,)
    assert (controller.floor.growth_bytes, controller.floor.windows) == (64, 16)
    assert controller.idle_rules == ("tests/none",)


def test_a_worker_that_says_nothing_changes_nothing():
    """A worker without a measurement has nothing to tell."""
    controller = header(EXACT, floor=Floor(growth_bytes=5))
    controller.learn({})
    assert (controller.meters, controller.floor.growth_bytes) == ((EXACT,), 5)
