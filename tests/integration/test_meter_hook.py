"""The hook ``pytest_memopt_meters``: meters of others are read around every test, and what is no meter is refused."""

from __future__ import annotations

from textwrap import dedent

import pytest

METER = dedent("""
    from pytest_memopt.meters.protocol import Unit
    from pytest_memopt.meters.status import MeterStatus

    CONNECTIONS = []

    class Connections:
        name = "connections"
        unit = Unit.COUNT
        available = True

        def status(self):
            return MeterStatus(name=self.name, available=self.available, how="counted by the pool")

        def read(self):
            return len(CONNECTIONS)

    class Missing(Connections):
        name = "gpu memory"
        available = False

        def read(self):
            raise AssertionError("it is not available")
""")
CONFTEST = dedent("""
    from connections import Connections, Missing
    def pytest_memopt_meters(config):
        return [Connections(), Missing()]
""")
SUITE = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "connections.py": METER,
    "conftest.py": "import sys; sys.path.insert(0, '.')\n" + CONFTEST,
    "test_pool.py": dedent("""
        from connections import CONNECTIONS
        def test_opens(): CONNECTIONS.extend([1, 2, 3])
        def test_closes():
            CONNECTIONS.append(1)
            CONNECTIONS.pop()
        def test_nothing(): pass
    """),
}


def test_a_meter_of_ones_own(project):
    """Its net change is in the document and its name in the header; one that isn't available is named as missing."""
    run = project.by_file().with_files(SUITE).measure("--memopt-report")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert run.test("::test_opens")["extra"] == {"connections": 3}
    assert run.test("::test_closes")["extra"].get("connections", 0) == 0
    assert abs(run.test("::test_closes")["growth_bytes"]) <= 1536
    assert "connections" in {meter["name"] for meter in run.document["meters"]}
    assert run.lines_with("connections")


def test_the_hook_is_not_asked_when_nothing_is_measured(serial_project):
    """A conftest may implement the hook at no cost when the plugin is off, or blocked."""
    suite = SUITE | {
        "conftest.py": "import pytest\n@pytest.hookimpl(optionalhook=True)\ndef pytest_memopt_meters(config):\n    raise RuntimeError\n",
        "test_pool.py": "def test_one(): pass\n",
    }
    assert serial_project.with_files(suite).run().counts == {"passed": 1}
    assert serial_project.with_files(suite).run("-p", "no:memopt").counts == {"passed": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return [object()]", ["pytest_memopt_meters", "is not a meter", "read()"]),
        ("return [Connections(), Connections()]", ["pytest_memopt_meters", "connections", "two meters"]),
        ("return 7", ["pytest_memopt_meters", "list of meters"]),
        ("Connections.read = lambda self: None; return [Connections()]", ["connections", "not a whole number"]),
        ("Connections.read = lambda self: 1 / 0; return [Connections()]", ["connections", "can't be read"]),
        ("Connections.hunted = 'yes'; return [Connections()]", ["'hunted' of 'connections'", "True or False"]),
        ("raise RuntimeError('no driver')", ["pytest_memopt_meters", "no driver"]),
    ],
)
def test_what_is_no_meter_is_refused(serial_project, body, words):
    """What the hook gives and can't be used is a usage error in one line."""
    conftest = f"from connections import Connections\ndef pytest_memopt_meters(config):\n    {body}\n"
    suite = SUITE | {"conftest.py": "import sys; sys.path.insert(0, '.')\n" + conftest}
    run = serial_project.watched().with_files(suite).run("--memopt")
    run.assert_no_crash()
    assert run.lines_with(*words)
    assert run.result.ret == pytest.ExitCode.USAGE_ERROR
