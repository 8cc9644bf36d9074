"""Another process, seen from outside: what is told, and what is not."""

import psutil
import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.optimize.growth import TrendVerdict
from pytest_memopt.optimize.outside import OutsideLook, command_of, find_process, look_at, watch_outside

MIB = 1024**2
LOOK = OutsideLook(10 * MIB, 8 * MIB, 5, 1, 0, 0)


class FakeProcess:
    """A process as psutil shows it; ``refuses`` names what it may not be asked."""

    pid = 42

    def __init__(self, rss_bytes=MIB, status=psutil.STATUS_SLEEPING, refuses=(), gone=False, children=()):
        self._rss_bytes = rss_bytes
        self._status = status
        self._refuses = refuses
        self._gone = gone
        self._children = children

    def _asked(self, name, answer):
        if self._gone:
            raise psutil.NoSuchProcess(self.pid)
        if name in self._refuses:
            raise psutil.AccessDenied(self.pid)
        return answer

    def memory_info(self):
        return self._asked("memory_info", Sizes(self._rss_bytes, None))

    def memory_full_info(self):
        return self._asked("memory_full_info", Sizes(self._rss_bytes, self._rss_bytes // 2))

    def status(self):
        return self._asked("status", self._status)

    def num_fds(self):
        return self._asked("num_fds", 7)

    num_handles = num_fds

    def num_threads(self):
        return self._asked("num_threads", 3)

    def children(self, *, recursive):
        assert recursive
        return self._asked("children", self._children)

    def cmdline(self):
        return self._asked("cmdline", ["python", "-c", "1\n2"])


class Sizes:
    """What psutil tells of memory."""

    def __init__(self, rss, uss):
        self.rss = rss
        self.uss = uss


class FakeClock:
    """Seconds that pass by sleeping."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def watched(*looks, duration_s=3.0, interval_s=1.0, tell=lambda _: None):
    """What came of these looks, taken by a clock that is no clock; one that is an error is raised."""
    clock, left = FakeClock(), list(looks)

    def look():
        seen = left.pop(0)
        if isinstance(seen, BaseException):
            raise seen
        return LOOK._replace(rss_bytes=seen)

    return watch_outside(look, duration_s, interval_s, tell=tell, clock=clock, sleep=clock.sleep)


def test_a_look_tells_all_that_the_system_does():
    """Resident and unshared memory, descriptors, threads, and children with theirs; one that has ended has none."""
    process = FakeProcess(4 * MIB, children=[FakeProcess(MIB), FakeProcess(gone=True)])
    assert look_at(process) == OutsideLook(4 * MIB, 2 * MIB, 7, 3, 2, MIB)


def test_what_may_not_be_asked_is_not_told():
    """Each figure that needs a right that we don't have is left out, and the others are told."""
    refused = ("memory_full_info", "num_fds", "num_threads", "children", "cmdline")
    assert look_at(FakeProcess(MIB, refuses=refused)) == OutsideLook(MIB, None, None, None, None, None)
    assert command_of(FakeProcess(refuses=refused)) == ""


def test_the_command_is_one_line():
    """Line breaks in arguments are spaces."""
    assert command_of(FakeProcess()) == "python -c 1 2"


@pytest.mark.parametrize(
    ("process", "said"),
    [
        (FakeProcess(gone=True), "process 42 has ended"),
        (FakeProcess(status=psutil.STATUS_ZOMBIE), "process 42 has ended"),
        (FakeProcess(refuses=("memory_info",)), "process 42 may not be looked at: permission denied"),
    ],
)
def test_a_process_that_cannot_be_looked_at_is_an_error(process, said):
    """One sentence says why."""
    with pytest.raises(MeterError, match=said):
        look_at(process)


@pytest.mark.parametrize("pid", [2**22 + 1, 2**70])
def test_a_number_without_a_process_is_an_error(pid):
    """Also one that no process can have."""
    with pytest.raises(MeterError, match=f"there is no process {pid}"):
        find_process(pid)


def test_the_time_is_used_up():
    """Looks are taken at the begin, at each interval, and at the end; each is told with those before."""
    told = []
    watch = watched(1 * MIB, 3 * MIB, 2 * MIB, 2 * MIB, duration_s=2.5, tell=lambda points: told.append(len(points)))
    assert [(point.elapsed_s, point.value) for point in watch.rss] == [
        (0.0, MIB),
        (1.0, 3 * MIB),
        (2.0, 2 * MIB),
        (2.5, 2 * MIB),
    ]
    assert (watch.first.rss_bytes, watch.last.rss_bytes, watch.peak_rss_bytes) == (MIB, 2 * MIB, 3 * MIB)
    assert watch.trend.growth_bytes == MIB
    assert (told, watch.has_ended) == ([2, 3, 4], False)


def test_growth_is_a_trend():
    """The course is judged as that of a process of one's own."""
    assert watched(*(number * MIB for number in range(1, 12)), duration_s=10).trend.verdict is TrendVerdict.INCREASING


def test_the_end_of_the_process_ends_the_watch():
    """What was seen until then is told."""
    watch = watched(MIB, 2 * MIB, MeterError("process 42 has ended"))
    assert (watch.has_ended, watch.last.rss_bytes, len(watch.rss)) == (True, 2 * MIB, 2)


def test_ctrl_c_ends_the_watch():
    """It is how one stops to look."""
    watch = watched(MIB, KeyboardInterrupt())
    assert (watch.has_ended, len(watch.rss)) == (False, 1)


def test_without_a_first_look_there_is_nothing_to_tell():
    """The reason goes to the caller."""
    with pytest.raises(MeterError, match="denied"):
        watched(MeterError("denied"))
