"""A failure in words: one sentence, and the evidence below it."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """A failure in words.

    Attributes:
        headline: one sentence: what was measured, what was allowed, in how many runs.
        lines: the evidence, from the most to the least telling; the last one is the next command to try.
    """

    headline: str
    lines: tuple[str, ...]
