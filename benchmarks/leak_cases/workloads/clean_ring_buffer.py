"""The last 400 events, each of another size."""

import collections
import itertools

LAST: collections.deque[dict[str, object]] = collections.deque(maxlen=400)
NUMBERS = itertools.count()


def workload() -> None:
    """Add an event."""
    number = next(NUMBERS)
    LAST.append({"number": number, "text": "x" * (number * 37 % 900)})
