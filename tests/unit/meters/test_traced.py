"""Traced allocations: exact peaks, lines that hold, a tracer that others use as well, and names of functions."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters import traced
from pytest_memopt.meters.measurement import Site
from pytest_memopt.meters.traced import HeldBy, TracemallocTracer, function_at, is_runner, sites_of

MIB = 1024**2

SOURCE = """\
import x

def put(key):
    return key

class Session:
    size = 1

    @property
    async def load(self):
        def inner():
            return 1
        return inner

double = (
    lambda value:
        value * 2
)
"""


def allocate_for_a_moment(size_bytes):
    """Hold ``size_bytes``, and let go."""
    return len(bytes(size_bytes))


@pytest.fixture(autouse=True)
def no_tracing():
    """Each test begins and ends without tracemalloc."""
    tracemalloc.stop()
    yield
    tracemalloc.stop()


@pytest.fixture
def source(tmp_path):
    """A file of some functions."""
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    return str(path)


@pytest.mark.parametrize("size", [1000, 10_000, 5 * MIB])
def test_peak_is_exact(size):
    """What was allocated at one time is told within 1 % and the handful of bytes of the call itself."""
    tracer = TracemallocTracer()
    allocate_for_a_moment(size)
    tracer.start()
    allocate_for_a_moment(size)
    found = tracer.stop()
    assert found.peak_bytes == pytest.approx(size, rel=0.01, abs=300)
    assert (found.why, found.sites) == (None, ())


def test_memory_from_before_does_not_count():
    """Only what is allocated after the start is in the peak."""
    kept = bytes(3 * MIB)
    tracer = TracemallocTracer()
    tracer.start()
    assert tracer.stop().peak_bytes < 1000 < len(kept)


def test_nothing_is_left_of_it():
    """After the stop tracemalloc is off, and holds nothing."""
    tracer = TracemallocTracer()
    tracer.start()
    tracer.stop(with_sites=True)
    assert not tracemalloc.is_tracing()
    assert tracemalloc.get_tracemalloc_memory() < 100_000
    assert (tracer._before, tracer._sentinel) == (None, None)


def test_tracer_of_others_is_left_running():
    """Where the user traces already the figures are relative, and the user's tracing goes on."""
    tracemalloc.start(3)
    kept = [bytes(2 * MIB)]
    tracer = TracemallocTracer()
    tracer.start()
    kept.append(bytes(MIB))
    found = tracer.stop(with_sites=True)
    assert found.peak_bytes == pytest.approx(MIB, rel=0.01)
    assert sum(site.bytes for site in found.sites) == pytest.approx(MIB, rel=0.01)
    assert tracemalloc.get_traceback_limit() == 3
    assert tracemalloc.is_tracing()


@pytest.mark.parametrize(
    "disturb", [[tracemalloc.stop], [tracemalloc.clear_traces], [tracemalloc.stop, tracemalloc.start]]
)
def test_disturbed_count_is_missing_with_its_reason(disturb):
    """A test that stops, clears or restarts tracemalloc gets no peak, and is told why."""
    tracer = TracemallocTracer()
    tracer.start()
    for action in disturb:
        action()
    found = tracer.stop(with_sites=True)
    assert (found.peak_bytes, found.sites) == (None, ())
    assert "stopped or cleared" in found.why


def test_sites_name_line_and_function():
    """The line that allocated what is still held is told, with its function, bytes and blocks."""
    tracer = TracemallocTracer()
    tracer.start()
    kept = [bytes(100_000), *(bytes(100_000) for _ in range(9))]
    site = tracer.stop(with_sites=True).sites[0]
    assert (Path(site.path).name, site.function) == ("test_traced.py", "test_sites_name_line_and_function")
    assert (site.count, site.bytes) == (pytest.approx(len(kept), abs=5), pytest.approx(1_000_000, rel=0.01))


