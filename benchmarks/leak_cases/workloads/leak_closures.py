"""Undo steps, each a closure over the text as it was."""

from collections.abc import Callable

UNDO: list[Callable[[], str]] = []


def edit(text: str) -> str:
    """Change ``text``, and remember how to change it back."""

    def back() -> str:
        return text

    UNDO.append(back)
    return text.upper()


def workload() -> None:
    """Edit a text once."""
    edit("some text" * 3)
