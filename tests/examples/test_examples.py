"""The examples do what they were written to show."""

from __future__ import annotations

import json
import shutil

import pytest

LEAK, WARM_UP, TREND = (
    "test_cache.py::test_everyone_logs_out",
    "test_warm_up.py::test_place_of_code",
    "test_trend.py::test_thumbnails_are_kept",
)


@pytest.fixture
def examples(root, tmp_path, in_folder):
    """A terminal in a copy of the examples."""
    shutil.copytree(root / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return in_folder(tmp_path / "examples")


def _records(shell, line):
    """The tests of one run by their names, and the run itself."""
    done = shell.run(f"{line} --memopt-json out.json")
    document = json.loads((shell.folder / "out.json").read_text(encoding="utf-8"))
    return {test["nodeid"]: test for test in document["tests"]}, document, done.stdout


def test_the_leak_is_a_breach_that_names_type_and_line(examples):
    """What stays in the module's index fails the test, and the failure says what it is and where it was made."""
    tests, _, said = _records(examples, "pytest test_cache.py")
    assert tests[LEAK]["verdict"] == "breach"
    assert tests[LEAK]["outcome"] == "failed"
    assert {"type": "sessions.Session", "count": 1000} in [
        {key: use[key] for key in ("type", "count")} for use in tests[LEAK]["top_types"]
    ]
    assert "sessions.py" in said
    assert "in log_in" in said


def test_the_table_is_a_warm_up(examples):
    """What is built once goes over the limit once, and the test passes."""
    tests, _, said = _records(examples, "pytest test_warm_up.py")
    assert tests[WARM_UP]["verdict"] == "warm-up"
    assert tests[WARM_UP]["outcome"] == "passed"
    assert "1 warm-up" in said


def test_shared_memory_is_charged_to_the_fixture(examples):
    """The catalogue is the session fixture's, and not that of the first test that reads it."""
    tests, document, _ = _records(examples, "pytest test_resources.py")
    catalogue = next(use for use in document["fixtures"] if use["name"] == "catalogue")
    assert catalogue["growth_bytes"] > 2 * 1024**2
    # the interpreter's table of interned strings may grow at any time: by 544 768 bytes when there are 21 845 of them
    assert tests["test_resources.py::test_order_of_an_article"]["growth_bytes"] < 1024**2
    assert all(test["outcome"] == "passed" for test in tests.values())


def test_snapshots_find_what_is_alive(examples):
    """Both snapshot tests hold."""
    done = examples.run("pytest test_snapshots.py")
    assert done.returncode == 0, done.stdout


def test_a_meter_of_ones_own_is_read(examples):
    """The connection that stays open is in the report of the test that opened it."""
    tests, document, _ = _records(examples, "pytest meters")
    assert tests["test_connections.py::test_closes"]["extra"] == {"connections": 0}
    assert tests["test_connections.py::test_forgets_to_close"]["extra"] == {"connections": 1}
    assert "connections" in {meter["name"] for meter in document["meters"]}


def test_resources_are_built_once(examples):
    """A hundred tests share two databases, connections and worker processes are used again, tasks share three clients."""
    tests, document, said = _records(examples, "pytest pools --memopt-report --memopt-no-history")
    assert {test["outcome"] for test in tests.values()} == {"passed"}
    pools = {pool["name"]: pool for pool in document["pools"]}
    assert (pools["database"]["built"], pools["database"]["borrowed"]) == (2, 103)
    assert (pools["http"]["built"], pools["http"]["borrowed"]) == (1, 5)
    assert pools["workers"]["built"] == 1
    assert pools["echo"]["built"] <= 3
    assert pools["echo"]["borrowed"] == 10
    assert "PoolWarning" not in said


def test_the_snapshot_script_talks(examples):
    """The script finds the lists that outlive their sessions."""
    done = examples.run("python snapshot_example.py")
    assert done.returncode == 0, done.stdout
    assert "list" in done.stdout


def test_five_leaks_are_named_by_their_holders(examples):
    """Each leak of the shop is told by who holds it, and the clean test is clean."""
    tests, _, _ = _records(examples, "pytest --memopt-leaks leaks")
    found = {nodeid.rpartition("::")[2]: test["leak"] for nodeid, test in tests.items()}
    signatures = {name: leak["signature"] for name, leak in found.items()}
    assert signatures == {
        "test_order": "shop.Order.by_number[*] <- shop.Order",
        "test_price": "shop.Price.in_currency[*] <- shop.Price",
        "test_payment": "shop.ERRORS[*] <- ZeroDivisionError",
        "test_receipt": "outside Python <- file descriptor (/dev/null)",
        "test_scales": "outside Python: memory in leaks/shop.py weigh",
        "test_nothing_leaks_here": None,
    }
    assert found["test_nothing_leaks_here"]["verdict"] == "clean"
    assert all(test["outcome"] == "failed" for name, test in tests.items() if "nothing" not in name)


def test_the_growing_program_has_its_three_faults(examples):
    """It grows by quotes, its heap is full of holes, and it imports what it doesn't use."""
    done = examples.run("memopt analyze --json --imports --threshold growth=20MB growing_program.py")
    assert done.returncode == 0, done.stdout
    _, brace, text = done.stdout.partition("{")
    document = json.loads(brace + text)
    analysis = document["analysis"]
    assert {"excessive growth", "fragmentation"} <= {issue["kind"] for issue in analysis["issues"]}
    assert {use["type"]: use["change"] for use in document["types"]}["__main__.Quote"] == 32_000
    assert [advice["module"] for advice in document["imports"]["advice"]] == ["xmlrpc.client"]


def test_the_growing_program_can_be_compacted(examples):
    """Much of what it holds and doesn't use goes back to the system, and the total says so."""
    done = examples.run("memopt optimize --strategies compact growing_program.py 2")
    assert done.returncode == 0, done.stdout
    assert "1600 quotes and 1765 documents are kept" in done.stdout
    assert "compact  helped" in done.stdout


def test_the_demo_shows_all_of_it(examples):
    """The demo ends well, and its last run has the breach, the warm-up and the step."""
    done = examples.run("python demo.py")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert any("held" in line and "(3 of 3 runs" in line for line in lines)
    assert any("warm-up: " in line for line in lines)
    assert any("since run 6" in line for line in lines)
