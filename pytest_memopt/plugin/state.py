"""What the plugin knows of an item: typed, kept in pytest's stash."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ..limits.limits import Limits
from ..limits.marks import Exemption
from ..meters.plan import Plan


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of one item.

    Attributes:
        limits: from marks, command line and ini, combined.
        exemption: from the ``memopt`` mark.
        plan: how it is measured.
    """

    limits: Limits
    exemption: Exemption
    plan: Plan


WANTED: pytest.StashKey[Wanted] = pytest.StashKey()
