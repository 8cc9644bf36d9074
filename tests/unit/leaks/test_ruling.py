"""The ruling on series of levels: what is flat, what grows, and what is not decided yet."""

import random
from itertools import accumulate, pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.leaks.ruling import LeakKind, Ruling, flat_rounds, is_flat, keeps_growing, rule, trips_evenly
from pytest_memopt.leaks.series import ContainerGrowth, Levels
from pytest_memopt.meters.rounds import LeakSignal

BLOCKS, HEAP, RSS = LeakSignal.BLOCKS, LeakSignal.HEAP_BYTES, LeakSignal.RSS_BYTES
CLEAN, LEAK, FILLING = LeakKind.CLEAN, LeakKind.LEAK, LeakKind.FILLING_CACHE
SIGNALS_BUT_RSS = [signal for signal in LeakSignal if signal is not RSS]
PATTERNS = st.lists(st.integers(-1000, 1000), min_size=1, max_size=6)


def series(changes, signal=BLOCKS, start=0, earlier=()):
    """A signal that changes so."""
    return Levels(signal, tuple(accumulate(changes, initial=start)), tuple(earlier))


def kind_of(*signals, containers=(), least=3):
    """The word for these signals; ``None`` while it isn't decided."""
    ruling = rule(signals, containers, least=least)
    return ruling and ruling.kind


def first_word(changes, containers=(), least=3):
    """The first word on rounds that come one by one, and after how many."""
    for rounds in range(1, len(changes) + 1):
        followed = [one._replace(lengths=one.lengths[: rounds + 1]) for one in containers]
        kind = kind_of(series(changes[:rounds]), containers=followed, least=least)
        if kind:
            return kind, rounds
    return None, len(changes)


def noise(seed, size, rounds=48):
    """Levels that have nothing to do with each other, and what lies between them."""
    rng = random.Random(seed)
    levels = [rng.randint(-size, size) for _ in range(rounds + 1)]
    return [after - before for before, after in pairwise(levels)]


@given(st.integers(1, 30), st.integers(0, 10**12))
def test_nothing_added_is_clean_as_soon_as_wanted(least, level):
    """A signal that doesn't move is clean after as many rounds as are wanted, and not before."""
    assert kind_of(series([0] * least, start=level), least=least) is CLEAN
    assert kind_of(series([0] * (least - 1), start=level), least=least) is None


def test_no_signal_at_all_is_not_decided():
    """Without any signal nothing can be said."""
    assert rule([], []) is None


@given(st.integers(0, 3).flatmap(lambda count: st.lists(st.integers(1, 10**6), min_size=count, max_size=count)))
def test_warm_ups_are_clean(steps):
    """What is added in up to three rounds, and then no more, is clean three rounds later."""
    assert first_word([*steps, 0, 0, 0, 0]) == (CLEAN, len(steps) + 3)


@pytest.mark.parametrize(("least", "flat"), [(1, 3), (3, 3), (6, 4), (21, 14)])
def test_more_rounds_want_longer_rest(least, flat):
    """Two thirds of the rounds that are wanted must be flat, three at least."""
    assert flat_rounds(least) == flat


def test_rest_is_wanted_of_every_exact_signal():
    """One signal that moves is enough not to be at rest; resident memory doesn't count."""
    still, moving = series([0, 0, 0]), series([0, 0, 1], HEAP)
    assert is_flat([still])
    assert not is_flat([still, moving])
    assert is_flat([still, series([4096] * 3, RSS)])


@given(PATTERNS.filter(lambda pattern: len(pattern) > 1))
def test_a_pattern_without_a_sum_is_at_rest(pattern):
    """What comes and goes in a cycle of up to six rounds is at rest when the cycle was seen twice."""
    cycle = [*pattern[:-1], -sum(pattern[:-1])]
    assert kind_of(series(cycle * 2)) is CLEAN


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12), st.integers(2, 8), st.integers(0, 11))
def test_a_pattern_without_a_sum_is_never_a_leak(pattern, times, start):
    """No cycle that adds up to nothing is a leak, wherever its rounds begin."""
    cycle = [*pattern[:-1], -sum(pattern[:-1])] * (times + 1)
    changes = cycle[start % len(pattern) :][:48]
    assert first_word(changes)[0] in (CLEAN, None)


