"""Where installed code lies, and how a path is told that means the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import Final

INSTALLED: Final = ("site-packages", "dist-packages")


@cache
def library_folders() -> tuple[str, ...]:
    """Where Python's own library lies; asked for when it is wanted, which takes some milliseconds the first time."""
    import sysconfig

    return sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")


def shown_path(path: PurePath, root: PurePath, libraries: Sequence[PurePath] | None = None) -> str:
    """The path as people know it: below a folder of packages, Python's own library, or ``root``; else the whole.

    What is told from such a folder on has ``/`` between its parts on every platform: it is in signatures of leaks, which
    are to be the same wherever the tests run.

    Args:
        path: of a file.
        root: the folder of the project. An environment inside it isn't the project's; where the project itself lies
            within an installation, its own files are told relative to it all the same.
        libraries: the folders of Python's own library; those of this interpreter when ``None``.
    """
    inside = path.relative_to(root) if path.is_relative_to(root) else None
    folders = (path if inside is None else inside).parts[:-1]
    packaged = max((place for place, folder in enumerate(folders, start=1) if folder in INSTALLED), default=0)
    if packaged:
        return "/".join((*folders[packaged:], path.name))
    for library in map(Path, library_folders()) if libraries is None else libraries:
        if path.is_relative_to(library) and (inside is None or not root.is_relative_to(library)):
            return path.relative_to(library).as_posix()
    return str(path) if inside is None else inside.as_posix()
