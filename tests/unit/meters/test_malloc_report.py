"""The interpreter's report on its small blocks, written and read."""

import ctypes
import gc
import sys
import tracemalloc
from array import array

import pytest

from pytest_memopt.meters import malloc_report
from pytest_memopt.meters.heap import CHeap
from pytest_memopt.meters.malloc_report import (
    Arenas,
    MallocReport,
    SizeClass,
    arenas_in,
    in_use_by_size,
    map_bytes_in,
    size_classes,
)
from pytest_memopt.meters.pymalloc import SmallBlocks

counted = pytest.mark.skipif(not SmallBlocks().is_exact or not sys.getallocatedblocks(), reason="not counted here")
TEXT = b"""Small block threshold = 512, in 32 size classes.

class   size   num pools   blocks in use  avail blocks
-----   ----   ---------   -------------  ------------
    0     16           1             125           896
    1     32          10            5000            30

# arenas allocated total           =                    7
3 arenas * 262144 bytes/arena      =              786,432
# bytes in allocated blocks        =              162,000
# bytes in available blocks        =               15,296
"""
MAP = b"""
arena map counts
# arena map mid nodes              =                    1
# arena map bot nodes              =                    3

# bytes lost to arena map root     =              262,144
# bytes lost to arena map mid      =              262,144
# bytes lost to arena map bot      =              393,216
Total                              =              917,504
"""


@pytest.fixture
def texts(monkeypatch):
    """What the interpreter writes, one text after the other, the last one again and again; never a real one."""
    texts = [TEXT]

    class Write:
        argtypes = None

        def __call__(self, stream):
            text = texts.pop(0) if len(texts) > 1 else texts[0]
            if text is not None:
                ctypes.CDLL(None).fputs(ctypes.c_char_p(text), ctypes.c_void_p(stream))
            return text is not None

    real = ctypes.pythonapi
    functions = {name: real[name] for name in ("PyMem_GetAllocator", "PyMem_SetAllocator")}
    monkeypatch.setattr(ctypes, "pythonapi", {"_PyObject_DebugMallocStats": Write(), **functions})
    return texts


def test_blocks_and_bytes_are_of_one_text(texts):
    """The number of blocks is the sum over the size classes, and the bytes are the interpreter's own sum."""
    assert MallocReport().read() == (5125, 162_000)


def test_a_text_that_did_not_change_is_not_parsed(texts, monkeypatch):
    """The same text has the same figures; another one is read anew, and so is the first when it comes again."""
    more = TEXT.replace(b"5000 ", b"5001 ").replace(b"162,000", b"162,032")
    texts.extend([TEXT, TEXT, more, TEXT])
    report, parsed = MallocReport(), []
    real = malloc_report._figures_in
    monkeypatch.setattr(malloc_report, "_figures_in", lambda text: parsed.append(text) or real(text))
    assert [report.read() for _ in range(4)] == [(5125, 162_000), (5125, 162_000), (5126, 162_032), (5125, 162_000)]
    assert len(parsed) == 2


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no table",
        TEXT.replace(b"bytes in allocated", b"things in allocated"),
        TEXT.replace(b"162,000", b"162,001"),
        TEXT.replace(b"5000 ", b"some "),
        TEXT.replace(b"  10      ", b""),
        TEXT.replace(b"125 ", b"125  "),
    ],
)
def test_a_strange_text_is_refused(texts, text):
    """Where the text is laid out otherwise, or its sums don't agree, nothing is made of it."""
    texts[:] = [text]
    with pytest.raises(ValueError, match=r"not found|in all|literal|other widths"):
        MallocReport()


def test_sizes_are_told_apart():
    """Each size class has its blocks: what leaks a block per run leaks it in one of them."""
    assert in_use_by_size(TEXT) == {16: 125, 32: 5000}


def test_the_whole_text_is_that_of_now(texts):
    """Who wants more than the two figures gets the text of this moment, also when it changed."""
    more = TEXT.replace(b"5000 ", b"5001 ").replace(b"162,000", b"162,032")
    texts.extend([TEXT, more])
    report = MallocReport()
    assert [report.text(), report.text()] == [TEXT, more]


def test_arenas_are_counted_with_what_they_take():
    """The arenas that are held now are told by one line, whatever was held before."""
    assert arenas_in(TEXT) == Arenas(3, 786_432)


