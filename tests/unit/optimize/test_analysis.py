"""The analysis as values and as dictionaries, switched on and off."""

import json
import os

import pytest

from pytest_memopt.errors import UsageError
from pytest_memopt.meters.measurement import TypeUse
from pytest_memopt.optimize import analysis as analysis_module
from pytest_memopt.optimize.analysis import MemoryAnalysis, analyze, analyze_memory_usage, get_memory_stats
from pytest_memopt.optimize.growth import TrendVerdict
from pytest_memopt.optimize.issues import IssueKind
from pytest_memopt.optimize.monitor import MemoryMonitor
from pytest_memopt.optimize.recorder import ProfileRecorder, first_look, process_recorder
from pytest_memopt.optimize.samples import Sample
from pytest_memopt.optimize.take import TOP_TYPES
from pytest_memopt.optimize.thresholds import Thresholds
from tests.unit.profiles import CALM, COLLECTOR, MB, PROFILE

KEYS = ["current_profile", "memory_trend", "growth_rate_mb_per_minute", "issues", "recommendations"]
STATS = [
    "current_memory_mb",
    "rss_mb",
    "peak_rss_mb",
    "fragmentation_ratio",
    "object_count",
    "thread_count",
    "fd_count",
    "pools",
    "pool_totals",
    "gc",
]
FLAG = "ENABLE_MEMORY_ANALYSIS"


def at(taken_s, **changes):
    """A profile of that moment."""
    return PROFILE._replace(taken_s=taken_s, **changes)


GROWN = at(112.0, allocators=CALM._replace(heap_bytes=int(195.4 * MB)))


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    """What the environment of the test run says is none of these tests' business."""
    monkeypatch.delenv(FLAG, raising=False)


@pytest.fixture
def process(monkeypatch):
    """Profiles that are taken one after the other, and how each was asked for."""

    def script(*profiles):
        pending, asked = list(profiles), []
        monkeypatch.setattr(analysis_module, "take_profile", lambda **how: asked.append(how) or pending.pop(0))
        return asked

    return script


def test_the_second_look_has_a_growth(process):
    """The first look has no growth yet, the second one tells what was added in between, and how fast."""
    process(PROFILE, GROWN)
    recorder = ProfileRecorder()
    first, second = analyze(recorder=recorder), analyze(recorder=recorder)
    assert (first.trend.growth_bytes, first.issues) == (None, ())
    assert (second.trend.growth_bytes, second.trend.rate_mb_per_minute) == (165.4 * MB, pytest.approx(827))
    assert [issue.kind for issue in second.issues] == [IssueKind.EXCESSIVE_GROWTH]


def test_looks_that_go_on_rising_are_a_trend(process):
    """From the sixth look on a steady rise is called increasing."""
    recorder = ProfileRecorder()
    process(*(at(place, allocators=CALM._replace(heap_bytes=place * MB)) for place in range(8)))
    words = [analyze(recorder=recorder).trend.verdict for _ in range(8)]
    assert words == [TrendVerdict.TOO_FEW] * 5 + [TrendVerdict.INCREASING] * 3


def test_types_are_compared_whole_and_told_in_part(process):
    """All types are taken, so that any rise is seen; the analysis tells the most frequent."""
    many = tuple(TypeUse(f"app.T{place}", 1000 - place, 0) for place in range(50))
    asked = process(at(1.0, types=many), GROWN._replace(types=(*many, TypeUse("app.Late", 900, 0))))
    recorder = ProfileRecorder()
    analyze(recorder=recorder, pools=None)
    found = analyze(recorder=recorder)
    assert asked[0] == {"top": None, "pools": None}
    assert len(found.profile.types) == TOP_TYPES
    assert "+900 app.Late" in found.recommendations[0].evidence


def test_a_monitor_s_samples_can_be_judged_instead(process, monkeypatch):
    """Given a monitor, growth is that of the resident memory it sampled."""

    class Prober:
        read_count = 0

        def read(self):
            self.read_count += 1
            return Sample(self.read_count * 200 * MB, 1)

        def close(self):
            pass

    process(PROFILE)
    with MemoryMonitor(3600, prober=Prober) as monitor:
        pass
    found = analyze(monitor=monitor, recorder=ProfileRecorder())
    assert found.trend.growth_bytes == 200 * MB


