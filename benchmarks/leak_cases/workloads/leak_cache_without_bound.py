"""A cache in a dict that is asked for a new key each time and forgets none."""

import itertools

PAGES: dict[int, bytes] = {}
NUMBERS = itertools.count()


def render(number: int) -> bytes:
    """The page of ``number``, made once."""
    if number not in PAGES:
        PAGES[number] = b"page %d" % number
    return PAGES[number]


def workload() -> None:
    """Ask for a page that nobody asked for before."""
    render(next(NUMBERS))
