"""What is wanted of a hunt, as it is written on a test."""

import pytest

from pytest_memopt.errors import LimitError
from pytest_memopt.leaks.finding import Culprit, LeakFinding
from pytest_memopt.leaks.ruling import LeakKind
from pytest_memopt.leaks.wish import LeakWish, wish_from_mark

WHERE = "tests/test_a.py::test_it: no_leaks"


def leak(*culprits, signature=None):
    """A finding with these culprits."""
    return LeakFinding(LeakKind.LEAK, 22, culprits=culprits, signature=signature)


def test_nothing_stated_wishes_nothing():
    """A bare ``no_leaks`` leaves the rounds to the verdict and ignores nothing."""
    assert wish_from_mark((), {}, WHERE) == LeakWish(None, ())


def test_keywords_are_the_wish():
    """Rounds, names and isolation are taken as they are written."""
    assert wish_from_mark((), {"isolate": False}, WHERE) == LeakWish(isolate=False)
    assert wish_from_mark((), {"rounds": 21, "ignore": ["app._CACHE"]}, WHERE) == LeakWish(21, ("app._CACHE",))


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((5,), {}, "takes keywords only"),
        ((), {"round": 5}, "did you mean 'rounds'?"),
        ((), {"rounds": 0}, "rounds=0 is not a count"),
        ((), {"rounds": True}, "rounds=True is not a count"),
        ((), {"rounds": 2.5}, "rounds=2.5 is not a count"),
        ((), {"ignore": "app"}, "ignore='app' is not a list of names"),
        ((), {"ignore": 3}, "ignore=3 is not a list of names"),
        ((), {"ignore": [3]}, "ignore=[3] is not a list of names"),
        ((), {"isolate": 1}, "isolate=1 is neither True nor False"),
        ((), {"isolate": "yes"}, "isolate='yes' is neither True nor False"),
        ((), {"isolated": True}, "did you mean 'isolate'?"),
    ],
)
def test_what_makes_no_sense_is_refused(args, kwargs, said):
    """A mistake is named along with where it was written."""
    with pytest.raises(LimitError) as caught:
        wish_from_mark(args, kwargs, WHERE)
    assert str(caught.value).startswith(WHERE)
    assert said in str(caught.value)


def test_a_leak_passes_when_all_its_culprits_are_ignored():
    """Each culprit must have one of the names, in its type, its holder or its path; one that has none is enough to fail."""
    wish = LeakWish(ignore=("_CACHE", "Session"))
    by_holder, by_type = Culprit("str", 1, holder="app._CACHE"), Culprit("app.Session", 1)
    by_path, other = Culprit("str", 1, path="app.x._CACHE[*]"), Culprit("bytes", 1)
    assert wish.lets_pass(leak(by_holder, by_type, by_path))
    assert not wish.lets_pass(leak(by_holder, other))


def test_a_leak_without_culprits_passes_by_its_signature():
    """Where nobody is named, the signature is looked at; nothing is ignored where nothing is stated."""
    assert LeakWish(ignore=("fds",)).lets_pass(leak(signature="outside Python: fds"))
    assert not LeakWish(ignore=("fds",)).lets_pass(leak())
    assert not LeakWish().lets_pass(leak(signature="outside Python: fds"))
