"""A leak in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.leaks.finding import OUTSIDE, Culprit, LeakFinding, NoLine
from pytest_memopt.leaks.ruling import LeakKind
from pytest_memopt.leaks.story import amount_text, leak_headline, leak_lines
from tests.unit.strategies import LEAK_FINDINGS

SHORT = 400
SESSION = Culprit("app.Session", 10, 640, "app.STATE", "dict", "app.STATE[*]", "app.py:4 in put")


def leak(*culprits, rounds=18, **per_round):
    """A leak that adds so much in each round."""
    series = dict.fromkeys(per_round, (1, 2))
    return LeakFinding(LeakKind.LEAK, rounds, per_round, culprits, "a signature", series=series)


@given(LEAK_FINDINGS)
def test_every_finding_can_be_told(finding):
    """Nothing that a finding can hold keeps it from being told, the signature last; the first line is of use by itself."""
    headline, *lines = leak_lines(finding)
    assert headline == leak_headline(finding)
    assert lines[-1] == f"signature: {finding.signature}"
    first = finding.culprits[0] if finding.culprits else Culprit("", None)
    assert len(headline) <= SHORT + len(first.type) + len(first.holder)


@given(path=st.text(min_size=91), holder=st.text(max_size=50))
def test_long_paths_are_cut(path, holder):
    """Of a path that is too long for a line the holder and the end are told."""
    line = leak_lines(leak(SESSION._replace(path=path, holder=holder)))[1]
    assert f"{holder} … {path[-40:]}" in line


@pytest.mark.parametrize(
    ("per_round", "told"),
    [
        ({"blocks": 10, "small_bytes": 600, "heap_bytes": 40}, "640 B in 10 blocks"),
        ({"blocks": 1, "small_bytes": 64}, "64 B in 1 block"),
        ({"heap_bytes": 2048}, "2.0 KiB"),
        ({"mapped_bytes": 4096, "blocks": -1}, "4.0 KiB"),
        ({"blocks": 0.5}, "0.5 blocks"),
        ({"fds": 1}, "1 file descriptor"),
        ({"fds": 2, "threads": 1.5}, "2 file descriptors and 1.5 threads"),
        ({"callbacks": 1, "small_bytes": 1}, "1 B and 1 exit callback"),
        ({"processes": 1, "tasks": 2}, "1 process and 2 tasks"),
        ({"connections": 3, "fds": 1}, "1 file descriptor and 3 of 'connections'"),
        ({"gpu_bytes": 4096, "pool": -1, "objects": 3}, "4.0 KiB of 'gpu'"),
        ({"small_bytes": -5, "fds": -1}, "memory"),
        ({"rss_bytes": 4096}, "memory"),
    ],
)
def test_the_headline_tells_what_each_run_adds(per_round, told):
    """Bytes with their blocks, then what else is counted, in words that agree; what shrinks is not told."""
    assert leak_headline(leak(**per_round)) == f"leaks {told} per run (18 runs)"


def test_the_headline_tells_where_it_was_hunted():
    """A leak that was found in a process of its own may not show in the one of the run."""
    apart = leak(fds=1)._replace(isolated=True)
    assert leak_headline(apart) == "leaks 1 file descriptor per run (18 runs in a process of its own)"


@pytest.mark.parametrize(
    ("culprit", "told"),
    [
        (SESSION, "10 app.Session held by app.STATE"),
        (SESSION._replace(count_per_round=None), "app.Session held by app.STATE"),
        (SESSION._replace(count_per_round=0.25), "0.2 app.Session held by app.STATE"),
        (SESSION._replace(holder=OUTSIDE), "10 app.Session"),
    ],
)
def test_the_headline_begins_with_the_first_culprit(culprit, told):
    """Of several culprits the first is in the headline."""
    assert leak_headline(leak(culprit, SESSION, blocks=1)) == f"leaks {told}: 1 block per run (18 runs)"


@pytest.mark.parametrize(
    ("culprit", "line"),
    [
        (SESSION, "+10  app.Session  640 B  held by app.STATE[*] (dict)  allocated at app.py:4 in put"),
        (Culprit("str", None, 3, "app.TEXT", path="app.TEXT"), "str  3 B  held by app.TEXT"),
        (Culprit("dict", 1), "+1  dict  held by nothing in Python"),
        (Culprit("dict", 1, holder_type="list"), "+1  dict  held by nothing in Python"),
    ],
)
def test_a_culprit_is_one_line(culprit, line):
    """It has number, type, bytes, path, holder's type and place, as far as they are known."""
    assert leak_lines(leak(culprit, blocks=1))[1] == line


