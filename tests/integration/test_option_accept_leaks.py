"""``--memopt-accept-leaks``: what is found is let pass and listed, and the list is kept up to date."""

from __future__ import annotations

from textwrap import dedent

import pytest

LIST = "memopt-known-leaks.toml"
LEAKY = {
    "app.py": "SESSIONS, USERS = {}, []\nclass Session: pass\nclass User: pass\n",
    "test_leaky.py": dedent("""
        import app
        def test_session(): app.SESSIONS[object()] = app.Session()
        def test_session_again(): app.SESSIONS[object()] = app.Session()
        def test_user(): app.USERS.append(app.User())
    """),
}
SESSION = '[[leak]]\nsignature = "app.SESSIONS[*] <- app.Session"\nreason = "issue 7"\n'


def test_what_is_accepted_is_known_from_then_on(project):
    """All leaks pass and are listed, each once with its tests; the next run lets them pass without the option."""
    project = project.watched().with_files(LEAKY)
    run = project.measure("--memopt-leaks", "--memopt-accept-leaks", "--memopt-report")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert {record["verdict"] for record in run.tests.values()} == {"known-leak"}
    assert run.lines_with("2 leaks accepted into memopt-known-leaks.toml")
    text = (project.path / LIST).read_text("utf-8")
    assert text.count("[[leak]]") == 2
    assert "and 1 other test" in text
    again = project.measure("--memopt-leaks")
    assert again.counts == {"passed": 3}
    assert "accepted on" in again.test("::test_user")["why"]


def test_what_is_listed_is_not_listed_again(serial_project):
    """Only what is new is added, and what stood in the file stays."""
    project = serial_project.with_files({**LEAKY, LIST: f"# reviewed\n{SESSION}"})
    run = project.measure("--memopt-leaks", "--memopt-accept-leaks", "--memopt-report")
    assert run.test("::test_session")["why"] == "issue 7"
    assert run.lines_with("1 leak accepted")
    text = (project.path / LIST).read_text("utf-8")
    assert text.startswith(f"# reviewed\n{SESSION}")
    assert text.count("[[leak]]") == 2


@pytest.mark.parametrize("expires", ["2001-01-01"])
def test_a_leak_that_lapsed_fails_and_says_so(serial_project, expires):
    """After its last day a known leak is a leak again, and the failure says until when it was let pass, and why."""
    project = serial_project.watched().with_files({**LEAKY, LIST: f"{SESSION}expires = {expires}\n"})
    run = project.measure("--memopt-leaks", "-k", "test_session and not again")
    assert run.counts == {"failed": 1}
    assert run.lines_with("known until 2001-01-01, which is over: issue 7")


def test_a_leak_that_is_gone_is_told(serial_project):
    """When no test shows a listed leak the summary says that it may be taken out."""
    gone = '[[leak]]\nsignature = "app.OLD[*] <- app.Gone"\nreason = "issue 1"\n'
    project = serial_project.watched().with_files({**LEAKY, LIST: SESSION + gone})
    run = project.run("--memopt-leaks", "--memopt-report", "-k", "test_session")
    assert run.lines_with("'app.OLD[*] <- app.Gone' was not seen in 2 tests", "take it out of memopt-known-leaks.toml")
    assert not run.lines_with("'app.SESSIONS[*] <- app.Session' was not seen")


def test_a_list_that_cannot_be_written_is_one_line(serial_project):
    """Nothing is lost when the file can't be written: the leaks passed as asked, and a warning names the file."""
    project = serial_project.with_files(LEAKY)
    path = project.path / "nowhere" / LIST
    run = project.run("--memopt-leaks", "--memopt-accept-leaks", "--memopt-report", f"--memopt-known-leaks={path}")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert run.lines_with("the known leaks can't be written")
