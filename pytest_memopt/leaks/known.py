"""The leaks that are known: a reviewed file of signatures, each with a reason and a day until which it is let pass."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import MemoptError, UsageError
from ..settings import refuse_unknown

_KEYS: Final = ("signature", "reason", "expires")
_EXAMPLE: Final = '[[leak]] with signature = "…", reason = "…" and, if you like, expires = 2027-01-31'


class KnownLeak(NamedTuple):
    """A leak that is let pass.

    Attributes:
        signature: as a failure prints it.
        reason: why it is let pass, or where it is followed up.
        expires: the last day on which it is; ``None`` for ever.
    """

    signature: str
    reason: str
    expires: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is still let pass on ``day``."""
        return self.expires is None or day <= self.expires


class KnownLeaks(NamedTuple):
    """All leaks that are known, by signature."""

    by_signature: Mapping[str, KnownLeak]

    def excuse(self, signature: str | None, day: date) -> str | None:
        """Why a leak is let pass on ``day``; ``None`` when it isn't."""
        known = self.by_signature.get(signature or "")
        return known.reason if known is not None and known.holds_on(day) else None

    def lapsed(self, signature: str | None, day: date) -> KnownLeak | None:
        """The leak that was let pass once, and isn't any more on ``day``."""
        known = self.by_signature.get(signature or "")
        return known if known is not None and not known.holds_on(day) else None

    def unseen(self, signatures: Collection[str | None]) -> list[KnownLeak]:
        """The leaks of the list that are not among ``signatures``, those of a run in which every test was hunted."""
        return [known for signature, known in self.by_signature.items() if signature not in signatures]


def today() -> date:
    """The day on which a leak is let pass, or isn't any more: that of the calendar here."""
    return datetime.now().astimezone().date()


def read_known_leaks(path: Path) -> KnownLeaks:
    """The leaks that the file at ``path`` lists; none where there is no file.

    Raises:
        UsageError: naming the file and what in it makes no sense.
    """
    try:
        document = _parse(path.read_text("utf-8"))
    except FileNotFoundError:
        return KnownLeaks({})
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: the known leaks can't be read: {error}") from None
    refuse_unknown(document, ("leak",), str(path), UsageError)
    entries = document.get("leak", [])
    if not isinstance(entries, list):
        raise UsageError(f"{path}: 'leak' is not a list; write {_EXAMPLE}")
    leaks = [_known_leak(entry, f"{path}: leak {number}") for number, entry in enumerate(entries, start=1)]
    return KnownLeaks({leak.signature: leak for leak in leaks})


def accept_leaks(path: Path, leaks: Sequence[KnownLeak]) -> None:
    """Add ``leaks`` to the file at ``path``, which is made where there is none; what stands there stays as it is.

    Raises:
        MemoptError: where it can't be written, naming the file.
    """
    entries = [f"[[leak]]\nsignature = {_quoted(leak.signature)}\nreason = {_quoted(leak.reason)}\n" for leak in leaks]
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        before = path.read_text("utf-8").rstrip("\n") if path.exists() else ""
        draft.write_text("\n".join([before + "\n", *entries] if before else entries), "utf-8")
        draft.replace(path)
    except (OSError, ValueError) as error:
        raise MemoptError(f"{path}: the known leaks can't be written: {error}") from None


def _quoted(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does, and one character more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parse(text: str) -> dict[str, Any]:
    # imported here: most projects have no such file, and would pay for the parser in each run that measures
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
    return dict(tomllib.loads(text))


def _known_leak(entry: Any, source: str) -> KnownLeak:
    if not isinstance(entry, dict):
        raise UsageError(f"{source} is not a table; write {_EXAMPLE}")
    refuse_unknown(entry, _KEYS, source, UsageError)
    signature, reason, expires = (entry.get(key) for key in _KEYS)
    for key, value in (("signature", signature), ("reason", reason)):
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{source}: {key} = {value!r} is not a text; write {_EXAMPLE}")
    if expires is not None and type(expires) is not date:
        raise UsageError(f"{source}: expires = {expires!r} is not a day; write expires = 2027-01-31, without quotes")
    return KnownLeak(str(signature).strip(), str(reason).strip(), expires)
