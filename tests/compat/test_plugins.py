"""Other plugins in the same run: outcomes are those they give without ours."""

from __future__ import annotations

import pytest

XDIST = [(), ("-n", "2")]
LIMITED = ("--memopt", "--memopt-limit=*: growth=1GB")
"""Every test is measured and judged, by a limit that none of them meets."""


@pytest.fixture(params=XDIST, ids=["serial", "n2"])
def xdist_args(request):
    """The arguments that run the suite in one process, then in two."""
    if request.param:
        pytest.importorskip("xdist")
    return request.param


@pytest.mark.plugins("rerunfailures")
def test_rerunfailures(pytester, assert_same_outcomes, xdist_args):
    """Flaky tests are rerun as often as without the plugin, and end alike."""
    pytest.importorskip("pytest_rerunfailures")
    pytester.makepyfile(
        """
        import pytest

        TRIES = {}

        def _try(name):
            TRIES[name] = TRIES.get(name, 0) + 1
            return TRIES[name]

        @pytest.fixture(scope="module")
        def shared():
            return bytes(1000)

        @pytest.mark.flaky(reruns=3)
        def test_second_time(shared, tmp_path):
            assert _try("second") == 2

        @pytest.mark.flaky(reruns=2)
        def test_never():
            assert not _try("never")

        @pytest.fixture
        def shaky():
            assert _try("shaky") == 2

        @pytest.mark.flaky(reruns=2)
        def test_shaky_fixture(shaky):
            pass

        def test_steady():
            pass
        """
    )
    assert_same_outcomes(*xdist_args, options=LIMITED)


@pytest.mark.plugins("rerunfailures")
def test_rerunfailures_with_a_limit(pytester, outcomes_of, xdist_args):
    """A test that first fails and then passes within its limit is not failed for memory, nor judged twice."""
    pytest.importorskip("pytest_rerunfailures")
    pytester.makepyfile(
        """
        import pytest

        TRIES = []
        KEPT = []

        @pytest.mark.flaky(reruns=3)
        @pytest.mark.memory_limit(growth="1 KB")
        def test_flaky():
            TRIES.append(1)
            assert len(TRIES) >= 3

        @pytest.mark.flaky(reruns=1)
        @pytest.mark.memory_limit(growth="1 KB")
        def test_leaks():
            KEPT.append(bytes(5000))
        """
    )
    outcomes, counts, _ = outcomes_of(*xdist_args)
    assert counts["passed"] == 1
    assert counts["failed"] == 1
    assert any(name.endswith("test_leaks") and "failure" in found for name, found in outcomes.items())


