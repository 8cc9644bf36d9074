"""The one place that opens report files: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from ..errors import MemoptError


class ReportError(MemoptError):
    """A report file can't be written; the run itself is not touched by it."""


@contextmanager
def open_report(path: Path) -> Iterator[TextIO]:
    """A text file (UTF-8, Unix line ends) to write a report to; it appears under ``path`` only when the block ends well.

    Until then it is written beside it, under a hidden name; missing folders are made. When the block raises, what was
    written is removed, and an older report stays as it was. A device or a pipe is written to directly.

    Raises:
        ReportError: for every ``OSError`` on the way, with the path and the reason.
    """
    try:
        if _is_special(path):
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                yield stream
        else:
            yield from _replacing(Path(os.path.realpath(path)))
    except OSError as error:
        raise ReportError(f"can't write the report {path}: {error.strerror or error}") from error


def _is_special(path: Path) -> bool:
    """Whether there is something that a rename would destroy, such as ``/dev/stdout``."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _replacing(path: Path) -> Iterator[TextIO]:
    """Give a file beside ``path``, and move it there in the end."""
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder; name a file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:12]}.part")
    try:
        with part.open("x", encoding="utf-8", newline="\n") as stream:
            yield stream
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
