"""What a measuring window found out about one test: frozen values, ready to be judged, sent and stored."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from .installed import shown_path


class Phase(str, Enum):
    """The three parts of a test's protocol, as pytest names them."""

    SETUP = "setup"
    CALL = "call"
    TEARDOWN = "teardown"


class TypeUse(NamedTuple):
    """Instances of one type that are newly alive.

    Attributes:
        type: the type's full name, as in ``app.models.Session`` (builtins without a module).
        count: how many instances.
        bytes: the sum of their own sizes by ``sys.getsizeof``; what they refer to is not in it.
    """

    type: str
    count: int  # type: ignore[assignment] # a tuple has a method of this name
    bytes: int


class Site(NamedTuple):
    """A line of source that allocated memory which is still held.

    Attributes:
        path: the file, as the tracer names it.
        line: its line number, from 1.
        function: the function, or ``None`` where the tracer can't tell.
        bytes: bytes held that this line allocated.
        count: how many blocks those are.
    """

    path: str
    line: int
    function: str | None
    bytes: int
    count: int  # type: ignore[assignment] # a tuple has a method of this name

    @property
    def place(self) -> str:
        """The line as people write it: ``app/cache.py:41 in put``."""
        return f"{self.path}:{self.line}" + (f" in {self.function}" if self.function else "")

    def below(self, root: Path) -> Site:
        """The line with its path relative to ``root``, or to where installed code lies, if it lies below either."""
        return self._replace(path=shown_path(Path(self.path), root)) if self.path else self


class PhaseUse(NamedTuple):
    """The share of one phase: net bytes that it added (negative when it released; ``None``: not read), and seconds."""

    growth_bytes: int | None = None
    duration_s: float = 0.0


class Measurement(NamedTuple):
    """The memory of one run of one test, from before its set-up until after its teardown.

    ``None`` means "not read": the meter is missing on this platform, or was not asked for.

    Attributes:
        growth_bytes: net bytes still held at the end: small blocks + C heap + memory maps.
        exact: whether ``growth_bytes`` was counted; ``False`` where it had to be estimated (printed with ``≈``).
        blocks: net small Python blocks (``sys.getallocatedblocks``).
        small_bytes: net bytes in small Python blocks (pymalloc).
        heap_bytes: net bytes in use by C ``malloc``, its own maps included.
        mapped_bytes: net bytes of ``mmap.mmap`` objects.
        objects: net objects tracked by the garbage collector.
        fds: net open file descriptors (handles on Windows).
        threads: net threads of the process, native ones included where they can be counted.
        rss_start_bytes: resident memory when the window opened.
        rss_end_bytes: resident memory when it closed.
        peak_rss_bytes: the highest resident memory inside the window, above ``rss_start_bytes``.
        peak_bytes: most memory allocated at one time, as the tracer counted it.
        phases: growth and seconds of set-up, call and teardown.
        types: survivors by type, the largest first.
        extra: net change of each meter that a plugin added, by its name.
        notes: reasons why a reading is missing or only an estimate, for people.
    """

    growth_bytes: int
    exact: bool = True
    blocks: int | None = None
    small_bytes: int | None = None
    heap_bytes: int | None = None
    mapped_bytes: int = 0
    objects: int | None = None
    fds: int | None = None
    threads: int | None = None
    rss_start_bytes: int | None = None
    rss_end_bytes: int | None = None
    peak_rss_bytes: int | None = None
    peak_bytes: int | None = None
    phases: Mapping[Phase, PhaseUse] = MappingProxyType({})
    types: tuple[TypeUse, ...] = ()
    extra: Mapping[str, int] = MappingProxyType({})
    notes: tuple[str, ...] = ()
