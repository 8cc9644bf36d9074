"""Clean but noisy: numbers, texts, buffers and big temporaries."""

from __future__ import annotations

import array
import ctypes
import random
import struct

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)


@pytest.mark.parametrize("size", [1000, 100_000, 1_000_000, 30_000_000])
def test_big_temporary(size):
    """A block that is given back."""
    assert len(bytes(size)) == size


@pytest.mark.parametrize("count", [10, 1000, 100_000])
def test_small_temporaries(count):
    """Many small objects that are given back."""
    assert len([[number] for number in range(count)]) == count


def test_list_grows_and_shrinks():
    """A list that over-allocates."""
    values = []
    for number in range(100_000):
        values.append(number)
    while values:
        values.pop()


def test_dict_grows_and_shrinks():
    """A dictionary that is resized."""
    table = {number: str(number) for number in range(50_000)}
    for number in range(50_000):
        del table[number]


def test_sets():
    """Sets and their operations."""
    left, right = set(range(10_000)), set(range(5_000, 15_000))
    assert len(left & right) == 5_000
    assert len(left | right) == 15_000


def test_strings():
    """Long strings, joined, split and encoded."""
    text = " ".join(f"word{number}" for number in range(20_000))
    assert len(text.split()) == 20_000
    assert text.encode().decode() == text


def test_unicode():
    """Strings of each width."""
    for letter in "aé€😀":
        assert len(letter * 100_000) == 100_000


def test_big_integers():
    """Integers with thousands of digits."""
    assert (7**5000) % 10 in range(10)
    assert len(str(3**2000)) == 955


def test_floats():
    """A hundred thousand floats."""
    assert sum(number / 7 for number in range(100_000)) > 0


def test_complex_numbers():
    """Complex arithmetic by cmath."""
    import cmath

    assert abs(cmath.exp(1j * cmath.pi) + 1) < 1e-9


def test_decimal():
    """Decimals in a context of their own."""
    import decimal

    with decimal.localcontext() as context:
        context.prec = 200
        assert str(decimal.Decimal(2).sqrt()).startswith("1.414")


def test_fractions():
    """Fractions, summed."""
    from fractions import Fraction

    assert sum(Fraction(1, number) for number in range(1, 50)) > 4


def test_random():
    """Random numbers from a generator of one's own, and from the shared one."""
    assert len(random.Random(1).sample(range(1000), 100)) == 100
    random.seed(3)
    assert 0 <= random.random() < 1


def test_statistics():
    """Mean, median and quantiles."""
    import statistics

    assert statistics.quantiles(range(1000), n=4)


def test_array():
    """Typed arrays."""
    values = array.array("d", range(10_000))
    values.extend(values)
    assert len(values.tobytes()) == 160_000


def test_struct():
    """Packing and unpacking."""
    packed = b"".join(struct.pack("<iq", number, number) for number in range(1000))
    assert len(list(struct.iter_unpack("<iq", packed))) == 1000


def test_memoryview():
    """Views on a buffer."""
    view = memoryview(bytearray(100_000))
    parts = [view[start : start + 100] for start in range(0, 100_000, 100)]
    assert len(parts) == 1000


def test_bytearray_resized():
    """A buffer that grows and shrinks."""
    buffer = bytearray()
    for _ in range(1000):
        buffer += b"x" * 1000
    del buffer[1000:]
    assert len(buffer) == 1000


def test_mmap():
    """An anonymous map, closed."""
    import mmap

    with mmap.mmap(-1, 1_000_000) as memory:
        memory[:5] = b"hello"


def test_mmap_of_file(tmp_path):
    """A map of a file, left to the collector."""
    import mmap

    path = tmp_path / "mapped"
    path.write_bytes(bytes(100_000))
    with path.open("r+b") as handle:
        memory = mmap.mmap(handle.fileno(), 0)
    assert memory[0] == 0


def test_ctypes_buffer():
    """A buffer of ctypes."""
    buffer = ctypes.create_string_buffer(100_000)
    assert ctypes.sizeof(buffer) == 100_000


def test_ctypes_structure():
    """A structure made in the test."""

    class Point(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]

    points = (Point * 100)()
    points[3].x = 7
    assert points[3].x == 7


def test_ctypes_callback():
    """A callback from C."""
    compare_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    values = (ctypes.c_int * 5)(5, 3, 1, 4, 2)
    qsort = ctypes.CDLL(None).qsort
    qsort(values, 5, 4, compare_type(lambda left, right: left[0] - right[0]))
    assert list(values) == [1, 2, 3, 4, 5]


def test_ctypes_malloc_and_free():
    """Memory of C, given back by hand."""
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    for size in (100, 10_000, 1_000_000):
        library.free(library.malloc(size))


