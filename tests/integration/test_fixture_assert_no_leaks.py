"""``memopt.assert_no_leaks``: whatever can be called is repeated inside a test, and a leak fails it by name."""

from __future__ import annotations

from textwrap import dedent

PARTS = """
    import itertools, pytest
    KEPT, RARE, COUNT, CALLS = [], [], itertools.count(), []

    def test_clean(memopt):
        assert memopt.assert_no_leaks(lambda: CALLS.append(1) or CALLS.clear()) is None

    def test_leaking(memopt):
        memopt.assert_no_leaks(lambda: KEPT.append([1]))

    def test_ignored(memopt):
        memopt.assert_no_leaks(lambda: KEPT.append([1]), ignore=["test_parts.KEPT"])

    def test_something_else_ignored(memopt):
        memopt.assert_no_leaks(lambda: KEPT.append([1]), ignore=["test_parts.OTHER"])

    def test_rare(memopt):
        memopt.assert_no_leaks(lambda: RARE.append([1]) if next(COUNT) % 5 == 4 else None, rounds=15)

    def test_raising(memopt):
        with pytest.raises(ZeroDivisionError):
            memopt.assert_no_leaks(lambda: 1 / 0)

    def test_rounds_are_calls(memopt):
        calls = []
        memopt.assert_no_leaks(lambda: calls.append(None) or None, rounds=12, ignore=[""])
        assert len(calls) > 12
"""
MARKED = """
    import pytest
    KEPT, INNER = [], []

    @pytest.mark.no_leaks
    @pytest.mark.memory_limit(growth="1 MB", objects=100)
    def test_clean(memopt):
        memopt.assert_no_leaks(lambda: [1])

    @pytest.mark.memory_limit(objects=100)
    def test_keeps_objects(memopt):
        KEPT.append([[number] for number in range(500)])
        memopt.assert_no_leaks(lambda: [1])

    @pytest.mark.no_leaks
    def test_leaks_itself(memopt):
        INNER.append([1])
        memopt.assert_no_leaks(lambda: [1])
"""


def test_parts_of_tests_are_hunted(project):
    """What keeps nothing passes, what leaks fails with the holder's name, unless that is ignored; errors come through."""
    run = project.with_files({"test_parts.py": dedent(PARTS)}).run()
    run.assert_no_crash()
    assert run.counts == {"passed": 4, "failed": 3}
    for name in ("test_leaking", "test_something_else_ignored", "test_rare"):
        assert run.lines_with("FAILED", f"::{name} ")
    assert run.lines_with("MemoryLeakFound", "1 list held by test_parts.KEPT")
    assert run.lines_with("signature: test_parts.RARE[*] <- list")


def test_limits_and_hunts_go_on_around_it(project):
    """A test with limits, or that is hunted itself, may check a part of itself, and is judged as it would be without."""
    run = project.with_files({"test_marked.py": dedent(MARKED)}).measure()
    run.assert_no_crash()
    clean, keeps, leaks = (run.test(f"::{name}") for name in ("test_clean", "test_keeps_objects", "test_leaks_itself"))
    assert (clean["outcome"], clean["verdict"], clean["leak"]["verdict"]) == ("passed", "ok", "clean")
    assert (keeps["outcome"], keeps["verdict"]) == ("failed", "breach")
    assert (leaks["outcome"], leaks["leak"]["signature"]) == ("failed", "test_marked.INNER[*] <- list")
