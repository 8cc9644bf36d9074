"""Hunts of workloads whose memory is scripted: how many rounds they take, and how often they are wrong."""

from array import array
from dataclasses import dataclass, field
from math import inf
from types import SimpleNamespace

import pytest

from benchmarks.leak_series import KINDS, Truth, false_alarms, missed, report, simulate
from pytest_memopt.leaks import hunt as hunt_module
from pytest_memopt.leaks.catch import Patience, per_round
from pytest_memopt.leaks.census import Grown
from pytest_memopt.leaks.hunt import Hunt
from pytest_memopt.leaks.ruling import LeakKind, flat_rounds
from pytest_memopt.meters.rounds import SIGNALS, Care, LeakSignal

WIDTH = len(SIGNALS)
BLOCKS = SIGNALS.index(LeakSignal.BLOCKS)


@dataclass
class Workload:
    """A workload that adds so many blocks in each run, its meter, and a census that finds what it is told."""

    adds: list[int]
    always: int = 0
    takes_s: float = 0.0
    clock: object = None
    found: list[object] = field(default_factory=list)
    begun: list[Care] = field(default_factory=list)
    runs: int = 0
    blocks: int = 1000
    censuses: int = 0
    ended: int = 0
    signals: tuple[object, ...] = SIGNALS
    stale: list[bool] = field(default_factory=list)
    thawed: int = 0

    def stands(self):
        return not (self.stale and self.stale.pop(0))

    def thaw(self):
        self.thawed += 1

    def run(self):
        self.blocks += self.adds[self.runs] if self.runs < len(self.adds) else self.always
        self.runs += 1
        if self.clock is not None:
            self.clock.pass_by(self.takes_s)
        for one in self.found:
            one.append(None)

    def begin(self, care):
        self.begun.append(care)

    def end(self):
        self.ended += 1

    def read(self, into: array, row: int):
        into[row * WIDTH + BLOCKS] = self.blocks

    def census(self):
        self.censuses += 1
        return self

    def grown_since(self):
        return [Grown(one, 0, len(one)) for one in self.found]


def hunt(workload, clock=lambda: 0.0, first_run=None, **patience):
    """A hunt of this workload."""
    return Hunt(workload.run, workload, Patience(**patience), clock=clock, census=workload.census, first_run=first_run)


def changes_in(catch):
    """What each judged round added to the blocks."""
    return catch.series[BLOCKS].changes


def test_a_clean_workload_runs_four_times():
    """One warm-up and three rounds that add nothing are enough, and no container is counted."""
    workload = Workload([500])
    catch = hunt(workload).pursue()
    assert (catch.ruling.kind, catch.rounds, workload.begun) == (LeakKind.CLEAN, 4, [Care.QUICK])
    assert (changes_in(catch), catch.containers, catch.followed, workload.censuses) == ((0, 0, 0), (), (), 0)


def test_more_rounds_are_run_when_wanted():
    """A workload is clean after no fewer rounds than are wanted."""
    assert hunt(Workload([]), least=10).pursue().rounds == 11


def test_a_leak_is_looked_at_thoroughly():
    """Six quick rounds don't settle it, three more warm it up, and twelve thorough ones with those before are enough.

    Then six more show that it goes on when the interpreter's caches are cleared.
    """
    workload = Workload([], always=2)
    catch = hunt(workload).pursue()
    assert (catch.ruling.kind, catch.rounds, workload.begun) == (LeakKind.LEAK, 1 + 6 + 3 + 12 + 3 + 6, list(Care))
    assert changes_in(catch) == (2,) * 12
    assert per_round(catch) == {LeakSignal.BLOCKS: 2}


def test_thorough_rounds_begin_with_one_that_prepares():
    """Whoever prepares the interpreter gets the first of each kind, with its reading; as many are run, and all is listed again."""
    workload, plain = Workload([], always=2), Workload([], always=2)
    first = []

    def first_run(run):
        before = workload.runs
        run()
        first.append((before, workload.runs))

    catch = hunt(workload, first_run=first_run).pursue()
    assert catch == hunt(plain).pursue()
    assert first == [(7, 8), (7 + 3 + 12, 7 + 3 + 12 + 1)]
    assert workload.thawed == plain.thawed + 2


def test_a_clean_workload_is_not_prepared():
    """Quick rounds, which decide about most, don't wait for that."""
    assert hunt(Workload([]), first_run=None).pursue() == hunt(Workload([]), first_run=pytest.fail).pursue()


def test_quick_rounds_are_kept_as_earlier_ones():
    """What quick rounds added is known to the ruling, apart from what thorough ones added."""
    catch = hunt(Workload([9, 1, 2, 3, 4, 5, 6], always=7)).pursue()
    assert catch.series[BLOCKS].earlier == (1, 2, 3, 4, 5, 6)
    assert set(changes_in(catch)) == {7}


def test_containers_are_followed():
    """What the census found is followed through the thorough rounds, and handed over with its lengths."""
    kept = []
    catch = hunt(Workload([], always=1, found=[kept])).pursue()
    assert (catch.ruling.containers, catch.followed) == ((0,), (kept,))
    assert catch.containers[0].changes == (1,) * 12


