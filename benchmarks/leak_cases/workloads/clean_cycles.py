"""Parents and children that hold each other, for the collector to find."""


class Part:
    """Half of a cycle."""

    def __init__(self, other: "Part | None" = None) -> None:
        self.other = other
        self.load = bytearray(400)


def workload() -> None:
    """Make a cycle and drop it."""
    first = Part()
    first.other = Part(first)
