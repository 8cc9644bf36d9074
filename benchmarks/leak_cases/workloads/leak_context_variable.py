"""A trail in a context variable that grows with each request."""

import contextvars


class Span:
    """What accumulates."""


TRAIL: contextvars.ContextVar[tuple[Span, ...]] = contextvars.ContextVar("TRAIL", default=())


def workload() -> None:
    """Handle a request that adds to the trail."""
    TRAIL.set((*TRAIL.get(), Span()))
