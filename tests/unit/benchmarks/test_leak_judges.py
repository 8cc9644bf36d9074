"""How the answer of a tool is read from what its run left behind."""

import json

import pytest

from benchmarks.leak_judges import TOOLS, Answer, Tool, read_answer

PSLEAK = Tool("psleak", (), "", "psleak.")
MEMOPT = Tool("memopt", (), "", "memory: leaks ", whole=True)


def left(folder, *reports, verdict=None):
    """Write what a run leaves behind into ``folder``."""
    (folder / "output.txt").write_text("the end of the output", "utf-8")
    if reports:
        (folder / "reports.jsonl").write_text("\n".join(json.dumps(each) for each in reports), "utf-8")
    if verdict:
        (folder / "memopt.json").write_text(json.dumps({"tests": [{"verdict": verdict}]}), "utf-8")
    return folder


def reported(outcome, message="", whole=""):
    """A line of the recorder."""
    return {"outcome": outcome, "message": message, "whole": whole}


def test_a_failure_with_the_finding_of_the_tool_is_a_leak(tmp_path):
    """The text is the exception's own, not the source that pytest shows around it."""
    folder = left(tmp_path, reported("failed", "psleak.MemoryLeakError: kept increasing", "def execute(): ..."))
    assert read_answer(PSLEAK, folder, 1) == (Answer.LEAK, "psleak.MemoryLeakError: kept increasing")


def test_a_tool_that_writes_the_whole_failure_is_read_as_a_whole(tmp_path):
    """The lines after the first tell the holder."""
    folder = left(tmp_path, reported("failed", "leaks 8 B", "memory: leaks 8 B\n  held by app.CACHE"))
    assert read_answer(MEMOPT, folder, 1) == (Answer.LEAK, "memory: leaks 8 B\n  held by app.CACHE")


def test_a_failure_of_another_kind_is_no_answer(tmp_path):
    """A test that fails for another reason has found nothing."""
    folder = left(tmp_path, reported("failed", "TypeError: no"))
    assert read_answer(PSLEAK, folder, 1) == (Answer.NONE, "TypeError: no")


def test_a_skipped_test_is_no_answer(tmp_path):
    """A tool that steps aside hasn't called the case clean."""
    folder = left(tmp_path, reported("skipped", "PYTHONMALLOC=malloc was not set"))
    assert read_answer(PSLEAK, folder, 0)[0] is Answer.NONE


@pytest.mark.parametrize(("exit_code", "why"), [(None, "not done in time"), (-11, "ended by signal 11")])
def test_a_run_that_was_ended_is_no_answer_whatever_it_reported(tmp_path, exit_code, why):
    """A crash after the verdict is a crash."""
    folder = left(tmp_path, reported("passed"))
    assert read_answer(PSLEAK, folder, exit_code) == (Answer.NONE, why)


def test_a_run_without_a_report_is_no_answer(tmp_path):
    """Its output says why."""
    assert read_answer(PSLEAK, left(tmp_path), 4) == (Answer.NONE, "the end of the output")


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [("ok", Answer.CLEAN), ("filling-cache", Answer.CLEAN), ("inconclusive", Answer.UNDECIDED)],
)
def test_a_passed_test_is_clean_unless_the_verdict_says_that_nobody_knows(tmp_path, verdict, answer):
    """What the tool leaves open is counted apart, not to its credit."""
    assert read_answer(MEMOPT, left(tmp_path, reported("passed"), verdict=verdict), 0)[0] is answer


def test_every_row_has_a_title_of_its_own():
    """Trials are told apart by it."""
    assert len({tool.title for tool in TOOLS}) == len(TOOLS)
