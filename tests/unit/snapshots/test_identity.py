from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.snapshots.containers import Column, Stamps
from pytest_memopt.snapshots.identity import Identities, identify, split

ADDRESSES = st.lists(st.integers(0, 2**48), unique=True, max_size=30)


class Session:
    pass


@given(ADDRESSES, ADDRESSES)
def test_split_agrees_with_sets(before, after):
    """New, survived and dead are the differences and the intersection of the two sets of identities."""
    parts = split(Identities(Column("Q", before)), Identities(Column("Q", after)))
    assert [after[row] for row in parts.new] == [one for one in after if one not in before]
    assert [after[row] for row in parts.survived] == [one for one in after if one in before]
    assert [before[row] for row in parts.dead] == [one for one in before if one not in after]


@given(ADDRESSES)
def test_the_same_objects_in_any_order_all_survive(addresses):
    """The collector may list the same objects in another order; all of them survived."""
    parts = split(Identities(Column("Q", addresses)), Identities(Column("Q", addresses[::-1])))
    assert (len(parts.new), len(parts.survived), len(parts.dead)) == (0, len(addresses), 0)


def test_instances_are_known_by_weak_reference():
    """The identity of an instance is that of its weak reference, which a later snapshot finds again."""
    sessions = [Session(), Session()]
    first, second = identify(Session, sessions), identify(Session, sessions)
    assert isinstance(first.values, Stamps)
    assert list(first.tokens()) == list(second.tokens())


def test_an_instance_at_a_used_address_has_another_identity():
    """As long as a snapshot is held, no later object gets the identity of one that it saw."""
    sessions = [Session() for _ in range(100)]
    first = identify(Session, sessions)
    sessions.clear()
    second = identify(Session, [Session() for _ in range(100)])
    assert set(first.tokens()).isdisjoint(second.tokens())


def test_builtin_objects_are_known_by_address():
    """Objects of builtin types are known by their address, in any number."""
    lists = [[] for _ in range(10_000)]
    assert list(identify(list, lists).tokens()) == list(map(id, lists))
