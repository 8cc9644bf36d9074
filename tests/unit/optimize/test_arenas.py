"""What keeps arenas open, by the interpreter's report."""

import pytest

from pytest_memopt.optimize import arenas
from pytest_memopt.optimize.arenas import ArenaReader, arena_use_in

TEXT = b"""Small block threshold = 512, in 32 size classes.

class   size   num pools   blocks in use  avail blocks
-----   ----   ---------   -------------  ------------
    0     16           1             125           896
    1     32          10            5000            30
    3     64         400           12000        90000

# arenas allocated current         =                    6
6 arenas * 1048576 bytes/arena     =            6,291,456

# bytes in allocated blocks        =              930,000
156 unused pools * 16384 bytes     =            2,555,904
"""


def test_the_size_with_the_most_free_bytes_comes_first():
    """Sizes are ordered by the bytes that lie free among their blocks."""
    use = arena_use_in(TEXT)
    assert [size.size_bytes for size in use.classes] == [64, 16, 32]
    assert (use.arenas_count, use.held_bytes, use.empty_pools_bytes) == (6, 6_291_456, 2_555_904)
    assert use.free_bytes == 2_555_904 + 64 * 90_000 + 16 * 896 + 32 * 30


def test_the_sentence_names_the_sizes():
    """Which block sizes keep the arenas open is told with blocks and pools."""
    assert arena_use_in(TEXT).sentence() == (
        "6 arenas of small blocks (6.0 MiB, 7.9 MiB of it free) stay open, as each has a block in use; most is kept by "
        "blocks of 64 bytes (12 000 in use, 90 000 free in 400 pools), 16 bytes (125 in use, 896 free in 1 pools), "
        "32 bytes (5 000 in use, 30 free in 10 pools)"
    )


def test_sizes_are_not_told_where_little_is_free():
    """Where less than a mebibyte is free, there is nobody to blame."""
    little = TEXT.replace(b"       90000", b"           0").replace(b"156 unused", b"1 unused")
    assert arena_use_in(little).sentence().endswith("stay open, as each has a block in use")


@pytest.mark.parametrize("gone", [b"arenas * ", b"unused pools", b"-\n"])
def test_a_strange_text_is_refused(gone):
    """A text that is laid out otherwise is refused."""
    with pytest.raises(ValueError, match=r"no line on|not found"):
        arena_use_in(TEXT.replace(gone, b"things "))


def test_without_a_report_there_is_no_use(monkeypatch):
    """Where the interpreter doesn't tell, or tells something strange, nothing is claimed."""

    class Strange:
        def text(self):
            return b"arenas"

    def refuse():
        raise OSError

    monkeypatch.setattr(arenas, "MallocReport", Strange)
    assert ArenaReader().read() is None
    monkeypatch.setattr(arenas, "MallocReport", refuse)
    assert ArenaReader().read() is None
