"""Leaks that an earlier test showed are told again, with the amounts of the test that trips over them."""

import pytest

from pytest_memopt.leaks.catch import Catch
from pytest_memopt.leaks.culprits import Blame
from pytest_memopt.leaks.finding import Culprit
from pytest_memopt.leaks.ruling import LeakKind, Ruling
from pytest_memopt.leaks.series import ContainerGrowth, Levels
from pytest_memopt.leaks.shown import ShownLeaks
from pytest_memopt.meters.rounds import LeakSignal

SESSION = Culprit("app.Session", 1, 56, "app.POOL", "list", "app.POOL[*]", site="app.py:3 in connect")
TEXT = Culprit("str", None, 100, "app.POOL", path="app.POOL[*].text", example="text 7")
ELSEWHERE = Culprit("app.Session", 1, 56, "app.OTHER", "list", "app.OTHER[*]")


def catch(*grown, signals=(LeakSignal.BLOCKS,), ruling=None, added=None):
    """What a hunt brought in which each of these containers grew by so much a round, and signals by what was added."""
    keys = range(len(grown))
    return Catch(
        ruling=Ruling(LeakKind.LEAK, signals, tuple(keys) if ruling is None else ruling),
        rounds=4,
        series=tuple(Levels(signal, (0, add, 2 * add)) for signal, add in (added or {}).items()),
        containers=tuple(
            ContainerGrowth(key, "list", (0, add, 2 * add)) for key, (_, add) in zip(keys, grown, strict=True)
        ),
        followed=tuple(container for container, _ in grown),
        late=(),
        duration_s=0.0,
    )


def shown(caught, *culprits, container=None):
    """What is remembered when these are to blame."""
    leaks = ShownLeaks()
    leaks.add(caught, Blame(culprits, container))
    return leaks


def test_the_container_that_the_finding_names_is_watched():
    """Others may have grown along with it, and more; where the finding names none, the leak isn't known again."""
    noise, pool = [], []
    both = catch((noise, 3), (pool, 1))
    assert shown(both, SESSION, container=pool).containers == [pool]
    assert shown(both, SESSION).containers == []
    assert shown(both, container=pool).containers == shown(catch(), SESSION, container=pool).containers == []


@pytest.mark.parametrize(("add", "site"), [(1, SESSION.site), (3, None)])
def test_amounts_are_those_of_the_newer_test(add, site):
    """A test that adds three times as much is told three of each, without the line, which may be another one."""
    pool = []
    first, second = shown(catch((pool, 1)), SESSION, TEXT, container=pool).culprits_of(catch((pool, add)))
    assert first == SESSION._replace(count_per_round=add, bytes_per_round=56 * add, site=site)
    assert (second.count_per_round, second.bytes_per_round, second.example) == (None, 100 * add, None)


def test_what_is_held_elsewhere_is_not_told_again():
    """Two tests may fill one registry, and each another list beside it: that list is the first test's alone."""
    pool = []
    leaks = shown(catch((pool, 1)), SESSION, ELSEWHERE, TEXT, container=pool)
    assert [one.path for one in leaks.culprits_of(catch((pool, 1)))] == ["app.POOL[*]", "app.POOL[*].text"]


BLOCKS, SMALL, HEAP = LeakSignal.BLOCKS, LeakSignal.SMALL_BYTES, LeakSignal.HEAP_BYTES


@pytest.mark.parametrize(
    ("per_element", "is_known"),
    [
        ({BLOCKS: 8, SMALL: 1000}, True),
        ({BLOCKS: 9, SMALL: 900, HEAP: 1100}, True),
        ({BLOCKS: 8, SMALL: 200}, True),
        ({BLOCKS: 8, SMALL: 1000, HEAP: 5000}, False),
        ({BLOCKS: 12, SMALL: 1000}, False),
        ({BLOCKS: 4, SMALL: 1000}, False),
    ],
)
@pytest.mark.parametrize("add", [1, 3])
def test_a_leak_of_other_amounts_is_another_one(per_element, is_known, add):
    """Where an element comes with more or less memory than before, who holds that is to be found anew."""
    pool = []
    leaks = shown(catch((pool, 1), added={BLOCKS: 8, SMALL: 1000}), SESSION, container=pool)
    again = catch((pool, add), added={signal: amount * add for signal, amount in per_element.items()})
    assert bool(leaks.culprits_of(again)) is is_known


def test_leaks_of_several_amounts_are_kept_beside_each_other():
    """A container may be filled with small things by some tests and with large ones by others: each is named once."""
    pool, small, large = [], {BLOCKS: 8}, {BLOCKS: 80}
    leaks = shown(catch((pool, 1), added=small), SESSION, container=pool)
    leaks.add(catch((pool, 1), added=large), Blame((SESSION._replace(bytes_per_round=5600),), pool))
    found = [leaks.culprits_of(catch((pool, 1), added=added))[0].bytes_per_round for added in (small, large, small)]
    assert found == [56, 5600, 56]
    assert leaks.containers == [pool]


def test_another_type_in_the_same_container_is_another_leak():
    """A known leak must not hide what a test adds to the same registry."""
    pool = [SESSION]
    leaks = shown(catch((pool, 1)), SESSION, container=pool)
    assert leaks.culprits_of(catch((pool, 1)))
    pool.append("text")
    assert leaks.culprits_of(catch((pool, 1))) == ()


@pytest.mark.parametrize(("own_file", "site"), [("app.py", None), ("test_app.py", SESSION.site), ("", SESSION.site)])
def test_a_line_of_the_first_test_is_not_told_of_another(own_file, site):
    """A line in the test's own file is behind its leak alone; one in what is tested is behind all."""
    pool = []
    leaks = ShownLeaks()
    leaks.add(catch((pool, 1)), Blame((SESSION,), pool), own_file=own_file)
    assert leaks.culprits_of(catch((pool, 1)))[0].site == site


def test_amounts_are_by_what_the_container_took():
    """A container may take more elements than there are of the first kind: twice as many are still the same leak."""
    pool = []
    leaks = shown(catch((pool, 2)), SESSION, container=pool)
    assert leaks.culprits_of(catch((pool, 2)))[0].count_per_round == 1


@pytest.mark.parametrize("signal", [LeakSignal.FDS, LeakSignal.TASKS])
def test_what_the_system_counts_is_the_tests_own(signal):
    """Descriptors, threads, processes and tasks are to be named anew."""
    pool = []
    leaks = shown(catch((pool, 1)), SESSION, container=pool)
    assert leaks.culprits_of(catch((pool, 1), signals=(signal,))) == ()


def test_another_leak_is_told_by_nobody():
    """A container that only grew beside what leaks, or that nobody knows, is no leak that was shown."""
    pool = []
    leaks = shown(catch((pool, 1)), SESSION, container=pool)
    assert leaks.culprits_of(catch((pool, 1), ruling=())) == leaks.culprits_of(catch(([], 1))) == ()


def test_not_endlessly_many_are_kept():
    """What is watched costs each test a little."""
    leaks = ShownLeaks()
    for _ in range(50):
        pool = []
        leaks.add(catch((pool, 1)), Blame((SESSION,), pool))
    assert len(leaks.containers) == 32
