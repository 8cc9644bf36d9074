"""Patterns made on the fly, more of them than the cache of `re` holds."""

import itertools
import re

NUMBERS = itertools.count()


def workload() -> None:
    """Match by a pattern that is one of 700."""
    re.match(rf"item-{next(NUMBERS) % 700}-(\d+)$", "item-5-77")
