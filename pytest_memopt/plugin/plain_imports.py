"""Importing our own modules past pytest's assertion rewriting, which takes longer and has nothing to do in them."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from _pytest.assertion.rewrite import AssertionRewritingHook


@contextmanager
def plain_imports() -> Generator[None, None, None]:
    """Have what is imported inside come from the interpreter's own cache of compiled modules.

    pytest rewrites the asserts of every plugin's modules and reads them by a loader of its own, which takes twice as
    long; we have a hundred, and no assert in them.
    """
    before = list(sys.meta_path)
    sys.meta_path[:] = [finder for finder in before if not isinstance(finder, AssertionRewritingHook)]
    plain = list(sys.meta_path)
    try:
        yield
    finally:
        # a module that was imported may have brought a finder of its own
        came = [finder for finder in sys.meta_path if finder not in plain]
        sys.meta_path[:] = [*came, *before]