def test_more_frames_lead_out_of_the_runner():
    """With several frames the innermost line of the user's is found under those of the runner."""
    tracer = TracemallocTracer(frames=8)
    kept = []
    tracer.start()
    kept.append(bytes(50_000))
    sites = tracer.stop(with_sites=True).sites
    assert sites[0].function == "test_more_frames_lead_out_of_the_runner"


def test_sites_add_up_by_line_and_rank_by_size():
    """Allocations of one line through several callers are one site; the largest comes first."""
    held = [
        HeldBy((("/app/a.py", 1, "f"), ("/app/b.py", 9, "g")), 10, 1),
        HeldBy((("/app/a.py", 1, "f"), ("/app/c.py", 9, "h")), 15, 2),
        HeldBy((("/app/b.py", 2, "g"),), 20, 1),
        HeldBy((), 99, 1),
    ]
    assert sites_of(held) == (Site("/app/a.py", 1, "f", 25, 3), Site("/app/b.py", 2, "g", 20, 1))
    assert sites_of(held, most=1) == (Site("/app/a.py", 1, "f", 25, 3),)


def test_runner_lines_are_shown_only_when_there_are_no_others():
    """The runner's own allocations are left out, unless all are its own."""
    runner = HeldBy((("/site/_pytest/python.py", 5, "f"), ("<frozen importlib._bootstrap>", 1, "g")), 50, 1)
    own = HeldBy((("/site/_pytest/python.py", 5, "f"), ("/app/a.py", 1, "g")), 10, 1)
    assert [site.path for site in sites_of([runner, own])] == ["/app/a.py"]
    assert [site.path for site in sites_of([runner])] == ["/site/_pytest/python.py"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["/a.py", "/b.py"]), st.integers(1, 3), st.integers(1, 10**6), st.integers(1, 9))
    )
)
def test_sites_lose_nothing(lines):
    """Whatever is held by the user's lines is in the sites, each line once."""
    held = [HeldBy(((path, line, "f"),), size, count) for path, line, size, count in lines]
    sites = sites_of(held)
    assert sum(site.bytes for site in sites) == sum(size for _, _, size, _ in lines)
    assert sum(site.count for site in sites) == sum(count for *_, count in lines)
    assert len({(site.path, site.line) for site in sites}) == len(sites)


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        (traced.__file__, True),
        (tracemalloc.__file__, True),
        ("C:\\py\\site-packages\\_pytest\\runner.py", True),
        ("/x/pluggy/_hooks.py", True),
        ("<frozen importlib._bootstrap_external>", True),
        ("/home/me/app/cache.py", False),
        ("<string>", False),
    ],
)
def test_files_of_the_runner_are_known(path, verdict):
    """Ours, tracemalloc's, pytest's, pluggy's and the import system's are the runner's."""
    assert is_runner(path) is verdict


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (1, "<module>"),
        (4, "put"),
        (7, "Session"),
        (9, "Session"),
        (11, "load"),
        (12, "inner"),
        (13, "load"),
        (17, "<lambda>"),
    ],
)
def test_function_at_names_the_innermost_scope(source, line, name):
    """A line belongs to the innermost function, class or lambda around it, as in a traceback."""
    assert function_at(source, line) == name


@pytest.mark.parametrize("content", [b"def f(:\n", b"\0", b"# coding: nonsense\n"])
def test_source_that_is_no_python_has_no_functions(tmp_path, content):
    """A template or a broken file is not an error."""
    path = tmp_path / "page.html"
    path.write_bytes(content)
    assert function_at(str(path), 1) is None


def test_source_that_is_missing_has_no_functions():
    """A line of ``<string>`` has no file."""
    assert function_at("<string>", 1) is None


def test_status_names_the_tracer():
    """It is always there."""
    status = TracemallocTracer().status()
    assert (status.available, status.how, TracemallocTracer.name) == (True, "tracemalloc", "tracemalloc")
