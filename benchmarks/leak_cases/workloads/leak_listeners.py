"""A bus to which every window subscribes and from which none is taken off."""

from collections import defaultdict
from collections.abc import Callable


class Bus:
    """Who listens to what."""

    def __init__(self) -> None:
        self.listeners: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def on(self, event: str, listener: Callable[[], None]) -> None:
        """Have ``listener`` called when ``event`` happens."""
        self.listeners[event].append(listener)


class Window:
    """What accumulates."""

    def __init__(self, bus: Bus) -> None:
        bus.on("resize", self.resized)

    def resized(self) -> None:
        """Nothing to do."""


BUS = Bus()


def workload() -> None:
    """Open a window and drop it."""
    Window(BUS)
