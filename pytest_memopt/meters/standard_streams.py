"""Writing out what the standard streams hold back, so that what a test prints isn't taken for what it keeps."""

from __future__ import annotations

import sys  # not from originals: streams are replaced at any time
from contextlib import suppress
from io import TextIOWrapper
from typing import Final

_NAMES: Final = ("stdout", "stderr")


def write_out_streams() -> None:
    """Flush standard output and error, which into a file or pipe (``pytest -s``) keep up to 8 KiB as objects.

    Only the interpreter's own kind of stream is: pytest's captured ones hold nothing back, and others may run code. One
    that is closed or broken is the program's affair, and is passed over.
    """
    for name in _NAMES:
        stream = getattr(sys, name, None)
        if type(stream) is TextIOWrapper:
            with suppress(Exception):  # whatever lies below the stream
                stream.flush()
