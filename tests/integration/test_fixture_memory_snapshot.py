"""The ``memory_snapshot`` fixture: what is alive, and what became of it."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = {
    "test_snapshots.py": dedent("""
        import pytest

        class Session:
            pass

        class Sub(Session):
            pass

        KEPT = []

        def test_new_and_dead(memory_snapshot):
            old = Session()
            before = memory_snapshot()
            KEPT.extend(Session() for _ in range(5))
            del old
            diff = memory_snapshot() - before
            assert diff.new.where(type=Session).count == 5
            assert diff.dead.where(type=Session).count == 1
            assert diff.survived.where(type=Session).count == 0
            assert {use.type: use.count for use in diff.new.by_type()}["test_snapshots.Session"] == 5

        def test_nothing(memory_snapshot):
            before = memory_snapshot()
            diff = memory_snapshot() - before
            assert not diff.new
            assert not diff.dead
            assert diff.bytes == 0

        def test_queries(memory_snapshot):
            before = memory_snapshot()
            KEPT.append(Sub())
            KEPT.append(list(range(10_000)))
            diff = memory_snapshot() - before
            assert diff.new.where(type=Session).count == 0
            assert diff.new.where(type=Session, subclasses=True).count == 1
            assert diff.new.where(type=list, size_gt="50 KB").count == 1
            assert diff.new.where(module="test_snapshots").count == 1
            assert diff.bytes > 80_000

        def test_deep(memory_snapshot):
            before = memory_snapshot(deep=True)
            holder = Session()
            holder.blob = [bytes(50_000)]
            KEPT.append(holder)
            diff = memory_snapshot(deep=True) - before
            assert diff.new.where(type=Session).deep_bytes > 50_000

        def test_wrong(memory_snapshot):
            with pytest.raises(Exception, match="tpye"):
                memory_snapshot().where(tpye=Session)

        @pytest.mark.memory_limit(growth="10 KB", objects=20)
        def test_costs_the_test_nothing(memory_snapshot):
            before = memory_snapshot()
            assert not (memory_snapshot() - before).new

        @pytest.mark.memory_limit(growth="100 KB")
        def test_beside_a_breach(memory_snapshot):
            before = memory_snapshot()
            KEPT.append(bytes(500_000))
            assert memory_snapshot() - before is not None
    """)
}


@pytest.mark.parametrize("options", [(), ("--memopt",), ("--memopt", "-n2")], ids=["off", "on", "n2"])
def test_snapshots(serial_project, options):
    """Snapshots tell the same with and without measuring, and cost a test that takes them nothing."""
    if "-n2" in options:
        pytest.importorskip("xdist")
    run = serial_project.with_files(SUITE).run("--strict-markers", "-W", "error", *options)
    run.assert_no_crash()
    assert run.counts == {"passed": 6, "failed": 1}
    assert run.lines_with("MEMORY", "test_beside_a_breach")


@pytest.mark.parametrize("mode", ["collect", "off"])
def test_deep_snapshots_ask_no_marks(serial_project, mode):
    """A deep snapshot of everything alive doesn't stumble over objects that make something up when asked, as pytest's marks."""
    run = (
        serial_project.watched()
        .with_files(SUITE)
        .run("--strict-markers", "-W", "error", "--memopt-gc", mode, "-k", "deep")
    )
    run.assert_no_crash()
    assert run.counts == {"passed": 1}
