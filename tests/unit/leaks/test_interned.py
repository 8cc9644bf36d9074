"""Texts that some versions of the interpreter keep for ever."""

from types import SimpleNamespace

import pytest

from pytest_memopt.leaks import interned
from pytest_memopt.leaks.interned import interned_count, only_texts_grew
from pytest_memopt.leaks.ruling import LeakKind, Ruling
from pytest_memopt.leaks.series import Levels
from pytest_memopt.meters.rounds import LeakSignal

BLOCKS = Levels(LeakSignal.BLOCKS, (10, 11, 12, 14, 15))


@pytest.mark.parametrize("are_kept", [True, False])
def test_only_some_versions_keep_them(monkeypatch, are_kept):
    """They are counted where the interpreter keeps them, and nowhere else."""
    monkeypatch.setattr(interned, "INTERNED_ARE_KEPT", are_kept)
    monkeypatch.setattr(interned, "sys", SimpleNamespace(getunicodeinternedsize=lambda: 7))
    assert interned_count() == (7 if are_kept else None)


@pytest.mark.parametrize(
    ("ruling", "grown_count", "is_of_texts"),
    [
        (Ruling(LeakKind.LEAK, (LeakSignal.BLOCKS, LeakSignal.SMALL_BYTES)), 4, True),
        (Ruling(LeakKind.LEAK, (LeakSignal.BLOCKS,)), 3, False),
        (Ruling(LeakKind.LEAK, (LeakSignal.BLOCKS, LeakSignal.OBJECTS)), 4, False),
        (Ruling(LeakKind.LEAK, (LeakSignal.BLOCKS, LeakSignal.FDS)), 4, False),
        (Ruling(LeakKind.LEAK, (LeakSignal.BLOCKS,), containers=(1,)), 4, False),
    ],
)
def test_they_explain_blocks_and_bytes_alone(ruling, grown_count, is_of_texts):
    """As many texts as blocks, nothing else that grows, and no container that holds them."""
    assert only_texts_grew(ruling, [BLOCKS], grown_count) is is_of_texts


def test_a_series_without_blocks_is_not_explained():
    """What was not counted can't be told to be texts."""
    assert not only_texts_grew(Ruling(LeakKind.LEAK, (LeakSignal.SMALL_BYTES,)), [], 4)
