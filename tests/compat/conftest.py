"""The harness of the tests of tolerance: the same suite with and without the plugin, compared test by test."""

from __future__ import annotations

import sys
from xml.etree import ElementTree as ET

import pytest

WITHOUT = ("-p", "no:memopt")
WITH = ("--memopt",)


def _outcome(case):
    """The outcome of one test in a JUnit file; failures and errors count by kind, not by text."""
    return ",".join(sorted(child.tag for child in case if child.tag in {"failure", "error", "skipped"})) or "passed"


def _outcomes(path):
    """Outcomes by test, each with how often it was seen: subtests and reruns give several."""
    found = {}
    for case in ET.parse(path).getroot().iter("testcase"):
        found.setdefault(f"{case.get('classname')}::{case.get('name')}", []).append(_outcome(case))
    return {name: sorted(outcomes) for name, outcomes in found.items()}


@pytest.fixture
def outcomes_of(pytester, monkeypatch, request, other_plugins):
    """A function that runs pytest in a process of its own and gives its outcomes by test, and its counts.

    Of other plugins it loads those that the test's mark ``plugins`` names.
    """
    # Coverage and reports for CI would be the same on both sides, and only cost time.
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    wanted = request.node.get_closest_marker("plugins")
    blocked = sorted(other_plugins - set(wanted.args if wanted else ()))
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in blocked))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def run(*args, timeout_s=600):
        target = pytester.path / "junit.xml"
        target.unlink(missing_ok=True)
        result = pytester.run(
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={target}", *args, timeout=timeout_s
        )
        assert "INTERNALERROR" not in f"{result.stdout}{result.stderr}"
        counts = {word: count for word, count in result.parseoutcomes().items() if word not in {"warnings", "warning"}}
        return _outcomes(target), counts, result.ret

    return run


@pytest.fixture
def assert_same_outcomes(outcomes_of):
    """A function that runs a suite without and with the plugin, and finds no test that ended otherwise."""

    def check(*args, least=1, options=WITH):
        bare, bare_counts, bare_code = outcomes_of(*WITHOUT, *args)
        ours, our_counts, our_code = outcomes_of(*options, *args)
        assert len(bare) >= least, f"only {len(bare)} tests ran"
        differing = [
            f"{name}: {bare.get(name)} without, {ours.get(name)} with"
            for name in sorted(bare | ours)
            if bare.get(name) != ours.get(name)
        ]
        assert not differing, "\n".join(differing)
        assert our_counts == bare_counts
        assert our_code == bare_code
        return ours

    return check
