"""Where the processes of a machine meet for one type: the folder with its locks."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Generator
from hashlib import blake2s
from pathlib import Path
from typing import Final

from ..errors import PoolError

QUEUE: Final = "queue"
GATE: Final = "gate"
_READABLE_MOST: Final = 40
_DIGEST_BYTES: Final = 8
_USER_FOLDER: Final = "memopt-slots"
_OWNER_ONLY: Final = 0o700


class RackFolder:
    """The folder of one type's locks inside that of the session.

    Attributes:
        queue: the folder for the tickets of those who wait, made by the first of them.
        gate: what is locked to draw a ticket, or to take a slot past an empty queue.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._parent = folder
        self._name = name
        self._own = folder / file_name(name)
        self.queue = self._own / QUEUE
        self.gate = self._own / GATE

    def slot(self, number: int) -> Path:
        """What is locked to hold the slot of this number."""
        return self._own / f"slot-{number}"

    def make(self) -> None:
        """Make it where it isn't there; the session's folder must be.

        Raises:
            OSError: when that can't be done.
        """
        self._own.mkdir(exist_ok=True)

    def remove(self, remove_gate: Callable[[], None]) -> None:
        """Remove it, with the gate as the last thing inside: who passes that finds the folder there.

        Raises:
            OSError: when somebody has put something there.
        """
        with contextlib.suppress(FileNotFoundError):  # where nobody has ever waited
            self.queue.rmdir()
        remove_gate()
        self._own.rmdir()

    @contextlib.contextmanager
    def plain_errors(self) -> Generator[None, None, None]:
        """Turn what the system says of a file here into a `PoolError` that says what is needed."""
        try:
            yield
        except OSError as error:
            raise PoolError(
                f"the slots of {self._name!r} can't be shared through {self._parent} ({error.strerror or error});"
                " that takes a local folder that is there and can be written"
            ) from error


def user_folder() -> Path:
    """Where all processes of one user meet that aren't given a folder: inside that of temporary files, made if need be.

    Raises:
        PoolError: when it can't be made, or is somebody else's.
    """
    own_id = os.getuid() if hasattr(os, "getuid") else None  # elsewhere the folder of temporary files is the user's own
    folder = Path(tempfile.gettempdir(), _USER_FOLDER if own_id is None else f"{_USER_FOLDER}-{own_id}")
    try:
        folder.mkdir(mode=_OWNER_ONLY, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise PoolError(f"slots can't be shared through {folder} ({error.strerror or error}); name another") from error
    if own_id is not None and (found.st_uid != own_id or not stat.S_ISDIR(found.st_mode)):
        raise PoolError(f"slots can't be shared through {folder}, which isn't a folder of your own; name another")
    return folder


def file_name(name: str) -> str:
    """A name for a folder: tells ``name`` as far as every file system allows, and is no other name's, in any case."""
    readable = re.sub(r"[^a-z0-9_-]+", "_", name.lower())[:_READABLE_MOST]
    return f"{readable}-{blake2s(name.encode(errors='surrogatepass'), digest_size=_DIGEST_BYTES).hexdigest()}"


def remove_rack_files(folder: Path) -> None:
    """Remove the folder of the session with all that was kept there; what is gone, or can't go, is let be."""
    shutil.rmtree(folder, ignore_errors=True)
