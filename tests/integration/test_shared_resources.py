"""Types that all workers of a run share: how many leases at one time, in which slots, and what of a worker that dies."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = dedent("""
    import os, signal, time
    import pytest

    class Thing:
        def __init__(self, slot):
            self.slot = slot

    @pytest.mark.parametrize("number", range(40))
    def test_use(pooled_resource, number):
        thing = pooled_resource("thing")
        with noted_use(thing.slot, str(number)):
            time.sleep(0.01)

    def test_dies(resource_manager):
        resource_manager.borrow("thing")
        os.kill(os.getpid(), signal.SIGKILL)
""")
CONFTEST = dedent("""
    from test_shared import Thing

    def pytest_memopt_register_resources(manager):
        manager.register("thing", Thing, max_size=2, shared=True, timeout=60)
""")


@pytest.fixture
def project_in_four(serial_project, use_log, tmp_path):
    """A project with a shared type, run by four workers, whose temporary files are its own."""
    pytest.importorskip("xdist")
    (tmp_path / "temp").mkdir()
    files = {"conftest.py": CONFTEST, "test_shared.py": use_log.source + SUITE}
    return serial_project.with_files(files).with_args("-n", "4").with_variables(TMPDIR=str(tmp_path / "temp"))


def left_behind(folder):
    """The files that are still there."""
    return [path for path in folder.rglob("*") if path.is_file() and "memopt-slots" in str(path)]


def test_four_workers_share_two_leases(project_in_four, use_log, tmp_path):
    """Never more than two at one time, each slot one worker's at a time, and no lock is left."""
    run = project_in_four.run("-k", "test_use")
    run.assert_no_crash()
    assert run.counts == {"passed": 40}
    assert len(use_log.uses()) == 40
    use_log.assert_kept(2)
    assert left_behind(tmp_path / "temp") == []


def test_a_killed_worker_s_lease_is_free(project_in_four, use_log, tmp_path):
    """The worker that dies with a lease is told, all other tests are served, and no lock is left."""
    run = project_in_four.run()
    run.assert_no_crash()
    assert run.counts == {"passed": 40, "failed": 1}
    assert run.lines_with("crashed while running", "test_dies")
    use_log.assert_kept(2)
    assert left_behind(tmp_path / "temp") == []


def test_a_time_out_is_shown_at_the_borrower(serial_project):
    """The error stands at the line that borrows, with who holds the slots, and no line of the pool's."""
    run = serial_project.with_files(
        {
            "test_slots.py": dedent("""
            def test_three(resource_manager, pooled_resource):
                resource_manager.register("s", list, max_size=1, shared=True)
                pooled_resource("s")
                pooled_resource("s", timeout_s=0)
        """),
        }
    ).run()
    run.assert_no_crash()
    assert run.counts == {"failed": 1}
    assert run.lines_with("PoolTimeout: no slot of 's'", "slot 0 is held by process", "test_slots.py::test_three")
    assert not run.lines_with("shared_desk.py")