def test_numpy_temporaries():
    """Arrays that are given back; numpy may be imported here for the first time."""
    numpy = pytest.importorskip("numpy")
    values = numpy.arange(1_000_000, dtype=float)
    assert ((values + 1) * 2 - values).sum() > 0


def test_numpy_linear_algebra():
    """A system of equations, solved by native code."""
    numpy = pytest.importorskip("numpy")
    matrix = numpy.eye(100) * 3
    assert numpy.linalg.solve(matrix, numpy.ones(100))[0] == pytest.approx(1 / 3)


def test_numpy_structures():
    """Structured types, views and masks."""
    numpy = pytest.importorskip("numpy")
    table = numpy.zeros(1000, dtype=[("a", "i4"), ("b", "f8")])
    assert table[table["a"] == 0]["b"].shape == (1000,)


def test_numpy_random_and_text():
    """A generator of numpy, and an array as text."""
    numpy = pytest.importorskip("numpy")
    assert repr(numpy.random.default_rng(1).normal(size=50)).startswith("array")


def test_sorting():
    """Sorting with keys, heaps and bisection."""
    import bisect
    import heapq

    values = sorted(range(20_000), key=lambda number: -number)
    heapq.heapify(values)
    assert bisect.bisect(sorted(values), 10) == 11


def test_itertools():
    """Iterators combined."""
    import itertools

    assert len(list(itertools.permutations(range(6)))) == 720
    left, right = itertools.tee(range(10_000))
    assert sum(left) == sum(right)


def test_collections():
    """Counters, deques, chain maps and default dictionaries."""
    from collections import ChainMap, Counter, OrderedDict, defaultdict, deque

    groups = defaultdict(list)
    for number in range(1000):
        groups[number % 7].append(number)
    assert Counter("abracadabra").most_common(1) == [("a", 5)]
    assert len(deque(range(1000), maxlen=10)) == 10
    assert ChainMap({"a": 1}, {"b": 2})["b"] == 2
    assert list(OrderedDict.fromkeys("aab")) == ["a", "b"]


def test_datetime_parsing():
    """Dates from text and back."""
    from datetime import date, datetime, timedelta, timezone

    day = datetime.fromisoformat("2026-11-22T10:00:00+00:00")
    assert (day + timedelta(days=1)).astimezone(timezone.utc).strftime("%Y-%m-%d") == "2026-11-23"
    assert date.fromisocalendar(2026, 1, 1).isoformat() == "2025-12-29"


def test_zoneinfo():
    """Time zones are cached by the standard library."""
    import zoneinfo
    from datetime import datetime

    try:
        zones = [zoneinfo.ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Tokyo")]
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zone data on this machine")
    assert [datetime(2026, 7, 1, tzinfo=zone).utcoffset() for zone in zones]


def test_hashes():
    """Digests, keyed and plain."""
    import hashlib
    import hmac

    assert hashlib.sha256(b"x" * 1_000_000).hexdigest()
    assert hmac.new(b"key", b"text", "sha1").digest()
    assert hashlib.pbkdf2_hmac("sha256", b"p", b"s", 10)


def test_uuid_and_secrets():
    """Identifiers."""
    import secrets
    import uuid

    assert uuid.uuid4() != uuid.uuid4()
    assert uuid.uuid5(uuid.NAMESPACE_DNS, "example.invalid")
    assert len(secrets.token_hex(16)) == 32


def test_difference_of_texts():
    """A difference by difflib."""
    import difflib

    left = [f"line {number}" for number in range(200)]
    assert list(difflib.unified_diff(left, [*left[:100], "new", *left[100:]]))


def test_templates():
    """Templates and formats."""
    import string
    import textwrap

    assert string.Template("$a-$b").substitute(a=1, b=2) == "1-2"
    assert textwrap.fill("word " * 500, 40)
    assert "{:>10}|{!r}".format("x", "y")


def test_traced(monkeypatch):
    """A trace function for a moment."""
    import sys

    before = sys.gettrace()
    sys.settrace(lambda frame, event, argument: None)
    try:
        sorted(range(10))
    finally:
        sys.settrace(before)


def test_gc_switched(monkeypatch):
    """The collector is switched off and on, with other thresholds."""
    import gc

    thresholds = gc.get_threshold()
    gc.disable()
    try:
        gc.set_threshold(100, 5, 5)
        _ = [[] for _ in range(10_000)]
    finally:
        gc.set_threshold(*thresholds)
        gc.enable()


def test_tracemalloc_used_by_the_test():
    """A test that measures itself."""
    import tracemalloc

    if tracemalloc.is_tracing():
        pytest.skip("someone traces already")
    tracemalloc.start()
    try:
        held = bytes(100_000)
        assert tracemalloc.get_traced_memory()[0] >= len(held)
    finally:
        tracemalloc.stop()
