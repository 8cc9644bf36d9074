"""A registry that holds nothing alive, and the last 40 of those in it."""

import collections
import weakref


class Widget:
    """Registered as long as it lives."""


BY_ID: weakref.WeakValueDictionary[int, Widget] = weakref.WeakValueDictionary()
RECENT: collections.deque[Widget] = collections.deque(maxlen=40)


def workload() -> None:
    """Register one more."""
    widget = Widget()
    BY_ID[id(widget)] = widget
    RECENT.append(widget)
    weakref.finalize(widget, len, "gone")