@pytest.mark.plugins("asyncio")
def test_asyncio(pytester, assert_same_outcomes, xdist_args):
    """Asynchronous tests and fixtures of pytest-asyncio, in both modes, with loops of every scope."""
    pytest.importorskip("pytest_asyncio")
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        import pytest_asyncio

        @pytest_asyncio.fixture
        async def resource():
            await asyncio.sleep(0)
            yield [1]
            await asyncio.sleep(0)

        @pytest_asyncio.fixture(loop_scope="module", scope="module")
        async def shared():
            task = asyncio.create_task(asyncio.sleep(0))
            yield task
            await task

        async def test_plain():
            await asyncio.sleep(0)

        async def test_fixture(resource):
            assert resource == [1]

        async def test_fails():
            await asyncio.sleep(0)
            assert False

        @pytest.mark.asyncio(loop_scope="module")
        class TestModuleLoop:
            async def test_one(self, shared):
                assert shared is not None

            async def test_two(self, shared):
                assert shared.done()

        @pytest.mark.parametrize("number", range(3))
        async def test_parametrised(number):
            await asyncio.gather(*(asyncio.sleep(0) for _ in range(number)))

        @pytest.mark.xfail(strict=True)
        async def test_expected():
            raise ValueError

        def test_synchronous():
            pass
        """
    )
    args = (*xdist_args, "--dist=loadfile") if xdist_args else ()
    assert_same_outcomes(*args, least=10, options=LIMITED)


@pytest.mark.plugins("anyio")
def test_anyio(pytester, assert_same_outcomes, xdist_args):
    """Asynchronous tests of anyio on asyncio and trio."""
    pytest.importorskip("anyio")
    pytest.importorskip("trio")
    pytester.makepyfile(
        """
        import anyio
        import pytest

        pytestmark = pytest.mark.anyio

        @pytest.fixture
        async def resource():
            await anyio.sleep(0)
            yield [1]
            await anyio.sleep(0)

        async def test_plain():
            await anyio.sleep(0)

        async def test_fixture(resource):
            assert resource == [1]

        async def test_group():
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(anyio.sleep, 0)

        async def test_fails():
            await anyio.sleep(0)
            assert False
        """
    )
    assert_same_outcomes(*xdist_args, "-p", "no:asyncio", least=8, options=LIMITED)


@pytest.mark.plugins("hypothesispytest")
def test_hypothesis(pytester, assert_same_outcomes):
    """Property tests find the same failures, and a failing example is still shrunk."""
    pytest.importorskip("hypothesis")
    pytester.makepyfile(
        """
        import pytest
        from hypothesis import HealthCheck, given, settings, strategies as st

        settings.register_profile("here", derandomize=True, database=None, deadline=None, max_examples=40)
        settings.load_profile("here")

        @given(st.lists(st.integers()))
        def test_holds(values):
            assert list(reversed(values[::-1])) == values

        @given(st.integers())
        def test_breaks(number):
            assert number < 1000

        @pytest.fixture
        def ballast():
            return bytes(1000)

        @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.text())
        def test_with_fixture(ballast, text):
            assert len(text + text) == 2 * len(text)

        class TestClass:
            @given(st.booleans())
            def test_method(self, flag):
                assert flag in (True, False)
        """
    )
    assert_same_outcomes(least=4, options=LIMITED)


def test_xdist_distributions(pytester, assert_same_outcomes):
    """The same outcomes by whole scopes and by single tests, with unittest, doctest and subtests among the tests."""
    pytest.importorskip("xdist")
    pytester.makepyfile(
        test_functions="""
        import pytest

        @pytest.fixture(scope="session")
        def shared():
            return bytes(100_000)

        @pytest.mark.parametrize("number", range(10))
        def test_many(shared, number):
            assert number != 7
        """,
        test_unit="""
        import unittest

        class Unit(unittest.TestCase):
            def test_passes(self):
                pass

            def test_fails(self):
                self.fail("on purpose")

            def test_subs(self):
                for number in range(4):
                    with self.subTest(number=number):
                        self.assertNotEqual(number, 2)
        """,
        test_doc='''
        def twice(number):
            """Twice.

            >>> twice(2)
            4
            >>> twice(3)
            7
            """
            return number * 2
        ''',
    )
    for distribution in ("loadscope", "worksteal"):
        assert_same_outcomes("-n", "2", f"--dist={distribution}", "--doctest-modules", least=14)


@pytest.mark.plugins("anyio", "asyncio", "hypothesispytest", "rerunfailures")
def test_many_at_once(pytester, assert_same_outcomes):
    """Rerunfailures, asyncio, hypothesis and strict pytest settings together."""
    for name in ("pytest_rerunfailures", "pytest_asyncio", "hypothesis"):
        pytest.importorskip(name)
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        "xfail_strict = true\nfilterwarnings = error\naddopts = --strict-markers --strict-config\n"
    )
    pytester.makepyfile(
        """
        import pytest
        from hypothesis import given, settings, strategies as st

        TRIES = []

        async def test_async():
            pass

        @pytest.mark.flaky(reruns=2)
        async def test_async_flaky():
            TRIES.append(1)
            assert len(TRIES) > 1

        @settings(derandomize=True, database=None, deadline=None, max_examples=10)
        @given(st.integers())
        def test_property(number):
            assert isinstance(number, int)

        @pytest.mark.xfail(reason="on purpose")
        def test_expected():
            raise ValueError

        def test_warns():
            import warnings
            warnings.warn("an error here")
        """
    )
    assert_same_outcomes(least=5)
