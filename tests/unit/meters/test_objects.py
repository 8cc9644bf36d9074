"""Objects that the collector tracks."""

import gc
import mmap
import sys

from pytest_memopt.meters.measurement import TypeUse
from pytest_memopt.meters.objects import (
    by_type,
    count_of_types,
    count_tracked,
    exceptions_alive,
    mapped_bytes,
    new_ids,
    new_objects,
    survivors,
)


class Session:
    """Something of the program's."""


class Liar:
    """Claims to be a map, and can't tell its size."""

    @property
    def __class__(self):
        raise RuntimeError("nobody may ask")

    def __sizeof__(self):
        raise RuntimeError("no")


class Meta(type):
    """Of classes that can't be hashed, nor compared."""

    def __eq__(cls, other):
        raise RuntimeError("nobody may compare")

    __hash__ = None


class Hostile(metaclass=Meta):
    """An instance of such a class."""


class Same(type):
    """Of classes that claim to be one another."""

    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(int)


class Numberlike(metaclass=Same):
    """Claims to be a number."""


def test_new_objects_are_counted(frozen):
    """After a freeze the count rises by what is made, and falls by what dies."""
    before = count_tracked()
    made = [Session() for _ in range(100)]
    assert count_tracked() - before >= 101
    made.clear()
    gc.collect()
    assert count_tracked() - before <= 2


def test_new_identities_are_of_what_is_new(frozen):
    """An object made since the freeze is among them, an older one isn't."""
    new = Session()
    ids = new_ids()
    assert id(new) in ids
    assert id(Session) not in ids


def test_survivors_leave_out_what_belongs_to_others(frozen):
    """What is reachable from others' objects is theirs, cycles included; what they only share with old ones isn't followed."""
    mine, report = [Session()], {"outer": [Session()]}
    report["outer"].append(report)
    found = {id(one) for one in survivors([report], new_objects())}
    assert {id(mine), id(mine[0])} <= found
    assert not {id(report), id(report["outer"]), id(report["outer"][0])} & found
    assert {id(report), id(mine)} <= {id(one) for one in survivors([], new_objects())}


def test_types_are_counted_with_their_own_sizes():
    """Instances are summed up by type, the most bytes first."""
    uses = by_type([Session(), Session(), [0] * 1000, {}])
    assert uses[0].type == "list"
    assert TypeUse("dict", 1, sys.getsizeof({})) in uses
    (sessions,) = (use for use in uses if use.type.endswith(".Session"))
    assert (sessions.count, sessions.bytes) == (2, 2 * sys.getsizeof(Session()))


def test_few_types_are_listed():
    """Of very many types the largest are told."""
    kinds = [type(f"Kind{number}", (), {}) for number in range(60)]
    assert 0 < len(by_type(kind() for kind in kinds)) < 60


def test_user_code_can_do_no_harm():
    """A size that can't be told counts as 0, and a class that lies isn't asked."""
    assert [(use.count, use.bytes) for use in by_type([Liar()])] == [(1, 0)]
    assert mapped_bytes([Liar()]) == 0


def test_classes_are_told_apart_by_identity(frozen):
    """A class that can't be hashed, or claims to be another one, is counted as what it is."""
    found = [Hostile(), Numberlike(), Numberlike(), 1]
    counted = {use.type.rpartition(".")[2]: use.count for use in by_type(found)}
    assert counted == {"Hostile": 1, "Numberlike": 2, "int": 1}
    assert count_of_types([f"{__name__}.Hostile"]) == {f"{__name__}.Hostile": 1}


def test_named_types_are_counted_everywhere(frozen):
    """A count by name takes the old ones too: what was frozen is thawed."""
    name = f"{__name__}.Session"
    before = count_of_types([name, "dict", "no.Such"])
    kept = [Session(), Session()]
    after = count_of_types([name, "dict", "no.Such"])
    assert after[name] - before[name] == len(kept)
    assert (after["dict"] > 100, after["no.Such"]) == (True, 0)
    assert gc.get_freeze_count() == 0


def test_memory_maps_count_as_large_as_they_are():
    """The bytes of maps that are open; a closed one has none."""
    with mmap.mmap(-1, 8192) as first, mmap.mmap(-1, 4096) as second:
        assert mapped_bytes([first, second, b"other"]) == 12_288
    assert mapped_bytes([first]) == 0


def test_exceptions_are_found_by_identity(frozen):
    """Of the exceptions in which a test ended, those that are alive are found; an id that was used again is no exception."""
    alive = ValueError("x")
    other = [1]
    assert exceptions_alive([id(alive), id(other), 12345]) == [alive]
