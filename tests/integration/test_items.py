"""Every kind of test: measured, a breach found on each, each rerun, and what doesn't return is a warm-up on each."""

from __future__ import annotations

from textwrap import dedent

import pytest

HELP = """
KEPT = []
COUNTS = {}

def grow(name, times):
    COUNTS[name] = COUNTS.get(name, 0) + 1
    if COUNTS[name] <= times:
        KEPT.append(bytes(100_000))
    return COUNTS[name]
"""
INI = """[pytest]
asyncio_default_fixture_loop_scope = function
memopt_limits = growth=50KB
"""
EVER = 1000
HAS_SUBTESTS = pytest.version_tuple >= (9,)
CONFTEST = dedent("""
    import sys
    from contextlib import nullcontext
    import pytest
    sys.path.insert(0, ".")
""")
if not HAS_SUBTESTS:
    CONFTEST += dedent("""
        @pytest.fixture
        def subtests():
            class Subtests:
                def test(self, **named): return nullcontext()
            return Subtests()
    """)


def _suite(times):
    """Tests of all kinds which grow in their first ``times`` runs."""
    plain = dedent(f"""
        import doctest
        import unittest
        import pytest
        from help import grow

        TIMES = {times}

        def test_function():
            grow("function", TIMES)

        class TestClass:
            def setup_method(self):
                self.fresh = True
            def test_method(self):
                assert self.fresh
                self.fresh = False
                grow("method", TIMES)

        class TestCase(unittest.TestCase):
            def setUp(self):
                self.fresh = True
            def test_case(self):
                self.assertTrue(self.fresh)
                self.fresh = False
                grow("case", TIMES)
            def test_case_with_subtests(self):
                for number in range(3):
                    with self.subTest(number=number):
                        assert number < 3
                grow("subTest", TIMES)

        @pytest.mark.parametrize("n", [1, 2])
        def test_parametrised(n):
            grow(f"parametrised{{n}}", TIMES)

        @pytest.fixture(params=["a", "b"])
        def given(request):
            grow(f"given{{request.param}}", TIMES)
            yield request.param

        def test_parametrised_fixture(given):
            pass

        def test_subtests(subtests):
            for number in range(3):
                with subtests.test(number=number):
                    assert number < 3
            grow("subtests", TIMES)

        def test_teardown(request):
            request.addfinalizer(lambda: grow("teardown", TIMES))
    """)
    others = dedent(f"""
        import unittest
        import anyio
        import pytest
        from hypothesis import given, settings, strategies
        from help import grow

        TIMES = {times}

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.asyncio
        async def test_asyncio():
            grow("asyncio", TIMES)

        @pytest.mark.anyio
        async def test_anyio():
            await anyio.sleep(0)
            grow("anyio", TIMES)

        class TestAsyncCase(unittest.IsolatedAsyncioTestCase):
            async def test_async_case(self):
                grow("async case", TIMES)

        RUNS = []

        @settings(max_examples=5, database=None, derandomize=True)
        @given(strategies.integers())
        def test_hypothesis(number):
            if not RUNS or RUNS[-1] == 4:
                RUNS.append(0)
                grow("hypothesis", TIMES)
            else:
                RUNS[-1] += 1
    """)
    documented = f'"""\n>>> from help import grow\n>>> x = grow("doctest", {times})\n"""\n'
    return {
        "help.py": HELP,
        "conftest.py": CONFTEST,
        "pytest.ini": INI,
        "test_plain.py": plain,
        "test_others.py": others,
        "documented.py": documented,
        "test_text.txt": f'>>> from help import grow\n>>> x = grow("text", {times})\n',
    }


ARGS = (
    "--doctest-modules",
    "--doctest-glob=*.txt",
    "test_plain.py",
    "test_others.py",
    "documented.py",
    "test_text.txt",
)
KINDS = 16
PLUGINS = ("anyio", "asyncio", "hypothesispytest")


def test_each_kind_breaches(project):
    """A breach is found and reproduced on every kind of test, and each is one failure of its own."""
    run = project.with_plugins(*PLUGINS).with_files(_suite(EVER)).measure(*ARGS)
    run.assert_no_crash()
    verdicts = {nodeid: (record["verdict"], record["why"]) for nodeid, record in run.tests.items()}
    assert {nodeid: pair for nodeid, pair in verdicts.items() if pair != ("breach", None)} == {}
    assert len(verdicts) == KINDS
    assert run.counts == {"failed": KINDS}
    wrong = {nodeid: record["reruns"] for nodeid, record in run.tests.items() if len(record["reruns"]) != 2}
    assert wrong == {}
    last = {nodeid: record["reruns"][-1] for nodeid, record in run.tests.items()}
    # Hypothesis itself keeps some 20 KB a run
    assert {nodeid: growth for nodeid, growth in last.items() if not 95_000 <= growth <= 130_000} == {}


def test_each_kind_warms_up(serial_project):
    """What doesn't come back passes on every kind of test, as a warm-up."""
    run = serial_project.with_plugins(*PLUGINS).with_files(_suite(1)).measure(*ARGS)
    run.assert_no_crash()
    verdicts = {nodeid: (record["verdict"], record["why"]) for nodeid, record in run.tests.items()}
    assert {nodeid: pair for nodeid, pair in verdicts.items() if pair[0] != "warm-up"} == {}
    assert len(verdicts) == KINDS
    assert run.counts == {"passed": KINDS}


@pytest.mark.skipif(not HAS_SUBTESTS, reason="pytest 9 brings subtests")
def test_subtests_that_fail(serial_project):
    """Subtests that fail are reported as without us, once each, and reruns add none."""
    suite = {
        "test_sub.py": dedent("""
            import unittest
            import pytest
            KEPT = []
            pytestmark = pytest.mark.memory_limit(growth="20 KB")

            def test_some_fail(subtests):
                for number in range(4):
                    with subtests.test(number=number):
                        assert number % 2

            def test_all_pass_but_grow(subtests):
                for number in range(4):
                    with subtests.test(number=number):
                        KEPT.append(bytes(30_000))

            class TestCase(unittest.TestCase):
                def test_some_fail(self):
                    for number in range(4):
                        with self.subTest(number=number):
                            assert number % 2
        """)
    }
    project = serial_project.watched().with_files(suite)
    bare = project.run("-p", "no:memopt", "-k", "some_fail")
    ours = project.measure("-k", "some_fail")
    ours.assert_no_crash()
    assert ours.counts == bare.counts
    grown = project.measure("-k", "grow")
    assert grown.counts.get("failed") == 1
    assert grown.test("::test_all_pass_but_grow")["verdict"] == "breach"