def test_a_leak_without_a_container_counts_them_again():
    """What grows only now and then is found by counting all containers once more at the end."""
    workload = Workload([], always=1)
    before = hunt(workload)
    workload.grown_since = lambda: [Grown([1], 0, 1)] if before.rounds > 10 else []
    catch = before.pursue()
    assert (catch.containers, catch.late) == ((), (Grown([1], 0, 1),))


@pytest.mark.parametrize(("runs", "excuse"), [(3, "after 4 rounds and 3 s"), (12, "after 13 rounds and 12 s")])
def test_a_slow_hunt_is_given_up(clock, runs, excuse):
    """An undecided hunt ends when its time is up, in quick rounds or in thorough ones, and says so."""
    workload = Workload([], always=1, takes_s=1, clock=clock)
    catch = hunt(workload, clock, budget_s=runs).pursue()
    assert catch.ruling.kind is LeakKind.INCONCLUSIVE
    assert excuse in catch.ruling.why
    assert catch.duration_s >= runs


def test_what_neither_rests_nor_grows_is_given_up():
    """A hunt of growth that shrinks ends with 48 thorough rounds and 48 with cleared caches, and says that it isn't decided."""
    catch = hunt(Workload([round(1000 * (run + 1) ** -0.5) for run in range(199)])).pursue()
    assert (catch.ruling.kind, catch.rounds) == (LeakKind.INCONCLUSIVE, 58 + 51)
    assert "neither rests nor grows steadily" in catch.ruling.why


def test_what_cleared_caches_stop_is_no_leak():
    """What grows until the interpreter's caches are cleared is in them."""
    workload = Workload([], always=1)
    begin = workload.begin

    def clear(care):
        begin(care)
        workload.always = int(care is not Care.CLEARED)

    workload.begin = clear
    catch = hunt(workload).pursue()
    assert (catch.ruling.kind, workload.begun) == (LeakKind.CLEAN, [*Care, Care.CLEARED])
    assert "caches of the interpreter" in catch.ruling.why


def test_containers_are_counted_once_for_a_leak_of_every_round():
    """One that goes on at once when the caches are cleared needs no second census; one that doesn't has one."""
    steady, rare = Workload([], always=2), Workload([0, 1] * 60)
    assert {hunt(steady).pursue().ruling.kind, hunt(rare).pursue().ruling.kind} == {LeakKind.LEAK}
    assert (steady.censuses, rare.censuses) == (1, 2)


def test_rows_that_do_not_stand_are_read_again():
    """Where what was left out of collections had become garbage, the rows so far are not judged; new ones are."""
    workload = Workload([9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 5], always=2, stale=[True])
    catch = hunt(workload).pursue()
    assert (catch.ruling.kind, set(changes_in(catch))) == (LeakKind.LEAK, {2})
    assert hunt(Workload([], always=2, stale=[False, False, False, True])).pursue().ruling.kind is LeakKind.LEAK


def test_what_only_cleared_caches_show_is_no_leak():
    """A workload that is at rest by itself is not looked at with cleared caches."""
    workload = Workload([0] + [1] * 8)
    assert (hunt(workload).pursue().ruling.kind, workload.begun) == (LeakKind.CLEAN, [Care.QUICK, Care.THOROUGH])


@pytest.mark.parametrize(
    ("adds", "rounds"), [([], 5), ([9, 9], 6), ([9, 1, 2, 1, 1, 2, 1], 7), ([9, 1, 1, 2, 1, 1, 1], 7)]
)
def test_a_known_leak_is_recognised_in_quick_rounds(adds, rounds):
    """A workload that fills a container that is known to leak is decided by four rounds that add the same, or by six that add something."""
    kept = []
    workload = Workload(adds, always=1, found=[kept])
    catch = Hunt(workload.run, workload, clock=lambda: 0.0, suspects=[[], kept]).pursue()
    assert (catch.ruling.kind, catch.ruling.containers, catch.rounds) == (LeakKind.LEAK, (1,), rounds)
    assert catch.followed[1] is kept


def test_a_known_leak_needs_the_rounds_that_are_wanted():
    """Who asks for more rounds gets them, in a workload that trips over a known leak too."""
    kept = []
    workload = Workload([], always=1, found=[kept])
    catch = Hunt(workload.run, workload, Patience(least=10), lambda: 0.0, suspects=[kept]).pursue()
    assert (catch.ruling.kind, catch.rounds) == (LeakKind.LEAK, 11)


def test_what_a_round_raises_ends_the_hunt():
    """An error in the workload is not swallowed."""
    workload = Workload([])
    before = Hunt(lambda: 1 / 0, workload)
    with pytest.raises(ZeroDivisionError):
        before.pursue()
    assert (before.rounds, before.elapsed_s >= 0, workload.ended) == (0, True, 1)


