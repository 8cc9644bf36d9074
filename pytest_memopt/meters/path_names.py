"""Names of paths, which ``pathlib`` interns, and some versions of the interpreter keep for ever then."""

from __future__ import annotations

from typing import Any, Final

from .originals import copy_of, sys

INTERNED_ARE_KEPT: Final = (3, 12) <= sys.version_info < (3, 12, 6)  # gh-113993


class PathNames:
    """Owns whether ``pathlib`` interns the names of paths: while rounds are compared it doesn't.

    CPython 3.12.0 to 3.12.5 lets go of no interned text, and pytest gives a test a new folder for each run: with that
    alone each test that uses ``tmp_path`` would grow. Whether a name is interned only saves time, where paths are compared.
    """

    def __init__(self, *, are_kept: bool = INTERNED_ARE_KEPT) -> None:
        """Do nothing where the interpreter lets go of texts, unless told otherwise."""
        self._are_kept = are_kept
        self._changed: tuple[Any, Any, Any] | None = None

    def pass_by(self) -> None:
        """From now on names are not interned; once more changes nothing."""
        module = sys.modules.get("pathlib")
        if not self._are_kept or self._changed is not None or module is None:
            return
        before = vars(module).get("sys")
        if before is None:
            return
        instead: Any = copy_of(before)
        instead.intern = str
        vars(module)["sys"] = instead
        self._changed = module, before, instead

    def put_back(self) -> None:
        """As before, unless somebody else has changed it meanwhile."""
        if self._changed is None:
            return
        module, before, instead = self._changed
        self._changed = None
        if vars(module).get("sys") is instead:
            vars(module)["sys"] = before