def test_thresholds_are_the_caller_s(process):
    """A lower threshold is passed earlier."""
    process(PROFILE)
    issues = analyze(thresholds=Thresholds(in_use_bytes=MB), recorder=ProfileRecorder()).issues
    assert [issue.kind for issue in issues] == [IssueKind.HIGH_USE]


def test_the_dictionary_has_its_five_keys_and_is_json(process):
    """The plain form has the promised keys, and survives JSON as it is."""
    process(PROFILE, GROWN._replace(pools={"db": {"idle_count": 2}}))
    recorder = ProfileRecorder()
    analyze_memory_usage(recorder=recorder)
    found = analyze_memory_usage(recorder=recorder)
    assert list(found) == KEYS
    assert json.loads(json.dumps(found)) == found
    assert (found["memory_trend"], found["growth_rate_mb_per_minute"]) == ("too few samples", 827.0)
    assert found["issues"][0] == {
        "kind": "excessive growth",
        "severity": "warning",
        "measured": 165.4 * MB,
        "threshold": 100 * MB,
        "measure": "bytes",
        "meaning": "memory grew by 165.4 MB in 12.0 s",
    }
    assert found["recommendations"][0]["action"] == "stop the growth"
    assert found["recommendations"][0]["saves_mb"] == 165.4
    profile = found["current_profile"]
    assert (profile["in_use_bytes"], profile["fds_count"], profile["pools"]) == (
        215.4 * MB,
        5,
        {"db": {"idle_count": 2}},
    )
    assert profile["types"][0] == {"type": "dict", "count": 900, "bytes": 90_000}
    assert profile["gc"]["collections"] == list(COLLECTOR.collections)


def test_the_first_dictionary_has_no_rate(process):
    """At the first call the rate isn't known, which isn't 0."""
    process(PROFILE)
    assert analyze_memory_usage(recorder=ProfileRecorder())["growth_rate_mb_per_minute"] is None


def test_the_stats_are_in_mb(process):
    """The figures of one look, with pools and collector beside them."""
    process(PROFILE)
    stats = get_memory_stats()
    assert list(stats) == STATS
    assert json.loads(json.dumps(stats)) == stats
    assert (stats["current_memory_mb"], stats["rss_mb"], stats["object_count"]) == (50.0, 70.0, 50_000)
    assert (stats["gc"]["thresholds"], stats["pools"], stats["fragmentation_ratio"]) == ([700, 10, 10], {}, 0.1667)


@pytest.mark.parametrize("word", ["false", "0", "No", "OFF"])
def test_switched_off_all_is_there_and_empty(monkeypatch, process, word):
    """With analysis switched off nothing is read, and every key is there without a figure."""
    process()  # a look would be one too many
    monkeypatch.setenv(FLAG, word)
    assert analyze() == MemoryAnalysis(None, None, (), ())
    found, stats = analyze_memory_usage(), get_memory_stats()
    assert (list(found), list(stats)) == (KEYS, STATS)
    assert not any((*found.values(), *stats.values()))


@pytest.mark.parametrize("call", [analyze, analyze_memory_usage, get_memory_stats])
def test_another_word_is_an_error(monkeypatch, call):
    """A variable that says neither on nor off is told, whichever call comes first."""
    monkeypatch.setenv(FLAG, "perhaps")
    with pytest.raises(UsageError, match="ENABLE_MEMORY_ANALYSIS: 'perhaps'"):
        call()


def test_a_look_that_can_tell_no_size_is_remembered_for_its_types():
    """Where no size can be read there is no course, but a first look."""
    recorder = ProfileRecorder()
    unknown = PROFILE._replace(allocators=CALM._replace(heap_bytes=None), rss_bytes=None)
    first, trend = recorder.add(unknown)
    assert (first, trend.samples_count) == (first_look(unknown), 0)
    assert recorder.add(GROWN)[0] is first


def test_each_process_has_its_own_recorder(monkeypatch):
    """All calls of a process share one; a child begins with an empty one."""
    own = process_recorder()
    assert process_recorder() is own
    pid = os.getpid()
    monkeypatch.setattr("pytest_memopt.optimize.recorder.os.getpid", lambda: pid + 1)
    assert process_recorder() is not own
