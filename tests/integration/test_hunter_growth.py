"""The hunter's own growth: what thousands of rounds of a test that does nothing leave behind."""

from __future__ import annotations

import json
import sys
from textwrap import dedent

import pytest

CONFTEST = dedent("""
    import json
    import pathlib

    from pytest_memopt.leaks.hunt import Hunt

    pursue = Hunt.pursue

    def pursue_and_tell(self, *args):
        catch = pursue(self, *args)
        ends = {str(one.signal.value): one.levels[-1] - one.levels[0] for one in catch.series}
        changes = {str(one.signal.value): [change for change in one.all_changes if change] for one in catch.series}
        moves = {name: some[:20] for name, some in changes.items() if some and name != "rss_bytes"}
        told = {"rounds": catch.rounds, "ends": ends, "moves": moves}
        pathlib.Path(__file__).with_name("told.json").write_text(json.dumps(told))
        return catch

    Hunt.pursue = pursue_and_tell
""")


@pytest.mark.skipif(
    sys.version_info < (3, 11),
    reason="Python 3.10 gives each function a cache of its own when it is called the 1 024th time",
)
@pytest.mark.parametrize("rounds", [300, 2000])
def test_rounds_of_an_empty_test_leave_nothing(serial_project, rounds):
    """However many rounds, no exact signal moves: not when the counters pass what the interpreter keeps ready (256) either."""
    project = serial_project.with_files({"conftest.py": CONFTEST, "test_a.py": "def test_nothing(): pass\n"})
    run = project.run("--memopt-leaks", "--memopt-rounds", str(rounds), "--memopt-leaks-budget", "300")
    run.assert_no_crash()
    assert run.counts == {"passed": 1}
    told = json.loads((project.path / "told.json").read_text(encoding="utf-8"))
    assert told["moves"] == {}
    assert told["rounds"] == rounds + 1
    assert (told["ends"]["blocks"], told["ends"]["small_bytes"], told["ends"]["heap_bytes"]) == (0, 0, 0)
