"""Advice in the summary: only on what the project can change, and only where it is worth it; the same with workers."""

from textwrap import dedent

SUITE = {
    "conftest.py": dedent("""
        import time
        import pytest

        @pytest.fixture
        def client(tmp_path):
            time.sleep(0.02)

        @pytest.fixture
        def quick(): pass

        @pytest.fixture(scope="session")
        def server(): time.sleep(0.6)
    """),
    "plugin/site-packages/installed.py": dedent("""
        import time
        import pytest
        @pytest.fixture
        def foreign(): time.sleep(0.02)
    """),
    "test_a.py": dedent("""
        import pytest
        @pytest.mark.parametrize("number", range(60))
        def test_a(client, foreign, quick, server, number, monkeypatch): pass
    """),
}
INSTALLED = ("-p", "installed", "-o", "pythonpath=plugin/site-packages")


def test_what_is_built_again_and_again_is_told(project):
    """The fixture of the project that takes the most is advised on, with its place; those of a plugin or a session are not."""
    run = project.with_files(SUITE).measure("--memopt-report", "--memopt-no-history", *INSTALLED)
    (advice,) = run.document["advice"]
    assert (advice["kind"], advice["subject"], advice["saving_bytes"]) == ("fixture", "client", 0)
    assert 60 * 0.02 * 58 / 60 <= advice["saving_s"] < run.fixture("client")["setup_s"]
    assert advice["text"].startswith("fixture `client` (function scope, conftest.py:5) is built 60 times, ")
    assert run.lines_with("advice  fixture `client` (function scope, conftest.py:5) is built 60 times")
    assert [run.fixture(name)["where"] for name in ("client", "server", "foreign", "monkeypatch")] == [
        "conftest.py:5",
        "conftest.py:12",
        None,
        None,
    ]
