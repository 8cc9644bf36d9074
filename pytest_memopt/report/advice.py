"""What to change in a suite, and what that would save: a few sentences, each with the figures that it follows from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..units import format_count, format_seconds

if TYPE_CHECKING:
    from ..optimize.import_advice import ImportAdvice
    from .summary import FixtureUse

MOST: Final = 5
LEAST_S: Final = 0.5
LEAST_SHARE: Final = 0.02
_WIDEST: Final = "session"


class AdviceKind(Enum):
    """What is to be changed."""

    FIXTURE = "fixture"
    IMPORT = "import"
    POOL = "pool"


class Advice(NamedTuple):
    """One thing worth changing.

    Attributes:
        kind: what is to be changed.
        subject: its name.
        text: the sentence, with the figures behind it.
        saving_s: seconds that it would save at most, in all processes together.
        saving_bytes: bytes likewise.
    """

    kind: AdviceKind
    subject: str
    text: str
    saving_s: float = 0.0
    saving_bytes: int = 0

    def to_wire(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**self._asdict(), "kind": self.kind.value}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Advice:
        """The advice that `to_wire` wrote."""
        return cls(**{**wire, "kind": AdviceKind(wire["kind"])})


def advice_of(
    fixtures: Iterable[FixtureUse],
    tests_s: float,
    *,
    processes: int = 1,
    rss_peak_bytes: int | None = None,
    more: Iterable[Advice] = (),
) -> tuple[Advice, ...]:
    """At most `MOST` pieces of advice, by what they would save of the run: of its tests' time, or of its memory.

    Args:
        fixtures: what building them cost.
        tests_s: what all tests took together, in all processes, with set-up and teardown.
        processes: how many ran tests: each builds what it needs itself.
        rss_peak_bytes: resident memory at its highest, against which savings in bytes are weighed; ``None`` if unknown.
        more: advice from elsewhere, to be ranked with the rest.
    """

    def share(advice: Advice) -> float:
        of_time = advice.saving_s / tests_s if tests_s > 0 else 0.0
        return max(of_time, advice.saving_bytes / rss_peak_bytes if rss_peak_bytes else 0.0)

    found = [*fixture_advice(fixtures, tests_s, processes), *more]
    return tuple(sorted(found, key=lambda advice: (-share(advice), advice.kind.value, advice.subject))[:MOST])


def fixture_advice(fixtures: Iterable[FixtureUse], tests_s: float, processes: int = 1) -> list[Advice]:
    """Fixtures of the project that are built again and again, where that takes `LEAST_S` and `LEAST_SHARE` of the tests' time.

    What is saved at most is every build but one in each process. Fixtures of pytest and of plugins aren't the user's to change; those of
    a session can't be made wider.
    """
    return [
        Advice(AdviceKind.FIXTURE, use.name, _on_fixture(use, tests_s), saving_s=round(saved_s, 6))
        for use in fixtures
        if use.where is not None
        and use.scope != _WIDEST
        and (saved_s := _saved_s(use, processes)) >= max(LEAST_S, LEAST_SHARE * tests_s)
    ]


def import_advice(found: Iterable[ImportAdvice], folder: PurePath | None = None) -> list[Advice]:
    """Imports that had better come later, as advice; files in ``folder`` are shown relative to it."""
    return [
        Advice(AdviceKind.IMPORT, each.cost.module, each.sentence(folder), round(each.saved_s, 6), each.saved_bytes)
        for each in found
    ]


def together(advice: Iterable[Advice]) -> list[Advice]:
    """The advice of several processes: each subject once, in the words of the first, with the savings of all."""
    found: dict[tuple[AdviceKind, str], list[Advice]] = {}
    for one in advice:
        found.setdefault((one.kind, one.subject), []).append(one)
    return [
        same[0]._replace(saving_s=sum(one.saving_s for one in same), saving_bytes=sum(one.saving_bytes for one in same))
        for same in found.values()
    ]


def _saved_s(use: FixtureUse, processes: int) -> float:
    return use.setup_s * (use.builds - processes) / use.builds if use.builds else 0.0


def _on_fixture(use: FixtureUse, tests_s: float) -> str:
    each, total = format_seconds(use.setup_s / use.builds), format_seconds(use.setup_s)
    share = f", {use.setup_s / tests_s * 100:.0f} % of the tests' time" if tests_s > 0 else ""
    built = f"is built {format_count(use.builds)} times, {each} each, {total} in all{share}"
    return f"fixture `{use.name}` ({use.scope} scope, {use.where}) {built}: pool it, or give it a wider scope"
