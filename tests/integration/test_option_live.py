"""Memory while the tests run: a line that comes and goes in a terminal, one that stays now and then in a log."""

import json
import re
import sys
from textwrap import dedent

import pytest

ALWAYS = (
    "from pytest_memopt.plugin import live_progress\nlive_progress.PAINT_EVERY_S = live_progress.TELL_EVERY_S = 0.0\n"
)
SUITE = {
    "test_a.py": dedent("""
        import pytest
        KEPT = []
        @pytest.mark.parametrize("number", range(90))
        def test_many(number): pass
        def test_keeps(): KEPT.append(bytes(100_000))
    """),
    "test_b.py": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_later(): pass\ndef test_last(): pass\n",
}
PRINTS = {"test_c.py": "def test_prints(capfd):\n    with capfd.disabled(): print('past\\nthe capture')\n"}
LIVE = ("--memopt-live", "--memopt-no-history")
PAINTED = re.compile(r"\x1bD\x1b\[A\x1b7\x1b\[B\r\x1b\[K(.*?)\x1b8")
ERASED = "\x1b[J"
FRAMES = 4096 if sys.version_info < (3, 11) else 0
"""Bytes that CPython 3.10 may move in a test: which frame is kept with a function depends on what others left."""


def growths(project, name):
    """What each test held, by a JSON document in the project."""
    document = json.loads((project.path / name).read_text(encoding="utf-8"))
    return {test["nodeid"]: test["growth_bytes"] for test in document["tests"]}


def letters(text):
    """The lines of progress without their colours, each test's letter as any other's: with workers their order is by chance."""
    return re.sub(r"\x1b\[[\d;]*m", "", progress(text)).replace("s", ".")


def progress(text):
    """What pytest tells from its first test to its last."""
    return text[text.index(" items") :].partition("100%")[0]


@pytest.mark.parametrize("args", [(), ("-v",), ("-n", "2")], ids=["plain", "verbose", "n2"])
def test_pytests_own_output_is_not_touched(serial_project, shown_on_terminal, args):
    """With all that was painted and erased cut out, a terminal gets what it gets without; tests hold what they hold without."""
    if "-n" in args:
        pytest.importorskip("xdist")
    project = serial_project.with_files({**SUITE, "conftest.py": ALWAYS}).with_args(*args, "--color=yes")
    bare = shown_on_terminal(project, "--memopt-json=bare.json", "--memopt-no-history")
    live = shown_on_terminal(project, "--memopt-json=live.json", *LIVE)
    painted = PAINTED.findall(live)
    assert len(painted) > 20
    assert all(re.match(r"  RSS (of [12] workers? )?[\d.]+ MiB · ", line) for line in painted)
    assert "-n" not in args or any(re.search(r"gw0 \d+, gw1 \d+ MiB$", line) for line in painted)
    cleared = PAINTED.sub("", live).replace(ERASED, "")
    assert "\x1b7" not in cleared
    assert letters(cleared) == letters(bare)
    if "-n" not in args:
        assert progress(cleared) == progress(bare)
    if not args:  # bare pytest with -v, or with the threads of a worker, is some bytes off here and there itself
        held_live, held_bare = growths(project, "live.json"), growths(project, "bare.json")
        assert held_live.keys() == held_bare.keys()
        assert max(abs(held_live[test] - held_bare[test]) for test in held_bare) <= FRAMES


def test_a_log_gets_lines_of_their_own(project):
    """In a pipe, which can't erase, a line says how many tests are over and what memory has come to."""
    told = project.with_files({**SUITE, "conftest.py": ALWAYS}).run(*LIVE)
    lines = [line for line in told.text.splitlines() if line.startswith("memory after ")]
    assert re.match(r"memory after [12] tests? · RSS [of12 workers]*[\d.]+ MiB · (peak|at most) ", lines[0])
    assert len(lines) > 20
    assert lines == told.lines_with("memory after ")
    assert told.counts == {"passed": 92, "skipped": 1}
    assert "\x1b" not in told.text


def test_a_quick_run_says_nothing_in_a_log(serial_project):
    """The ini option measures every test, too; within half a minute a log gets the usual end alone."""
    files = {**SUITE, "pytest.ini": "[pytest]\nmemopt_live = true\n"}
    run = serial_project.with_files(files).run("--memopt-no-history")
    assert not run.lines_with("memory after")
    assert run.lines_with("memory: 93 tests measured", "RSS")


@pytest.mark.parametrize("args", [("-qq",), ("-s",), ("-p", "no:terminal")])
def test_nothing_is_painted_that_nobody_wants(serial_project, shown_on_terminal, args):
    """Very quiet runs, and runs in which tests write to the terminal themselves, have no line that comes and goes."""
    shown = shown_on_terminal(serial_project.with_files({**PRINTS, "conftest.py": ALWAYS}), *LIVE, *args)
    assert not PAINTED.search(shown)
    assert "INTERNALERROR" not in shown


def test_what_goes_past_the_capture_finds_the_terminal_empty(serial_project, shown_on_terminal):
    """A test that may print to the terminal itself has it for itself until it is over."""
    files = {**SUITE, **PRINTS, "test_d.py": "def test_after(): pass\n", "conftest.py": ALWAYS}
    shown = shown_on_terminal(serial_project.with_files(files), *LIVE)
    before, _, after = shown.partition("past\r\n")
    assert before.rindex(ERASED) > before.rindex("\x1b8")
    assert PAINTED.search(after)


def test_another_reporter_has_the_terminal_for_itself(serial_project, shown_on_terminal):
    """Where a plugin draws the progress in its own way, nothing is added to it."""
    plugin = dedent("""
        import pytest
        from _pytest.terminal import TerminalReporter
        class Other(TerminalReporter): pass
        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            manager = config.pluginmanager
            manager.unregister(manager.getplugin("terminalreporter"))
            manager.register(Other(config), "terminalreporter")
    """)
    project = serial_project.with_files({**SUITE, "conftest.py": ALWAYS, "other.py": plugin})
    shown = shown_on_terminal(project, *LIVE, "-p", "other")
    assert "memory: 93 tests measured" in shown
    assert "\x1b7" not in shown
    assert "memory after" not in shown