def test_what_hangs_on_the_first_culprit_says_so():
    """A culprit below the first one's path is held with it; another one has its own path."""
    below, other = Culprit("list", 1, path="app.STATE[*].parts"), Culprit("set", 1, holder="b", path="b.C")
    lines = leak_lines(leak(SESSION, below, other))
    assert lines[2:4] == ["+1  list  held with it", "+1  set  held by b.C"]


def test_without_a_culprit_it_says_what_that_means():
    """Memory that no object explains is said to be that of C code, or of a reference too many."""
    assert "no object was found that stays and grows" in leak_lines(leak(blocks=1))[1]


LOST = Culprit("memory without an object", None, 48, site="app.py:5 in loads")
NATIVE = Culprit("C memory", None, 80)


@pytest.mark.parametrize(
    ("culprit", "lines"),
    [
        (
            LOST,
            [
                "memory without an object  48 B  held by nothing in Python  allocated at app.py:5 in loads",
                "no object was found that stays and grows",
            ],
        ),
        (NATIVE, ["C memory  80 B  held by nothing in Python", "pip install pytest-memopt[memray]"]),
        (NATIVE._replace(site="a.py:1"), ["C memory  80 B  held by nothing in Python  allocated at a.py:1"]),
        (NATIVE._replace(stack=("grow (c.c:3)", "a.py:1")), ["C memory  80 B", "  by grow (c.c:3) < a.py:1"]),
    ],
)
def test_what_no_object_holds_says_what_is_known(culprit, lines):
    """Below it stand the native calls, or who might tell them, or what it means that there is no object."""
    told = [line for line in leak_lines(leak(culprit, blocks=1))[1:-1] if "run by run" not in line]
    assert all(expected in line for expected, line in zip(lines, told, strict=True))


@pytest.mark.parametrize("per_round", [{"fds": 1}, {"connections": 1, "blocks": -1}])
def test_without_a_culprit_what_is_no_memory_is_not_called_so(per_round):
    """Where neither bytes nor blocks grow, it isn't said that memory does."""
    assert leak_lines(leak(**per_round))[1] == "no Python object was found that grows with it"


def test_what_outsiders_are_called_is_told_with_their_numbers():
    """The example stands for the type, in the headline too."""
    culprit = Culprit("process (sleep *)", 1, example="process (sleep 60, pid 4711)")
    headline, line, *_ = leak_lines(leak(culprit, processes=1))
    assert headline == "leaks 1 process (sleep 60, pid 4711): 1 process per run (18 runs)"
    assert line == "+1  process (sleep 60, pid 4711)  held by nothing in Python"


def test_the_last_rounds_are_told_of_what_grows():
    """Each signal that grows shows what its newest rounds added; one that doesn't, and resident memory, are left out."""
    finding = leak(fds=1, small_bytes=64, blocks=-1, rss_bytes=5)._replace(
        series={"fds": tuple(range(12)), "small_bytes": (0, 64), "blocks": (1,), "rss_bytes": (1,), "heap_bytes": (1,)}
    )
    assert [line for line in leak_lines(finding) if "run by run" in line] == [
        "fds, run by run: +4, +5, +6, +7, +8, +9, +10, +11",
        "small memory, run by run: 0 B, +64 B",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0.5, "0.5"), (9.94, "9.9"), (10.4, "10"), (1200, "1 200"), (3.0, "3"), (-2.5, "-2.5")],
)
def test_amounts_need_not_be_whole(value, text):
    """Small amounts have a decimal where they need one, large ones are whole."""
    assert amount_text(value) == text


def test_what_a_fixture_made_says_so():
    """Headline and line name the fixture."""
    headline, line, *_ = leak_lines(leak(SESSION._replace(site="conftest.py:4 in db", fixture="db"), blocks=1))
    assert "made for fixture 'db': " in headline
    assert line.endswith("allocated at conftest.py:4 in db, for fixture 'db'")


def test_rounds_that_are_all_alike_are_told_once():
    """A signal that grew by the same in each of the newest rounds is told with that and their number."""
    finding = leak(blocks=1, small_bytes=64)._replace(series={"blocks": (9, *(4,) * 8), "small_bytes": (64,)})
    assert leak_lines(finding)[2:4] == ["blocks: +4 in each of the last 8 runs", "small memory, run by run: +64 B"]


def test_that_time_ran_out_is_told_with_what_to_do():
    """Below the culprits, or what stands in their place."""
    for finding in (leak(SESSION._replace(site=None), blocks=1), leak(blocks=1)):
        assert not [line for line in leak_lines(finding) if "time ran out" in line]
        told = leak_lines(finding._replace(no_line=NoLine.RAN_OUT))[2]
        assert told.startswith("time ran out before its line was found: a larger memopt_leaks_budget")
        assert "failed when it was watched" in leak_lines(finding._replace(no_line=NoLine.FAILED))[2]
