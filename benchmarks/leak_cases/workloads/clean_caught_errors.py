"""Errors raised from errors, through some frames, and caught."""


def descend(depth: int) -> None:
    """Fail at the bottom, and again on the way up."""
    numbers = list(range(30))
    if depth == 0:
        raise KeyError(numbers[0])
    try:
        descend(depth - 1)
    except (KeyError, ValueError) as error:
        raise ValueError(depth) from error


def workload() -> None:
    """Fail and go on."""
    try:
        descend(6)
    except ValueError as error:
        str(error)
