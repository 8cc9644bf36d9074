"""A list on a module to which every order is added."""


class Order:
    """What accumulates."""

    def __init__(self) -> None:
        self.lines = ["pen", "paper"]


HISTORY: list[Order] = []


def workload() -> None:
    """Place an order."""
    HISTORY.append(Order())
