"""Keys of dicts for people: builtin ones as code would write them, others by their class, and no code of theirs is run."""

import pytest

from pytest_memopt.snapshots.attributes import attribute_name
from pytest_memopt.snapshots.frames import suspended_frame
from pytest_memopt.snapshots.keys import key_text


class Meta(type):
    """Of classes that can't be hashed, nor compared."""

    def __eq__(cls, other):
        raise RuntimeError("nobody may compare")

    __hash__ = None


class Hostile(metaclass=Meta):
    """An instance of such a class."""


class Owner:
    """Has attributes of such a class, one of them in the class itself."""

    __slots__ = ("held",)
    listed = Hostile()

    def __init__(self):
        self.held = Hostile()


@pytest.mark.parametrize(
    ("key", "text"),
    [("a", "'a'"), (3, "3"), (b"x", "b'x'"), (None, "None"), (1.5, "1.5"), (2**4000, "<int>"), (("a", 1), "('a', 1)")],
)
def test_plain_keys_read_as_in_code(key, text):
    """A short key of a builtin type is written as in source code, a long one by its type."""
    assert key_text(key) == text


def test_hostile_keys_are_told_by_their_class():
    """A class that can't be hashed, nor compared, is named like any other."""
    assert key_text(Hostile()) == f"<{__name__}.Hostile>"
    assert key_text((Hostile(),)) == f"(<{__name__}.Hostile>,)"


def test_attributes_of_hostile_classes_are_found():
    """What holds an instance of such a class, and what it is found by, are told without asking the class."""
    owner = Owner()
    assert attribute_name(owner, owner.held) == "held"
    assert suspended_frame(owner.held) is None