@given(st.integers(1, 10**9), st.integers(0, 10**12))
def test_steady_growth_is_a_leak_within_16_rounds(rate, start):
    """The same again in each of 16 rounds is a leak, and in fewer it isn't decided."""
    growth = series([rate] * 16, start=start)
    assert rule([growth], []) == Ruling(LEAK, (BLOCKS,))
    assert rule([series([rate] * 15, start=start)], []) is None


def test_growth_that_hardly_varies_is_a_leak_within_16_rounds():
    """Growth need not be the same each time: what varies by a tenth is a leak as soon."""
    rng = random.Random(5)
    kinds = [kind_of(series([rng.randint(90, 110) for _ in range(16)])) for _ in range(200)]
    assert kinds.count(LEAK) >= 190


@pytest.mark.parametrize(("earlier", "rounds"), [([1] * 6, 12), ([900, 1, 1, 1], 13), ([900, 80, 1, -5], 16), ([], 16)])
def test_earlier_rounds_count_when_they_grew_alike(earlier, rounds):
    """Quick rounds before count towards the 16, but twelve thorough ones are wanted."""
    kinds = [kind_of(series([1] * count, earlier=earlier)) for count in (rounds - 1, rounds)]
    assert kinds == [None, LEAK]


@given(st.integers(2, 12), st.integers(1, 1000), st.integers(0, 11))
def test_what_is_flushed_every_few_rounds_is_never_a_leak(period, rate, start):
    """What grows by the same for up to eleven rounds, and is let go of then, is no leak."""
    changes = ([rate] * (period - 1) + [-rate * (period - 1)]) * 30
    assert first_word(changes[start : start + 48])[0] in (CLEAN, None)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(-5, 9), min_size=1, max_size=48))
def test_a_constant_added_to_all_levels_changes_nothing(constant, changes):
    """Only what is added matters, not what there is."""
    assert rule([series(changes, start=constant)], []) == rule([series(changes)], [])


@given(st.permutations(SIGNALS_BUT_RSS), st.integers(0, 7), st.integers(16, 48))
def test_the_order_of_signals_does_not_matter(order, growing, rounds):
    """The word is the same in whatever order the signals come."""
    rng = random.Random(rounds)
    changes = {signal: [rng.choice((0, 1)) * (signal in order[:growing])] * rounds for signal in LeakSignal}
    rulings = [
        rule([series(changes[signal], signal) for signal in signals], []) for signals in (order, SIGNALS_BUT_RSS)
    ]
    assert rulings[0].kind is rulings[1].kind
    assert set(rulings[0].signals) == set(rulings[1].signals)


@pytest.mark.parametrize("every", range(2, 8))
def test_a_leak_every_few_rounds_is_found_when_asked_for(every):
    """A leak in each second to seventh round is found when a cache that fills would have slowed down, and is never called clean."""
    changes = ([0] * (every - 1) + [1]) * 24
    for start in range(every):
        kind, rounds = first_word(changes[start:], least=3 * every)
        assert (kind, rounds) == (LEAK, max(3 * every, ceil(16 * every**0.5)))


@pytest.mark.parametrize("pattern", [(5, -4), (100, -300, 201), (7, 0, 0, -6, 0), tuple(noise(3, 1000, 12))])
def test_a_leak_beside_a_cycle_is_found_when_the_cycle_was_seen_thrice(pattern):
    """A pattern that adds something on the whole is a leak, and is not called calm before it was seen thrice."""
    pattern = (*pattern[:-1], 1 - sum(pattern[:-1]))
    assert first_word(pattern * 8) == (LEAK, max(3 * len(pattern), 16))


def test_a_burst_neither_is_growth_nor_hides_it():
    """An arena that is taken once is no leak; beside a leak it doesn't matter."""
    changes = [0, 1, -1, 0, 544_768, 1, 0, -1, 1, 0, -1, 1, 0, 0, -1, 1, 0, 0, -1]
    assert not keeps_growing(changes)
    assert keeps_growing([64, 64, 64, 544_832, *[64] * 16])


