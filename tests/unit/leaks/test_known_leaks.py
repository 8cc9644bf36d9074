"""The reviewed file of leaks that are let pass."""

import json
import sys
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.errors import MemoptError, UsageError
from pytest_memopt.leaks.known import KnownLeak, KnownLeaks, accept_leaks, read_known_leaks

TODAY = date(2026, 5, 17)
DAY = timedelta(days=1)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)
LEAKS = st.builds(KnownLeak, TEXTS, TEXTS, st.none() | st.dates(min_value=date(1000, 1, 1)))
one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def toml(leak):
    """An entry of the file."""
    expires = "" if leak.expires is None else f"expires = {leak.expires.isoformat()}\n"
    texts = [f"{key} = {json.dumps(getattr(leak, key), ensure_ascii=False)}\n" for key in ("signature", "reason")]
    return "[[leak]]\n" + "".join(texts).replace("\x7f", "\\u007f") + expires


def read(folder, text):
    """What a file with this text says."""
    path = folder / "known.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_known_leaks(path)


@one_file
@given(leaks=st.lists(LEAKS, max_size=4, unique_by=lambda leak: leak.signature.strip()))
def test_what_is_listed_is_known(tmp_path, leaks):
    """Every entry is found by its signature, without blanks around its texts."""
    known = read(tmp_path, "\n".join(map(toml, leaks))).by_signature
    assert list(known.values()) == [
        leak._replace(signature=leak.signature.strip(), reason=leak.reason.strip()) for leak in leaks
    ]


@one_file
@given(text=st.binary() | st.text().map(str.encode) | st.text("[]leak=sig'\"{}\n.1-", max_size=60).map(str.encode))
def test_a_file_is_read_or_refused(tmp_path, text):
    """Whatever is in the file, it is a list of leaks, or it is refused with its name."""
    try:
        known = read(tmp_path, text)
    except UsageError as error:
        assert str(error).startswith(str(tmp_path / "known.toml"))  # noqa: PT017 - either is right
    else:
        assert all(leak.signature == name for name, leak in known.by_signature.items())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leak = 3\n", "'leak' is not a list"),
        ("leak = [3]\n", "leak 1 is not a table"),
        ("[[leek]]\n", "unknown keyword 'leek'; did you mean 'leak'?"),
        ("[[leak]]\nsignature = 's'\nreason = 'r'\n[[leak]]\nsignature = 's'\n", "leak 2: reason = None is not a text"),
        ("[[leak]]\nsignature = ' '\nreason = 'r'\n", "leak 1: signature = ' ' is not a text"),
        ("[[leak]]\nsignature = 's'\nreason = 3\n", "leak 1: reason = 3 is not a text"),
        ("[[leak]]\nsignature = 's'\nreason = 'r'\nexpires = 2027\n", "expires = 2027 is not a day"),
        ("[[leak]]\nsignature = 's'\nreason = 'r'\nexpires = 2027-01-31T10:00:00\n", "is not a day"),
        ("[[leak]]\nsignature = 's'\nwhy = 'r'\n", "unknown keyword 'why'"),
        ("not toml", "the known leaks can't be read"),
        (b"\xff", "the known leaks can't be read"),
        ("a = " + "[" * 100_000, "the known leaks can't be read"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, text, told):
    """The message names the file, the entry, and what is wrong with it."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "known.toml") in str(caught.value)
    assert told in str(caught.value)


def test_without_a_file_nothing_is_known(tmp_path):
    """The file need not exist."""
    assert read_known_leaks(tmp_path / "none.toml") == KnownLeaks({})


def test_a_folder_is_refused(tmp_path):
    """What is no file is told like a file that makes no sense."""
    with pytest.raises(UsageError, match="the known leaks can't be read"):
        read_known_leaks(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a name of that length is an error of another kind there")
def test_a_path_that_nothing_can_have_is_refused(tmp_path):
    """A path that the system refuses to look at is told with its name."""
    with pytest.raises(UsageError, match="the known leaks can't be read"):
        read_known_leaks(tmp_path / ("a" * 5000))


@pytest.mark.parametrize(
    ("expires", "reason"), [(None, "issue 7"), (TODAY, "issue 7"), (TODAY + DAY, "issue 7"), (TODAY - DAY, None)]
)
def test_a_leak_is_let_pass_until_it_expires(expires, reason):
    """Its last day is the one it names; without one it never ends."""
    known = KnownLeaks({"app.A <- str": KnownLeak("app.A <- str", "issue 7", expires)})
    assert known.excuse("app.A <- str", TODAY) == reason


@pytest.mark.parametrize("signature", [None, "", "app.B <- str"])
def test_others_are_not_let_pass(signature):
    """A leak that isn't listed, or has no signature, has no excuse."""
    known = KnownLeaks({"app.A <- str": KnownLeak("app.A <- str", "issue 7")})
    assert known.excuse(signature, TODAY) is None


@one_file
@given(
    before=st.lists(LEAKS, max_size=3),
    accepted=st.lists(LEAKS.map(lambda leak: leak._replace(expires=None)), min_size=1, max_size=3),
    end=st.sampled_from(["", "\n", "\n\n\n", "# the end"]),
)
def test_what_is_accepted_is_known(tmp_path, before, accepted, end):
    """Accepted leaks are read back as they were, the latest entry of a signature counts, and what stood there stands."""
    path = tmp_path / "known.toml"
    written = "\n".join(map(toml, before)) + end
    path.write_text(written, "utf-8")
    accept_leaks(path, accepted)
    expected = {leak.signature.strip(): leak.reason.strip() for leak in [*before, *accepted]}
    assert {name: leak.reason for name, leak in read_known_leaks(path).by_signature.items()} == expected
    assert path.read_text("utf-8").startswith(written.rstrip("\n"))
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_made_when_the_first_leak_is_accepted(tmp_path):
    """Where there was no list there is one, that begins with its first entry."""
    path = tmp_path / "known.toml"
    accept_leaks(path, [KnownLeak("a", "b")])
    assert path.read_text("utf-8") == '[[leak]]\nsignature = "a"\nreason = "b"\n'


def test_a_list_that_cannot_be_written_is_told(tmp_path):
    """The message names the file."""
    path = tmp_path / "nowhere" / "known.toml"
    with pytest.raises(MemoptError, match=r"known\.toml: the known leaks can't be written"):
        accept_leaks(path, [KnownLeak("a", "b")])


def test_a_leak_whose_day_is_over_has_lapsed():
    """What is let pass, or was never listed, has not."""
    old, new = KnownLeak("old", "r", TODAY - DAY), KnownLeak("new", "r", TODAY)
    known = KnownLeaks({leak.signature: leak for leak in (old, new)})
    assert [known.lapsed(name, TODAY) for name in ("old", "new", "other", None)] == [old, None, None, None]


def test_what_a_run_did_not_see_is_told():
    """Listed leaks that no test showed are those that may be mended."""
    old, new = KnownLeak("old", "r"), KnownLeak("new", "r")
    known = KnownLeaks({leak.signature: leak for leak in (old, new)})
    assert known.unseen({"new", None}) == [old]
    assert known.unseen(set()) == [old, new]
