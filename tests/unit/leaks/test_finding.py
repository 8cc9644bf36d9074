"""What a hunt found, and the signature by which it is known again."""

import pytest

from pytest_memopt.leaks.finding import Culprit, LeakFinding, signature_of
from pytest_memopt.leaks.ruling import LeakKind


@pytest.mark.parametrize("kind", list(LeakKind))
def test_only_a_leak_is_a_leak(kind):
    """A cache that fills, pages in pieces and what isn't decided are no leaks."""
    assert LeakFinding(kind, 4).is_leak is (kind is LeakKind.LEAK)


def test_a_signature_names_where_the_first_culprit_is_held():
    """It is made of the path, or the holder's name where no path is known, and the type; without numbers."""
    second = Culprit("bytes", 3)
    assert signature_of((Culprit("str", 2, path="app._BY_ID[*]"), second), ("blocks",)) == "app._BY_ID[*] <- str"
    assert signature_of((Culprit("str", 2, holder="app.x"),), ("blocks",)) == "app.x <- str"


def test_a_signature_without_culprits_names_the_signals():
    """Where nobody holds it, the signals that grow are its signature."""
    assert signature_of((), ("threads", "fds")) == "outside Python: fds, threads"


@pytest.mark.parametrize(
    "signals", [("blocks",), ("heap_bytes", "small_bytes"), ("objects", "mapped_bytes", "rss_bytes")]
)
def test_memory_is_one_thing_in_a_signature(signals):
    """Which signals of memory grow steadily differs from run to run, and with what else grows: they aren't told."""
    lost = Culprit("memory without an object", None, 48, site="app.py:5 in loads")
    assert signature_of((), signals) == "outside Python: memory"
    assert signature_of((lost,), signals) == "outside Python: memory in app.py loads"
    assert signature_of((), signals, "test_app.py::test_loads") == "outside Python: memory in test_app.py::test_loads"
    assert signature_of((lost,), signals, "test_app.py::test_loads") == "outside Python: memory in app.py loads"
    assert signature_of((), (*signals, "callbacks"), "test_app.py::test_loads") == "outside Python: callbacks"
