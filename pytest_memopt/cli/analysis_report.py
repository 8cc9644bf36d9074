"""What came of a program under the monitor, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..meters.measurement import TypeUse
from ..optimize.analysis import analysis_to_wire
from ..optimize.growth import MemoryTrend, TrendVerdict
from ..optimize.import_cost import ImportCost, ImportTree
from ..optimize.import_table import shown_site
from ..optimize.issues import MemoryIssue, Severity, format_mb
from ..optimize.profile import MemoryProfile
from ..optimize.recommendations import OWN_TYPES, RISE_LEAST, Recommendation
from ..report.sparkline import sparkline
from ..report.wording import counted
from ..units import MB, format_count, format_seconds, format_size
from .programs.import_tips import import_tips, tip_sentence
from .programs.pools import pool_texts
from .programs.running import Ending, EndKind
from .programs.target import Target
from .programs.watched import WatchedRun
from .screen import Column, Kind, Look, Screen

_BLOCKS: Final = 20
_MINUTE_S: Final = 60
_LOOKS: Final = {Severity.NOTICE: Look.PLAIN, Severity.WARNING: Look.STRONG, Severity.SEVERE: Look.BAD}
_TYPE_COLUMNS: Final = (Column("count"), Column("change"), Column("size"), Column("type", Kind.NAME))
_IMPORT_COLUMNS: Final = (
    Column("total"),
    Column("own"),
    Column("seconds"),
    Column("module", Kind.WORD),
    Column("first by", Kind.NAME),
)
OFF: Final = "ENABLE_MEMORY_ANALYSIS is off: nothing was read"


def print_analysis(run: WatchedRun, top: int, screen: Screen) -> None:
    """How the program ended, and what its process held."""
    print_ending(str(run.target), run.ending, screen)
    profile, trend = run.analysis.profile, run.analysis.trend
    if profile is None or trend is None:
        screen.line(OFF)
        return
    screen.listing([*_memory(run, profile), trend_entry(trend, run.cost.core_ratio)])
    print_issues(run.analysis.issues, screen)
    _print_advice(run.analysis.recommendations, screen)
    _print_types(run, profile, top, screen)
    if run.imports is not None:
        _print_imports(run.imports, top, screen)


def print_ending(name: str, ending: Ending, screen: Screen) -> None:
    """How a program ended, on a line of its own."""
    look = Look.BAD if ending.kind is EndKind.RAISED else Look.STRONG
    screen.line()
    screen.line(f"{name} {ending}, after {format_seconds(ending.duration_s)}", look)


def trend_entry(trend: MemoryTrend, core_ratio: float | None = None) -> tuple[Look, str, str]:
    """The course in words, with its interval, and the cost of watching where it is known."""
    parts = [trend.verdict.value]
    if trend.rate_mb_per_minute is not None and trend.interval is not None:
        low, high = (end * _MINUTE_S / MB for end in (trend.interval.low, trend.interval.high))
        sure = f"99 % sure: {low:+.1f} to {high:+.1f}"
        has_no_rate = trend.verdict in {TrendVerdict.FLAT, TrendVerdict.UNSURE}
        parts[0] += (
            f" ({sure} MB a minute)" if has_no_rate else f", {trend.rate_mb_per_minute:+.1f} MB a minute ({sure})"
        )
    parts.append(counted(trend.samples_count, "sample"))
    if core_ratio is not None:
        parts.append(f"watching took {core_ratio:.1%} of a core")
    look = Look.BAD if trend.verdict is TrendVerdict.INCREASING else Look.PLAIN
    return look, "trend", " · ".join(parts)


def print_issues(issues: Sequence[MemoryIssue], screen: Screen) -> None:
    """The thresholds that were passed; or that none was."""
    screen.line("issues" if issues else "no issues: all is within the thresholds", Look.STRONG)
    screen.listing(
        (_LOOKS[issue.severity], issue.severity.value, f"{issue.kind.value}: {issue.meaning}") for issue in issues
    )


def analysis_document(run: WatchedRun) -> dict[str, Any]:
    """All of it for programs."""
    trend = run.analysis.trend
    return {
        "program": program_document(run.target, run.ending),
        "analysis": analysis_to_wire(run.analysis),
        "trend": None if trend is None else trend_document(trend),
        "rss": [[round(point.elapsed_s, 3), round(point.value)] for point in run.rss],
        "monitor": {"interval_s": run.interval_s, "core_ratio": round(run.cost.core_ratio, 5)},
        "types": [{**use._asdict(), "change": _change(use, run)} for use in _types(run.analysis.profile)],
        "imports": None if run.imports is None else _imports_document(run.imports),
    }


def program_document(target: Target, ending: Ending) -> dict[str, Any]:
    """The program and how it ended."""
    return {
        "target": target.name,
        "kind": target.kind.value,
        "args": list(target.args),
        "ending": ending.kind.value,
        "exit_code": int(ending.exit_code),
        "why": ending.why,
        "duration_s": round(ending.duration_s, 3),
    }


def trend_document(trend: MemoryTrend) -> dict[str, Any]:
    """A trend for programs, rates in bytes per second."""
    return {
        **trend._asdict(),
        "verdict": trend.verdict.value,
        "interval": None if trend.interval is None else trend.interval._asdict(),
    }


def _memory(run: WatchedRun, profile: MemoryProfile) -> Iterator[tuple[Look, str, str]]:
    values = [point.value for point in run.rss]
    if values:
        peak_bytes = max(profile.peak_rss_bytes or 0, *values)
        way = f"{format_size(values[0])} → {format_size(values[-1])}, peak {format_size(peak_bytes)}"
        yield Look.PLAIN, "RSS", f"{way}  {sparkline(values, _BLOCKS)}"
    in_use_bytes, held_bytes = profile.in_use_bytes, profile.allocators.held_bytes
    if in_use_bytes is not None:
        ratio = profile.fragmentation_ratio or 0.0
        held = (
            "" if held_bytes is None else f" of {format_size(held_bytes)} that the allocators hold ({ratio:.0%} free)"
        )
        yield Look.PLAIN, "in use", f"{format_size(in_use_bytes)}{held}"
    known = [
        counted(count, noun)
        for count, noun in (
            (profile.collector.full_collections, "full collection"),
            (profile.threads_count, "thread"),
            (profile.fds_count, "descriptor"),
        )
        if count is not None
    ]
    yield Look.PLAIN, "objects", " · ".join((f"{format_count(profile.objects_count)} tracked", *known))
    for text in pool_texts(profile.pools):
        yield Look.PLAIN, "pool", text


def _print_advice(recommendations: Sequence[Recommendation], screen: Screen) -> None:
    if not recommendations:
        return
    screen.line("advice", Look.STRONG)
    entries: list[tuple[Look, str, str]] = []
    for number, one in enumerate(recommendations, start=1):
        saves = "" if one.saves_bytes is None else f" (at most {format_mb(one.saves_bytes)})"
        entries.append((Look.PLAIN, f"{number}.", f"{one.action.value}{saves}: {one.advice}"))
        entries.append((Look.FAINT, "", one.evidence))
    screen.listing(entries)


def _types(profile: MemoryProfile | None) -> tuple[TypeUse, ...]:
    return () if profile is None else profile.types


def _change(use: TypeUse, run: WatchedRun) -> int:
    return use.count - run.first_counts.get(use.type, 0)


def _print_types(run: WatchedRun, profile: MemoryProfile, top: int, screen: Screen) -> None:
    """Those that grew most; where none did, the most frequent."""
    grown = [use for use in profile.types if _change(use, run) >= RISE_LEAST and not use.type.startswith(OWN_TYPES)]
    shown = sorted(grown, key=lambda use: -_change(use, run)) if grown else profile.types
    screen.line("types that grew most" if grown else "no type grew; the most frequent are", Look.STRONG)
    screen.table(_TYPE_COLUMNS, [(Look.PLAIN, _type_cells(use, run)) for use in shown[:top]])


def _type_cells(use: TypeUse, run: WatchedRun) -> tuple[str, ...]:
    change = format_count(_change(use, run), signed=True)
    return format_count(use.count), change, format_size(use.bytes), use.type


def _print_imports(tree: ImportTree, top: int, screen: Screen) -> None:
    folder = Path.cwd()
    about = "" if tree.is_exact else f" (≈: {tree.why})"
    count = counted(len(tree.costs), "import")
    screen.line(f"{count}: {format_size(tree.total_bytes)}, {tree.total_s:.2f} s{about}", Look.STRONG)
    if tree.costs:
        screen.table(_IMPORT_COLUMNS, [(Look.PLAIN, _import_cells(cost, folder)) for cost in tree.by_cost()[:top]])
    screen.listing((Look.PLAIN, "→", tip_sentence(advice, folder)) for advice in import_tips(tree, folder))
    screen.line("what memopt itself had loaded cost nothing here", Look.FAINT)


def _import_cells(cost: ImportCost, folder: Path) -> tuple[str, ...]:
    site = cost.importer
    place = shown_site(site, folder) if Path(site.path).is_relative_to(folder) else f"{site.module}:{site.line}"
    return format_size(cost.total_bytes), format_size(cost.own_bytes), f"{cost.total_s:.3f}", cost.module, place


def _imports_document(tree: ImportTree) -> dict[str, Any]:
    from ..optimize.import_wire import to_wire

    folder = Path.cwd()
    return {
        "total_bytes": tree.total_bytes,
        "total_s": tree.total_s,
        "advice": [
            {
                "module": one.cost.module,
                "saved_bytes": one.saved_bytes,
                "saved_s": one.saved_s,
                "sentence": tip_sentence(one, folder),
            }
            for one in import_tips(tree, folder)
        ],
        **to_wire(tree),
    }