def test_verdicts_are_as_sure_as_they_say():
    """Of 2 000 series, clean and leaking, noisy and not, no clean one is accused and 1 % of the leaks are missed at most."""
    tallies = simulate(2000, kinds=[kind for kind in KINDS if kind.truth is not Truth.EITHER])
    assert (false_alarms(tallies), missed(tallies) <= 0.01) == (0, True), report(tallies)


def test_long_hunts_tell_before_each_round_how_they_stand(clock):
    """From the second on that a hunt takes, each round begins with the runs so far, what they added, and the time left."""
    told = []
    workload = Workload([], always=2, takes_s=0.5, clock=clock)
    Hunt(workload.run, workload, Patience(budget_s=2.2), clock, workload.census).pursue(told.append)
    assert [(one.rounds, one.judged, one.per_round) for one in told] == [
        (2, 1, {"blocks": 2.0}),
        (3, 2, {"blocks": 2.0}),
        (4, 3, {"blocks": 2.0}),
    ]
    assert [(one.elapsed_s, round(one.left_s, 1)) for one in told] == [(1.0, 1.2), (1.5, 0.7), (2.0, 0.2)]


def test_short_hunts_are_silent(clock):
    """Within the first second nobody is told anything."""
    told = []
    workload = Workload([], takes_s=0.2, clock=clock)
    Hunt(workload.run, workload, clock=clock, census=workload.census).pursue(told.append)
    assert told == []


def test_an_interrupted_hunt_tells_what_it_read():
    """What was read until then is inconclusive, with the run that was interrupted; the thorough series outlives the next one's start."""

    def interrupted_in(run, care):
        workload = Workload([], always=3)
        one = Hunt(workload.run, workload, clock=lambda: 0.0, census=workload.census)
        workload.run_as_before = workload.run

        def stop():
            if workload.begun[-1] is care and workload.runs == run - 1:
                raise KeyboardInterrupt
            workload.run_as_before()

        one._run = stop
        with pytest.raises(KeyboardInterrupt):
            one.pursue()
        return one.break_off()

    quick = interrupted_in(4, Care.QUICK)
    assert (quick.ruling.kind, quick.ruling.why) == (LeakKind.INCONCLUSIVE, "interrupted in run 4")
    assert (quick.rounds, changes_in(quick)) == (3, (3, 3))
    assert changes_in(interrupted_in(1, Care.QUICK)) == ()
    thorough = interrupted_in(14, Care.THOROUGH)
    assert changes_in(thorough) == (3, 3, 3)
    cleared = interrupted_in(29, Care.CLEARED)
    assert (cleared.rounds, len(changes_in(cleared)), cleared.ruling.why) == (28, 12, "interrupted in run 29")


@pytest.mark.parametrize("least", [3, 6, 30])
def test_what_leaks_as_often_as_it_must_rest_is_seen(least):
    """A leak in every k-th run, for k up to the rounds in which nothing may be added, is found wherever it begins."""
    for every in range(1, flat_rounds(least) + 1):
        for first in range(every):
            adds = [int(run % every == first) for run in range(9 * least + 200)]
            assert hunt(Workload(adds), least=least, budget_s=inf).pursue().ruling.kind is LeakKind.LEAK, (every, first)


@pytest.mark.parametrize("every", [2, 5, 7])
def test_a_container_that_fills_as_rarely_as_rounds_allow_is_followed(every):
    """With three rounds for each k, a census covers k of them, and so sees what every k-th run fills, wherever it begins."""
    for first in range(every):
        kept = []
        workload = Workload([int(run % every == first) for run in range(400)])

        def run(workload=workload, kept=kept):
            kept.extend([None] * workload.adds[workload.runs])
            workload.run()

        def census(kept=kept):
            before = len(kept)
            grown_since = lambda: [Grown(kept, before, len(kept))] if len(kept) > before else []  # noqa: E731
            return SimpleNamespace(grown_since=grown_since)

        catch = Hunt(run, workload, Patience(least=3 * every), clock=lambda: 0.0, census=census).pursue()
        assert (catch.ruling.kind, catch.followed) == (LeakKind.LEAK, (kept,)), first


@pytest.mark.parametrize("texts", [1, 2, 0])
def test_texts_that_the_interpreter_keeps_are_named(texts, monkeypatch):
    """Where interned texts are never let go of, blocks that come no faster than they do are told to be theirs."""
    workload = Workload([], always=1)
    monkeypatch.setattr(hunt_module, "interned_count", lambda: 40_000 + texts * workload.runs)
    catch = hunt(workload).pursue()
    assert catch.ruling.kind is LeakKind.LEAK
    assert (catch.ruling.why or "").startswith("only interned texts grew") is bool(texts)


def test_a_container_that_grows_with_texts_leaks(monkeypatch):
    """Who keeps the texts is to blame."""
    workload = Workload([], always=1, found=[[]])
    monkeypatch.setattr(hunt_module, "interned_count", lambda: 40_000 + workload.runs)
    ruling = hunt(workload).pursue().ruling
    assert (ruling.kind, ruling.why) == (LeakKind.LEAK, None)