def test_a_leak_that_was_masked_is_found_after_it_shows():
    """What is let go of in the first rounds doesn't hide what each of the 16 that follow adds."""
    assert first_word([-7] * 9 + [1] * 39) == (LEAK, 25)


@pytest.mark.parametrize("at_first", range(5, 16))
def test_a_leak_that_adds_less_once_gaps_are_filled_is_found(at_first):
    """Blocks of 48 bytes that first take gaps of 64 are a leak: they lose less than a cache would that fills for so long."""
    verdict, rounds = first_word([64] * at_first + [48] * 43)
    assert verdict is LEAK
    assert rounds <= 32 + at_first


@pytest.mark.parametrize("capacity", [60, 100, 150, 300, 1000])
@pytest.mark.parametrize("share", [0.03, 0.04, 0.07])
def test_a_cache_that_fills_by_whole_elements_is_no_leak(share, capacity):
    """A share that is rounded stays the same for long, then falls by a half or a third at once: that is no small loss."""
    left, changes = capacity, []
    while len(changes) < 54:
        changes.append(round(share * left))
        left -= changes[-1]
    assert first_word(changes)[0] in (CLEAN, None)


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("capacity", [20, 45, 60, 100, 1000, 10**6])
def test_a_cache_that_fills_is_no_leak(share, capacity):
    """What a round fills by 3 % of what is left, or more, is never a leak."""
    levels = [round(capacity * (1 - (1 - share) ** run)) for run in range(5, 54)]
    changes = [after - before for before, after in pairwise(levels)]
    assert first_word(changes)[0] in (CLEAN, None)


def test_a_leak_that_shrinks_is_neither_clean_nor_steady():
    """What adds less and less, and never nothing, is not decided: it may be a cache."""
    levels = [round(1000 * run**0.5) for run in range(10, 60)]
    assert first_word([after - before for before, after in pairwise(levels)])[0] is None


@pytest.mark.parametrize("size", [1, 20, 10_000])
def test_noise_is_clean(size):
    """What goes up and down without a trend is clean."""
    words = [first_word(noise(seed, size)) for seed in range(20)]
    assert {kind for kind, _ in words} == {CLEAN}


def test_noise_is_looked_at_for_24_rounds():
    """Where levels never rest, 24 rounds at least are wanted, and the ruling says why it is clean."""
    changes = noise(7, 10_000)
    rounds = first_word(changes)[1]
    assert rounds >= 24
    assert rule([series(changes[:rounds])], []) == Ruling(CLEAN, why="it goes up and down, without a trend")


@pytest.mark.parametrize("seed", range(10))
def test_a_leak_beside_noise_is_never_clean(seed):
    """A leak of a sixth of what goes up and down is not called clean, and one as large as it is found."""
    assert first_word([change + 5 for change in noise(seed, 30)])[0] is not CLEAN
    assert first_word([change + 30 for change in noise(seed, 30)])[0] is LEAK


def test_rising_resident_memory_alone_is_fragmentation():
    """Where all that is counted rests and resident memory rises steadily, the pages are to blame."""
    resident = series([4096] * 16, RSS)
    ruling = rule([series([9, 9, -1] * 4 + [0] * 4), resident], [])
    assert (ruling.kind, ruling.signals) == (LeakKind.FRAGMENTATION, (RSS,))


def container(changes, key=0, bound=None):
    """A list that changes its length so."""
    return ContainerGrowth(key, "list", tuple(accumulate(changes, initial=0)), bound)


@pytest.mark.parametrize("kind", ["bytearray", "array.array"])
def test_a_buffer_that_grows_in_place_is_never_at_rest(kind):
    """Memory that is flat for a dozen runs is none: it comes in one large step, and then it is a leak."""
    steps = [0] * 20 + [9000] + [0]
    filled = container([1000] * len(steps))._replace(type=kind)
    for rounds in range(3, 21):
        assert rule([series(steps[:rounds])], [filled._replace(lengths=filled.lengths[: rounds + 1])]) is None
    found = rule([series(steps)], [filled])
    assert (found.kind, found.containers) == (LeakKind.LEAK, (0,))


