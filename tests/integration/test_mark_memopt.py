"""``@pytest.mark.memopt``: tests that are exempt, and tests of the collector itself."""

from __future__ import annotations

from textwrap import dedent

SUITE = {
    "test_exempt.py": dedent("""
        import gc
        from inspect import unwrap
        import pytest
        KEPT = []

        @pytest.mark.memopt(skip=True, reason="keeps on purpose")
        @pytest.mark.memory_limit(growth="1 KB")
        def test_exempt():
            KEPT.append(bytes(500_000))

        @pytest.mark.memopt(skip=True)
        class TestExempt:
            def test_without_reason(self):
                KEPT.append(bytes(500_000))
            @pytest.mark.memopt(skip=False)
            @pytest.mark.memory_limit(growth="1 KB")
            def test_measured_after_all(self):
                KEPT.append(bytes(500_000))

        @pytest.mark.memopt(gc="off")
        @pytest.mark.memory_limit(growth="100 KB")
        def test_of_the_collector():
            assert gc.get_freeze_count() == 0
            gc.freeze()
            assert gc.get_freeze_count() > 0
            gc.unfreeze()
            KEPT.append(bytes(500_000))

        def test_is_frozen_again():
            assert unwrap(gc.get_freeze_count)() > 0  # past what shows a heap that isn't frozen
    """)
}


def test_exempt_tests_are_visible(project):
    """An exempt test keeps its outcome, is ``unmeasured`` with its reason, and the closest mark decides."""
    run = project.watched().with_variables(COLUMNS="120").with_files(SUITE).measure("--memopt-report")
    run.assert_no_crash()
    assert run.counts == {"passed": 3, "failed": 2}
    exempt = run.test("::test_exempt")
    assert (exempt["verdict"], exempt["growth_bytes"]) == ("unmeasured", None)
    assert "keeps on purpose" in exempt["why"]
    assert run.test("::test_without_reason")["verdict"] == "unmeasured"
    assert run.test("::test_measured_after_all")["verdict"] == "breach"
    assert run.test("::test_of_the_collector")["verdict"] == "breach"
    assert run.test("::test_of_the_collector")["breaches"][0]["confirmed"] is True
    assert run.test("::test_is_frozen_again")["verdict"] == "ok"
    assert run.lines_with("3 of 5 tests measured")
    assert run.lines_with("exempt by mark memopt: keeps on purpose")


def test_outcomes_of_exempt_tests(serial_project):
    """A record of an exempt test tells its real outcome, and without ``--memopt`` an exempt test makes no noise."""
    suite = {
        "test_outcomes.py": dedent("""
            import pytest
            pytestmark = pytest.mark.memopt(skip=True)
            def test_passes(): pass
            def test_fails(): assert 0
            def test_skips(): pytest.skip("so")
            @pytest.mark.xfail
            def test_xfails(): assert 0
        """)
    }
    run = serial_project.with_files(suite).measure()
    run.assert_no_crash()
    outcomes = {nodeid.rpartition("_")[2]: record["outcome"] for nodeid, record in run.tests.items()}
    assert outcomes == {"passes": "passed", "fails": "failed", "skips": "skipped", "xfails": "xfailed"}
    silent = serial_project.run()
    assert silent.counts == run.counts
    assert silent.lines_with("memory:") == []
