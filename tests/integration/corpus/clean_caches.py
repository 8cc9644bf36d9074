"""Clean but noisy: caches that fill once and are then full, or that the test empties itself."""
# ruff: noqa: UP007, UP045 - typing's own caches are what is tested

from __future__ import annotations

import functools
import re

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)


@functools.cache
def _unbounded(number):
    return [number] * 50


@functools.lru_cache(maxsize=32)
def _bounded(number):
    return [number] * 50


class _Settings:
    @functools.cached_property
    def table(self):
        return {number: str(number) for number in range(1000)}


SETTINGS = _Settings()
REGISTRY = {}


def test_lru_cache_fills():
    """A cache without bound, always asked for the same."""
    assert len([_unbounded(number) for number in range(500)]) == 500


def test_lru_cache_is_full():
    """The same questions again."""
    assert _unbounded(3) == [3] * 50


def test_bounded_lru_cache():
    """A bounded cache, asked for more than it holds."""
    assert len([_bounded(number) for number in range(200)]) == 200


def test_lru_cache_made_in_test():
    """A cache that dies with the test."""

    @functools.lru_cache
    def square(number):
        return [number * number]

    assert square(3) == square(3)


def test_lru_cache_cleared():
    """A cache that the test empties."""
    _bounded(1)
    _bounded.cache_clear()


def test_cached_property():
    """A property kept on a global."""
    assert SETTINGS.table[7] == "7"


def test_registry_filled_once():
    """A registry of a module, filled by the first who asks."""
    REGISTRY.setdefault("parsers", [bytes(100) for _ in range(100)])


def test_registry_replaced():
    """The same key gets a new value of the same size each time."""
    REGISTRY["last"] = [bytes(100) for _ in range(100)]


def test_registry_added_and_removed():
    """What is registered is taken out again."""
    for number in range(1000):
        REGISTRY[f"temporary {number}"] = number
    for number in range(1000):
        del REGISTRY[f"temporary {number}"]


def test_compile_pattern():
    """A pattern kept by re's cache."""
    assert re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)").match("2026-11")


def test_compile_many_patterns():
    """More patterns than re's cache holds in its small stage."""
    for number in range(60):
        assert re.match(rf"a{{{number}}}b", "a" * number + "b")


def test_regex_on_long_text():
    """A match over a long text."""
    assert len(re.findall(r"\w+", "word " * 10_000)) == 10_000


def test_regex_substitution():
    """A template of a substitution is cached."""
    assert re.sub(r"(\d)", r"<\1>", "1 2 3") == "<1> <2> <3>"


def test_regex_purged():
    """A test that empties re's cache."""
    re.compile("purged")
    re.purge()


def test_single_dispatch():
    """Dispatch by type, cached by weak reference."""

    @functools.singledispatch
    def name(value):
        return "thing"

    @name.register
    def _(value: int):
        return "int"

    assert (name(1), name("x")) == ("int", "thing")


@functools.singledispatch
def _describe(value):
    return "thing"


def test_single_dispatch_of_local_types():
    """A global dispatcher meets types that die with the test."""

    class Local:
        pass

    assert _describe(Local()) == "thing"


def test_total_ordering():
    """A class completed by a decorator."""

    @functools.total_ordering
    class Version:
        def __init__(self, number):
            self.number = number

        def __eq__(self, other):
            return self.number == other.number

        def __lt__(self, other):
            return self.number < other.number

        __hash__ = None

    assert Version(2) >= Version(1)


def test_interned_strings():
    """Interned strings die with their last user."""
    import sys

    names = [sys.intern(f"interned name {number}") for number in range(1000)]
    assert len(names) == 1000


def test_weak_dictionaries():
    """Weak dictionaries lose what dies."""
    import weakref

    class Node:
        pass

    nodes = [Node() for _ in range(100)]
    by_value = weakref.WeakValueDictionary(enumerate(nodes))
    by_key = weakref.WeakKeyDictionary((node, 1) for node in nodes)
    assert len(by_value) == len(by_key) == 100


def test_struct_cache():
    """Formats kept by struct's cache."""
    import struct

    for count in range(1, 40):
        assert struct.calcsize(f">{count}i") == 4 * count


def test_strptime_cache():
    """Formats kept by the cache of strptime."""
    from datetime import datetime

    for text, form in [("2026", "%Y"), ("11", "%m"), ("Mon 3", "%a %d"), ("10:11:12", "%H:%M:%S")]:
        assert datetime.strptime(text, form)  # noqa: DTZ007


def test_fnmatch_cache():
    """Patterns kept by fnmatch."""
    import fnmatch

    assert fnmatch.filter(["a.py", "b.txt"], "*.py") == ["a.py"]


def test_url_cache():
    """Addresses kept by urllib's cache."""
    from urllib.parse import parse_qs, quote, urlsplit

    assert urlsplit("https://example.invalid/a?b=1#c").fragment == "c"
    assert parse_qs("a=1&a=2") == {"a": ["1", "2"]}
    assert quote("ä b") == "%C3%A4%20b"


def test_linecache():
    """Source lines kept by linecache."""
    import linecache

    assert linecache.getline(functools.__file__, 1)


def test_mimetypes():
    """Tables of types, read once."""
    import mimetypes

    assert mimetypes.guess_type("a.html")[0] == "text/html"


def test_encodings():
    """Codecs are looked up once each."""
    for name in ("cp1252", "koi8-r", "utf-7", "utf-16", "shift_jis", "punycode", "idna"):
        assert "abc".encode(name).decode(name) == "abc"


def test_type_hints_cached():
    """Generic types of builtins fill typing's caches once."""
    import typing

    assert typing.get_args(typing.Optional[dict[str, list[int]]])
    assert typing.Union[int, str, bytes]


def test_default_argument_grows_and_is_trimmed():
    """A mutable default is used as scratch space and emptied."""

    def scratch(number, memo=[]):  # noqa: B006
        memo.extend(range(number))
        total = sum(memo)
        memo.clear()
        return total

    assert scratch(1000) == scratch(1000)


BUFFER = bytearray()


def test_buffer_grows_once():
    """A global buffer that keeps the size it once needed."""
    BUFFER[:] = bytes(100_000)


def test_locale_info():
    """Names of days and months, by locale."""
    import calendar
    import locale

    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "C")
        assert calendar.month_name[1] == "January"
        assert calendar.TextCalendar().formatmonth(2026, 11)
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_gettext():
    """A translation that isn't there."""
    import gettext

    assert gettext.translation("nothing", fallback=True).gettext("word") == "word"
