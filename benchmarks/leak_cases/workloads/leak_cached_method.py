"""A cache without a bound on a method: its keys hold every instance."""

import functools


class Price:
    """What accumulates."""

    @functools.lru_cache(maxsize=None)  # noqa: B019, UP033 - the very leak that this case is of
    def converted(self) -> float:
        """Worth remembering."""
        return 1.25


def workload() -> None:
    """Ask a new price once."""
    Price().converted()
