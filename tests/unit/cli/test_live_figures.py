"""What the live line tells."""

from types import SimpleNamespace

from pytest_memopt.bounded_series import Point
from pytest_memopt.cli.programs import live_figures
from pytest_memopt.cli.programs.live_figures import LiveFigures, OutsideFigures, course
from pytest_memopt.meters.allocators import AllocatorUse

MIB = 1024**2


class ScriptedMonitor:
    """Gives these points."""

    def __init__(self, *points):
        self.points = points

    def rss(self):
        return self.points


def figures_of(monkeypatch, use, *points):
    """The figures of a monitor, three seconds after they began."""
    monkeypatch.setattr(live_figures, "Allocators", lambda: SimpleNamespace(read=lambda: use))
    seconds = iter((10.0, 13.0))
    return LiveFigures(ScriptedMonitor(*points), lambda: next(seconds))


def test_the_line_has_all_that_can_be_read(monkeypatch):
    """Seconds, resident memory, bytes in use, peak, rate and sparkline."""
    use = AllocatorUse(MIB, MIB, 1, MIB, MIB)
    points = Point(0.0, 1_000_000), Point(1.0, 5_000_000), Point(2.0, 3_000_000)
    assert figures_of(monkeypatch, use, *points).line() == (
        "3 s  RSS 2.9 MiB  in use 2.0 MiB  peak 4.8 MiB  +60.0 MB/min  ▁█▅"
    )


def test_what_cannot_be_read_is_left_out(monkeypatch):
    """Without samples and bytes in use, the seconds remain."""
    assert figures_of(monkeypatch, AllocatorUse(None, None, None, None, None)).line() == "3 s"


def test_the_rate_is_that_of_late():
    """The rate is of the last ten seconds, the sparkline of all."""
    points = [Point(0.0, 0), Point(20.0, 10_000_000), Point(25.0, 10_000_000), Point(30.0, 20_000_000)]
    assert course(points) == ["+60.0 MB/min", "▁▅▅█"]
    assert course(points[:1]) == ["▁"]
    assert course([]) == []


def test_another_process_is_named():
    """Its number comes first until something was seen."""
    figures = OutsideFigures(42)
    assert figures.line() == "process 42"
    figures.tell([Point(0.0, MIB), Point(2.0, MIB)])
    assert figures.line() == "2 s  process 42  RSS 1.0 MiB  peak 1.0 MiB  +0.0 MB/min  ▁▁"
