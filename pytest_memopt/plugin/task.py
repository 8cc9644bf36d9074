"""What a pytest of its own is told to hunt, and in which words it answers."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import pytest

LEAK: Final = "leak"
PROBLEM: Final = "problem"


class Task(NamedTuple):
    """One test to be hunted.

    Attributes:
        path: the file that it is in.
        name: its name within that file, with those of its classes.
        options: the values of pytest's options, by their names in the code.
        sys_path: where modules are looked for.
        answer: the file for the answer.
        timeout_s: seconds after which nobody waits for it any more.
    """

    path: str
    name: str
    options: dict[str, Any]
    sys_path: list[str]
    answer: str
    timeout_s: float


def name_within_file(item: pytest.Item) -> str:
    """The name of ``item`` below its file: unlike the node id, it is the same however the file was asked for."""
    return "::".join(
        node.name for node in item.listchain() if not isinstance(node, (pytest.Session, pytest.Directory, pytest.File))
    )
