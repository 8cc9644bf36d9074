"""Clean but noisy: every kind of item and fixture.

>>> sorted({number % 3 for number in range(100)})
[0, 1, 2]
"""
# ruff: noqa: PT009, PT021, PT027 - unittest and finalizers are what is tested

from __future__ import annotations

import unittest

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)


def twice(values):
    """Each value two times.

    >>> twice([1, 2])
    [1, 1, 2, 2]
    >>> len(twice(list(range(10000))))
    20000
    """
    return [value for value in values for _ in range(2)]


def refuse(value):
    """Nothing is good enough.

    >>> refuse(1)
    Traceback (most recent call last):
        ...
    ValueError: 1
    """
    raise ValueError(value)


@pytest.fixture(scope="session")
def session_cache():
    """A cache for the session."""
    return {number: [number] * 20 for number in range(2000)}


@pytest.fixture(scope="module")
def module_cache(session_cache):
    """A cache for this file, with a teardown."""
    cache = [bytes(500) for _ in range(1000)]
    yield cache
    cache.clear()


@pytest.fixture(scope="class")
def class_cache():
    """A cache for a class."""
    return bytearray(300_000)


@pytest.fixture
def function_data():
    """Data for one test, given back."""
    data = [list(range(100)) for _ in range(100)]
    yield data
    data.clear()


@pytest.fixture
def finalized(request):
    """Data with a finalizer."""
    data = [bytes(10_000)]
    request.addfinalizer(data.clear)
    return data


@pytest.fixture(params=["one", "two"])
def chosen(request):
    """A parametrised fixture."""
    return [request.param] * 1000


@pytest.fixture(scope="module", params=[10, 20])
def chosen_once(request):
    """A parametrised fixture of the module: its tests are regrouped."""
    return [request.param] * 1000


@pytest.fixture(autouse=True)
def around():
    """An autouse fixture around all of these."""
    scratch = [0] * 100
    yield
    scratch.clear()


def test_first_use_of_session_fixture(session_cache):
    """The session's cache is built for the first test that asks."""
    assert len(session_cache) == 2000


def test_second_use_of_session_fixture(session_cache):
    """The session's cache is there."""
    assert session_cache[3] == [3] * 20


def test_first_use_of_module_fixture(module_cache):
    """The module's cache is built for the first test that asks."""
    assert len(module_cache) == 1000


def test_second_use_of_module_fixture(module_cache):
    """The module's cache is there."""
    assert module_cache[0] == bytes(500)


def test_function_fixture(function_data):
    """A fixture of the test itself."""
    assert len(function_data) == 100


def test_finalizer(finalized):
    """A fixture with a finalizer."""
    assert finalized


def test_late_fixture(request):
    """A fixture asked for by name."""
    assert len(request.getfixturevalue("function_data")) == 100


def test_late_module_fixture(request):
    """A wider fixture asked for by name."""
    assert request.getfixturevalue("module_cache")


def test_chosen(chosen):
    """A parametrised fixture."""
    assert len(chosen) == 1000


def test_chosen_once(chosen_once):
    """A parametrised fixture of the module."""
    assert len(chosen_once) == 1000


def test_chosen_twice(chosen_once, chosen):
    """Both kinds of parametrised fixture."""
    assert chosen_once
    assert chosen


@pytest.mark.parametrize("number", range(10))
def test_parametrised(number):
    """Ten parameters."""
    assert [number] * 100


@pytest.mark.parametrize("data", [bytes(1000), "text" * 500, list(range(300))], ids=["bytes", "str", "list"])
def test_parametrised_with_data(data):
    """Parameters that belong to the collection."""
    assert data


@pytest.mark.usefixtures("function_data", "tmp_path")
def test_used_fixtures():
    """Fixtures that are only used."""
    assert twice([1])


class TestClass:
    """A class with state of its own."""

    shared = None

    @classmethod
    def setup_class(cls):
        """The class builds what it shares."""
        cls.shared = list(range(1000))

    @classmethod
    def teardown_class(cls):
        """And drops it."""
        cls.shared = None

    def setup_method(self):
        """Each test has its own."""
        self.own = [0] * 1000

    def test_own(self):
        """An instance dies with its test."""
        assert self.own

    def test_shared(self):
        """The class lives on."""
        assert len(self.shared) == 1000

    def test_class_fixture(self, class_cache):
        """A fixture of the class."""
        assert len(class_cache) == 300_000

    def test_class_fixture_again(self, class_cache):
        """The same once more."""
        assert class_cache

    @pytest.mark.parametrize("number", [1, 2])
    def test_method_parametrised(self, number, class_cache):
        """Parameters on a method."""
        self.own = [number] * 10_000


