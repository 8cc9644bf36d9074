"""What fixtures of a class, module and session take is theirs: not the test's that first asks for them."""

from __future__ import annotations

from textwrap import dedent

import pytest

MB = 1_000_000
SUITE = {
    "conftest.py": dedent("""
        import pytest
        MB = 1_000_000

        @pytest.fixture(scope="session")
        def for_session():
            return bytes(MB)

        @pytest.fixture(scope="package")
        def for_package(for_session):
            return bytes(2 * MB)
    """),
    "test_parameters.py": dedent("""
        import pytest
        MB = 1_000_000
        pytestmark = pytest.mark.memory_limit(growth="10 KB")

        @pytest.fixture(scope="module", params=[1, 2, 3])
        def sized(request, for_package):
            return bytes(request.param * MB)

        @pytest.fixture(scope="class")
        def of_class(sized):
            yield bytes(5 * MB)

        @pytest.fixture(scope="module")
        def asked_late():
            return bytes(7 * MB)

        @pytest.fixture
        def asks(request):
            return request.getfixturevalue("asked_late")

        class TestOne:
            def test_first(self, of_class): pass
            def test_second(self, of_class): pass
        def test_function(sized): pass
        def test_late(asks): pass
        def test_late_in_the_test(request):
            assert len(request.getfixturevalue("asked_late")) == 7 * MB
        def test_late_and_new(request):
            assert len(request.getfixturevalue("asked_later")) == 9 * MB

        @pytest.fixture(scope="session")
        def asked_later():
            return bytes(9 * MB)
    """),
    "test_xunit.py": dedent("""
        import unittest
        MB = 1_000_000
        HELD = {}

        def setup_module():
            HELD["module"] = bytes(3 * MB)
        def teardown_module():
            HELD.clear()

        class TestXunit:
            @classmethod
            def setup_class(cls):
                cls.held = bytes(4 * MB)
            @classmethod
            def teardown_class(cls):
                del cls.held
            def test_one(self): pass
            def test_two(self): pass

        class TestCase(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.held = bytes(6 * MB)
            @classmethod
            def tearDownClass(cls):
                del cls.held
            def test_one(self): pass
            def test_two(self): pass
    """),
    "test_autouse.py": dedent("""
        import pytest
        MB = 1_000_000
        HELD = []

        @pytest.fixture(scope="module", autouse=True)
        def everywhere():
            HELD.append(bytes(8 * MB))
            yield
            HELD.clear()

        @pytest.fixture
        def of_function():
            yield bytes(MB)

        def test_one(of_function): pass
        def test_two(of_function): pass
    """),
}


def test_each_pays_for_its_own(project):
    """Wider fixtures of all kinds pay for themselves, coming and going, and no test does, limited or not."""
    run = project.by_file().with_files(SUITE).measure()
    run.assert_no_crash()
    assert set(run.counts) == {"passed"}
    charged = {nodeid: record["growth_bytes"] for nodeid, record in run.tests.items()}
    assert {nodeid: growth for nodeid, growth in charged.items() if abs(growth) > 10_000} == {}
    for name, scope, builds, size in [
        ("for_session", "session", 1, MB),
        ("for_package", "package", 1, 2 * MB),
        ("sized", "module", 3, 6 * MB),
        ("of_class", "class", 3, 15 * MB),
        ("asked_late", "module", 1, 7 * MB),
        ("asked_later", "session", 1, 9 * MB),
        ("everywhere", "module", 1, 8 * MB),
    ]:
        record = run.fixture(name)
        assert (record["scope"], record["builds"]) == (scope, builds), name
        assert record["growth_bytes"] == pytest.approx(size, rel=0.02), name
    hidden = {
        record["name"].partition(" ")[0]: record["growth_bytes"]
        for record in run.document["fixtures"]
        if " [" in record["name"]
    }
    for name, size in [("setup_module", 3 * MB), ("setup_class", 4 * MB), ("setUpClass", 6 * MB)]:
        assert hidden[name] == pytest.approx(size, rel=0.02), name
    of_function = run.fixture("of_function")
    assert (of_function["scope"], of_function["builds"], of_function["growth_bytes"]) == ("function", 2, None)


def test_a_breach_is_still_the_tests(project):
    """A test that grows what a wider fixture holds is charged for it, at the first use and the later ones."""
    suite = {
        "test_shared.py": dedent("""
            import pytest
            pytestmark = pytest.mark.memory_limit(growth="10 KB")

            @pytest.fixture(scope="module")
            def shared():
                return [bytes(5_000_000)]

            def test_first(shared): shared.append(bytes(100_000))
            def test_second(shared): shared.append(bytes(200_000))
            def test_third(shared): pass

            @pytest.fixture
            def fills(shared): shared.append(bytes(300_000))
            def test_by_fixture(fills): pass
        """)
    }
    run = project.by_file().with_files(suite).measure()
    run.assert_no_crash()
    verdicts = {nodeid.rpartition("::")[2]: record["verdict"] for nodeid, record in run.tests.items()}
    assert verdicts == {
        "test_first": "breach",
        "test_second": "breach",
        "test_third": "ok",
        "test_by_fixture": "breach",
    }
    assert run.test("::test_first")["growth_bytes"] == pytest.approx(100_033, rel=0.05)
    assert run.test("::test_by_fixture")["growth_bytes"] == pytest.approx(300_033, rel=0.05)
    assert run.fixture("shared")["growth_bytes"] == pytest.approx(5_000_033, rel=0.01)
