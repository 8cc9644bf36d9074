"""``--memopt-top``: how many tests the summary shows."""

from __future__ import annotations

from textwrap import dedent

import pytest

SUITE = {
    "test_many.py": dedent("""
        import pytest
        KEPT = []
        @pytest.mark.parametrize("size", range(100_000, 2_600_000, 100_000))
        def test_keeps(size):
            KEPT.append(bytes(size))
    """)
}


def _shown(run):
    return [line.rpartition("::test_keeps")[2] for line in run.lines_with("::test_keeps[") if "+" in line]


@pytest.mark.parametrize(
    ("ini", "args", "count"),
    [
        ("", (), 10),
        ("memopt_top = 3", (), 3),
        ("memopt_top = 3", ("--memopt-top", "5"), 5),
        ("", ("--memopt-top=0",), 0),
        ("", ("--memopt-top=100",), 25),
    ],
)
def test_rows(serial_project, ini, args, count):
    """The worst tests are shown, the worst first, as many as command line, ini or the default of 10 say."""
    suite = SUITE | {"pytest.ini": f"[pytest]\n{ini}\n"}
    run = serial_project.with_files(suite).run("--memopt-report", "--memopt-no-history", *args)
    assert run.counts == {"passed": 25}
    assert _shown(run) == [f"[{size}]" for size in range(2_500_000, 0, -100_000)][:count]