class TestNested:
    """A class in a class."""

    class TestInner:
        """The inner one."""

        def test_inner(self):
            """A test two levels down."""
            assert twice([1, 2, 3])


class UnitTests(unittest.TestCase):
    """Tests in the style of the standard library."""

    @classmethod
    def setUpClass(cls):
        """The class builds what it shares."""
        cls.table = {number: str(number) for number in range(1000)}

    @classmethod
    def tearDownClass(cls):
        """And drops it."""
        del cls.table

    def setUp(self):
        """Each test has its own."""
        self.values = [bytes(100) for _ in range(100)]
        self.addCleanup(self.values.clear)

    def test_values(self):
        """An instance dies with its test."""
        self.assertEqual(len(self.values), 100)

    def test_table(self):
        """What the class shares."""
        self.assertEqual(self.table[5], "5")

    def test_raises(self):
        """An expected exception."""
        with self.assertRaises(ValueError) as caught:
            int("x")
        self.assertIn("invalid", str(caught.exception))

    def test_sub_tests(self):
        """Sub-tests of unittest."""
        for number in range(5):
            with self.subTest(number=number):
                self.assertLess(number, 5)

    def test_logs(self):
        """Expected log records."""
        import logging

        with self.assertLogs("clean.unit", "INFO") as caught:
            logging.getLogger("clean.unit").info("seen")
        self.assertEqual(len(caught.records), 1)

    def test_warns(self):
        """An expected warning."""
        import warnings

        with self.assertWarns(UserWarning):
            warnings.warn("seen", UserWarning, stacklevel=1)

    @unittest.skip("skipped by unittest")
    def test_skipped(self):
        """A skip of unittest."""

    @unittest.expectedFailure
    def test_fails_as_expected(self):
        """A failure that unittest expects."""
        self.assertEqual(bytes(1000), bytes(2000))


class AsyncUnitTests(unittest.IsolatedAsyncioTestCase):
    """Asynchronous tests in the style of the standard library."""

    async def asyncSetUp(self):
        """An asynchronous set-up."""
        self.values = list(range(1000))

    async def test_sleeps(self):
        """An asynchronous test."""
        import asyncio

        await asyncio.sleep(0)
        self.assertEqual(len(self.values), 1000)

    async def test_tasks(self):
        """An asynchronous test with tasks."""
        import asyncio

        await asyncio.gather(*(asyncio.sleep(0) for _ in range(20)))


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="subtests came with pytest 9")
def test_subtests(request):
    """Sub-tests of pytest."""
    subtests = request.getfixturevalue("subtests")
    for number in range(5):
        with subtests.test(number=number):
            assert [number] * 100


def test_pytestconfig(pytestconfig, cache, request):
    """The configuration, the cache and the request."""
    assert request.config is pytestconfig
    cache.set("clean/value", list(range(100)))
    assert len(cache.get("clean/value", None)) == 100


def test_doctest_namespace(doctest_namespace):
    """The namespace of doctests, filled and emptied."""
    doctest_namespace["clean"] = 1
    del doctest_namespace["clean"]


def test_approx():
    """Approximate comparison."""
    assert pytest.approx({"a": 0.3}) == {"a": 0.1 + 0.2}


def test_doctest_run_inside():
    """A doctest run by hand."""
    import doctest

    parser = doctest.DocTestParser()
    test = parser.get_doctest(">>> 1 + 1\n2\n", {}, "inside", None, 0)
    assert doctest.DocTestRunner().run(test).failed == 0


def test_unittest_suite_run_inside():
    """A suite of unittest run by hand."""
    import io

    class Inner(unittest.TestCase):
        def test_inner(self):
            self.assertTrue([1])

    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Inner)
    assert unittest.TextTestRunner(stream=io.StringIO()).run(suite).wasSuccessful()
