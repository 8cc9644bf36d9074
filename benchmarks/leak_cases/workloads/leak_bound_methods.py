"""A registry of what to call at the end, whose bound methods keep their instances."""

from collections.abc import Callable


class Session:
    """What accumulates."""

    def close(self) -> None:
        """Nothing to do."""


AT_END: list[Callable[[], None]] = []


def workload() -> None:
    """Open a session that asks to be closed at the end."""
    AT_END.append(Session().close)