def test_a_text_without_arenas_is_refused():
    """Without that line nothing is made of it."""
    with pytest.raises(ValueError, match="no line on arenas"):
        arenas_in(b"# arenas allocated total = 7")


@pytest.mark.parametrize(
    ("text", "map_bytes"),
    [
        (MAP, 262_160 + 3 * 131_088),
        (MAP.replace(b"=                    3", b"=                    0").replace(b"393,216", b"0"), 262_160),
        (MAP.replace(b"262,144", b"8,192").replace(b"393,216", b"6,144"), 8208 + 3 * 2064),
        (b"no such lines", 0),
    ],
)
def test_the_map_of_arenas_is_weighed_node_by_node(text, map_bytes):
    """Each node is a block of C heap with its header; the root is none, and who tells nothing has none."""
    assert map_bytes_in(text) == map_bytes


def test_the_map_of_arenas_is_that_of_the_last_reading(texts, monkeypatch):
    """A node more is seen with the reading that has it; a map that did not change isn't parsed."""
    parsed = []
    real = malloc_report.map_bytes_in
    monkeypatch.setattr(malloc_report, "map_bytes_in", lambda text: parsed.append(text) or real(text))
    more = TEXT.replace(b"5000 ", b"5001 ").replace(b"162,000", b"162,032")
    wider = MAP.replace(b"=                    3", b"=                    4").replace(b"393,216", b"524,288")
    texts[:] = [TEXT, TEXT + MAP, more + MAP, more + wider]
    report, seen = MallocReport(), []
    for _ in range(3):
        report.read()
        seen.append(report.map_bytes)
    assert seen == [655_424, 655_424, 786_512]
    assert len(parsed) == 2


def test_size_classes_have_pools_and_free_blocks():
    """Each size class tells its pools, its blocks in use, and the bytes that lie free among them."""
    classes = size_classes(TEXT)
    assert classes == (SizeClass(16, 1, 125, 896), SizeClass(32, 10, 5000, 30))
    assert [size.free_bytes for size in classes] == [16 * 896, 32 * 30]


def test_what_a_hook_keeps_unsaid_is_asked_again(texts):
    """The interpreter writes nothing while a tracer's hook is in place: then the hook is taken off for a moment."""
    texts.extend([None, TEXT.replace(b"5000 ", b"5001 ").replace(b"162,000", b"162,032")])
    report = MallocReport()
    assert report.read() == (5126, 162_032)


@counted
def test_a_tracer_goes_on_and_is_not_in_the_way():
    """While tracemalloc traces, blocks and bytes are counted as ever, and its traces are all there afterwards."""
    report, figures, kept = MallocReport(), array("q", [0] * 4), [None] * 1000
    tracemalloc.start()
    gc.disable()
    try:
        for _ in range(3):
            kept[:] = [None] * 1000
            figures[0], figures[1] = report.read()
            kept[:] = [bytes(67) for _ in range(1000)]
            figures[2], figures[3] = report.read()
        assert tracemalloc.get_object_traceback(kept[0]) is not None
        assert tracemalloc.get_object_traceback(bytearray(3)) is not None
    finally:
        gc.enable()
        tracemalloc.stop()
    assert (figures[2] - figures[0], figures[3] - figures[1]) == (1000, 112_000)


@counted
def test_the_interpreter_agrees():
    """The real report has every block that ``sys.getallocatedblocks`` counts, but for those beyond 512 bytes."""
    report = MallocReport()
    blocks, in_use_bytes = report.read()
    assert 0.5 * sys.getallocatedblocks() < blocks <= sys.getallocatedblocks() + 100
    assert 16 * blocks < in_use_bytes < 512 * blocks


@counted
@pytest.mark.skipif(not CHeap().available, reason="the C library can't be asked here")
def test_a_report_that_is_dropped_gives_its_streams_back():
    """The C library keeps some 8 KB for each stream until it is closed."""
    heap = CHeap()
    for rounds in (2, 10):  # the first ones fill what the C library and ctypes keep
        before_bytes = heap.read()
        for _ in range(rounds):
            MallocReport().read()
        gc.collect()
        kept_bytes = heap.read() - before_bytes
    assert kept_bytes < 8192