def test_a_buffer_that_is_emptied_may_be_at_rest():
    """One that takes something in most runs, and gives it back in others, is judged by memory."""
    filled = container([1000, 1000, -2000] * 4)._replace(type="bytearray")
    assert rule([series([0] * 12)], [filled]).kind is LeakKind.CLEAN


def test_containers_that_grow_along_are_named():
    """A leak names the containers without a bound that grow in each quarter of the rounds, and no others."""
    along, late = container([1, 0] * 8, 3), container([0] * 8 + [5] * 8, 4)
    assert rule([series([1] * 16)], [along, late]) == Ruling(LEAK, (BLOCKS,), (3,))


def test_a_list_that_grows_is_a_leak_by_itself():
    """A container that grows steadily is a leak though memory grows only now and then, but not when nothing moves."""
    now_and_then = series([0, 0, 0, 32, *[0] * 5, 32, *[0] * 7, 32])
    assert rule([now_and_then], [container([1] * 18, 2)]) == Ruling(LEAK, (), (2,))
    assert kind_of(series([0] * 18), containers=[container([1] * 18)]) is CLEAN


@given(
    st.integers(1, 100),
    st.integers(1, 10**6),
    st.lists(st.integers(0, 9), max_size=6),
)
def test_a_bounded_container_never_leads_to_a_leak(bound, rate, warm_up):
    """What fills a container with a bound is no leak, before it is full or after."""
    grown = [1] * min(bound, 48) + [0] * max(0, 48 - bound)
    changes = [rate * one for one in grown]
    changes[: len(warm_up)] = [rate * grown[0] + more for more in warm_up]
    kind, _ = first_word(changes, [container(grown, bound=bound)])
    assert kind in (CLEAN, FILLING)


def test_a_cache_that_fills_says_how_full_it_is():
    """The fullest of the bounded containers is named, with its bound."""
    fuller, other = container([2] * 16, 1, 500), container([1] * 16, 2, 100)
    ruling = rule([series([1] * 16)], [other, fuller])
    assert ruling == Ruling(FILLING, (BLOCKS,), (2, 1), "a bounded list fills: 32 of at most 500")


def suspect(lengths, bound=None):
    """A container with these lengths, which is known to leak."""
    return ContainerGrowth(7, "list", tuple(lengths), bound)


@given(st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(-9, 9), max_size=4))
def test_a_known_container_that_grows_evenly_leaks(blocks, elements, before):
    """Four rounds that add the same to it and to the blocks are enough, whatever came before."""
    changes, lengths = (*before, *(blocks,) * 4), (*before, *(elements,) * 4)
    grown = suspect(accumulate(lengths, initial=50))
    assert trips_evenly([series(changes)], [grown]) == Ruling(LEAK, (BLOCKS,), (7,))


@pytest.mark.parametrize(
    ("changes", "lengths", "bound"),
    [
        ((1, 1, 1), (0, 1, 2, 3), None),  # too few
        ((1, 1, 2, 1), (0, 1, 2, 3, 4), None),  # unlike amounts
        ((1, 1, 1, 1), (0, 1, 3, 4, 5), None),
        ((0, 0, 0, 0), (0, 1, 2, 3, 4), None),  # no memory
        ((1, 1, 1, 1), (4, 4, 4, 4, 4), None),  # another container's
        ((1, 1, 1, 1), (0, 1, 2, 3, 4), 9),  # a cache
    ],
)
def test_fewer_signs_need_more_rounds(changes, lengths, bound):
    """Anything less than that is not decided by four rounds."""
    assert trips_evenly([series(changes)], [suspect(lengths, bound)]) is None


def test_without_blocks_nothing_is_decided_early():
    """Where blocks can't be counted, other signals need the usual rounds."""
    assert trips_evenly([series((64,) * 4, HEAP)], [suspect(range(5))]) is None
