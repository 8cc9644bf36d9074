"""The ``memopt`` fixture: a part of a test measured or limited, inside or outside of a measured test."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = {
    "test_blocks.py": dedent("""
        import pytest
        from pytest_memopt import MemoryLimitExceeded

        KEPT = []

        class Session:
            pass

        def test_measures(memopt):
            with memopt.measure() as use:
                KEPT.append(bytes(300_000))
            assert use.growth_bytes == pytest.approx(300_033, rel=0.03)
            with memopt.measure() as nothing:
                bytes(300_000)
            assert abs(nothing.growth_bytes) < 1000
            assert nothing.objects == 0

        def test_measures_the_peak(memopt):
            with memopt.measure(peak=True) as use:
                bytes(5_000_000)
            assert use.peak_bytes == pytest.approx(5_000_033, rel=0.01)

        def test_limits(memopt):
            with memopt.limit(growth="100 KB", objects=5):
                KEPT.append(bytes(50_000))
            with pytest.raises(MemoryLimitExceeded, match=r"left 2\\d\\d.* KiB behind, limit 97.7 KiB"):
                with memopt.limit(growth="100 KB"):
                    KEPT.append(bytes(250_000))
            with pytest.raises(MemoryLimitExceeded, match="3 new objects of type test_blocks.Session"):
                with memopt.limit(objects={"test_blocks.Session": 1}):
                    KEPT.extend([Session(), Session(), Session()])
            with pytest.raises(MemoryLimitExceeded, match="at one time"):
                with memopt.limit("1 MB"):
                    bytes(3_000_000)

        def test_lets_exceptions_through(memopt):
            with pytest.raises(ZeroDivisionError):
                with memopt.limit(growth="1 KB"):
                    KEPT.append(bytes(100_000))
                    1 / 0

        def test_refuses_what_makes_no_sense(memopt):
            with pytest.raises(Exception, match="lots"):
                memopt.limit(growth="lots")
            with pytest.raises(Exception, match="memopt.limit"):
                memopt.limit()

        def test_fails(memopt):
            with memopt.limit(growth="10 KB"):
                KEPT.append(bytes(100_000))

        @pytest.mark.memory_limit(growth="10 KB")
        def test_breaches_beside_a_block(memopt):
            with memopt.limit(growth="1 MB"):
                KEPT.append(bytes(100_000))

        @pytest.mark.memory_limit(growth="10 KB", objects=10)
        def test_costs_nothing(memopt):
            with memopt.measure():
                pass

        @pytest.mark.memory_limit("2 MB")
        def test_under_a_limit_of_the_peak(memopt):
            with memopt.measure() as use:
                bytes(1_000_000)
            assert abs(use.growth_bytes) < 20_000
    """)
}


@pytest.mark.parametrize("options", [(), ("--memopt",), ("--memopt", "-n2")], ids=["off", "on", "n2"])
def test_blocks(serial_project, options):
    """Blocks are measured and limited in the same way with and without ``--memopt``, and a failure shows the user's line."""
    if "-n2" in options:
        pytest.importorskip("xdist")
    run = serial_project.with_files(SUITE).run(*options)
    run.assert_no_crash()
    assert run.counts == {"passed": 7, "failed": 2}
    assert run.lines_with("FAILED test_blocks.py::test_fails", "MemoryLimitExceeded")
    assert run.lines_with("MemoryLimitExceeded: the block left 97.", "KiB behind, limit 9.8 KiB")
    assert run.lines_with("MEMORY test_blocks.py::test_breaches_beside_a_block")
    assert run.lines_with("test_blocks.py:", "MemoryLimitExceeded")


def test_blocks_beside_coverage(serial_project):
    """Blocks refuse, measure and limit while coverage watches the same run too."""
    run = serial_project.watched().with_files(SUITE).run("-k", "refuses or lets_exceptions or fails or peak")
    run.assert_no_crash()
    assert run.counts == {"passed": 4, "failed": 1}
