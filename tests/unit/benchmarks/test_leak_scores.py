"""What answers amount to: found, false alarms, undecided, and what a finding names."""

from pathlib import Path

from benchmarks.case_collections import Case
from benchmarks.leak_judges import Answer, Said
from benchmarks.leak_scores import score, table, without_folders, wrong_answers


def case(name="x", *, leaks=True, holders=("CACHE",), culprit_type="Order"):
    """A case of which only the truth matters."""
    return Case(
        name,
        leaks=leaks,
        released=False,
        workload=Path("some.py"),
        python="3.11",
        requires=(),
        holders=holders,
        culprit_type=culprit_type,
    )


def said(answer=Answer.LEAK, text="", wall_s=1.0):
    """An answer after ``wall_s`` seconds."""
    return Said(answer, text, wall_s)


def test_a_finding_names_holder_type_and_line_where_they_stand_in_it():
    """Each is looked for on its own."""
    trial = score(case(), "t", said(text="1 app.Order in app.CACHE[*], /home/me/subject.py:7"))
    assert (trial.holder, trial.type_, trial.line) == (True, True, True)
    trial = score(case(), "t", said(text="3 Orders grow"))
    assert (trial.holder, trial.type_, trial.line) == (False, False, False)


def test_a_name_counts_only_in_a_finding():
    """A tool that called a leak clean has named nothing, whatever it printed."""
    trial = score(case(), "t", said(Answer.CLEAN, "app.CACHE holds Order"))
    assert (trial.holder, trial.type_) == (False, False)


def test_what_has_no_name_is_asked_for_none():
    """Neither memory of C nor clean code counts among those to be named."""
    unheld = score(case(holders=(), culprit_type=""), "t", said(text="8 bytes"))
    clean = score(case(leaks=False), "t", said(Answer.CLEAN))
    assert (unheld.holder, unheld.type_) == (clean.holder, clean.type_) == (None, None)
    assert clean.line is None


def test_a_folder_names_no_culprit():
    """Of a path only its last part stays."""
    text = "call:/usr/local/handlers/subject.py:3 and ('/dev/null')"
    assert without_folders(text) == "call:subject.py:3 and ('null')"


def test_a_row_counts_leaks_and_clean_code_apart():
    """Found of the leaks, false alarms of the clean, the undecided and the silent of all."""
    trials = [
        score(case("a"), "t", said(text="CACHE", wall_s=1)),
        score(case("b"), "t", said(Answer.CLEAN, wall_s=2)),
        score(case("c", leaks=False), "t", said(wall_s=3)),
        score(case("d", leaks=False), "t", said(Answer.UNDECIDED, wall_s=4)),
        score(case("e", leaks=False), "t", said(Answer.NONE, "ended by signal 11\nmore", wall_s=50)),
    ]
    assert table(trials).splitlines()[-1] == "| t | 1 of 2 | 1 of 3 | 1 | 1 | 1 of 2 | 0 of 2 | 0 of 2 | 3.0 (50) |"
    assert wrong_answers(trials) == ("- t: missed b; false alarms c; undecided d; no answer e (ended by signal 11).")


def test_a_tool_that_was_never_wrong_is_told_so():
    """Its line isn't left out."""
    assert wrong_answers([score(case(), "t", said())]) == "- t: all right."
