"""``--pid``: another process, by what can be read of it from outside."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Final

from ..optimize.issues import find_outside_issues
from ..optimize.outside import OutsideLook, OutsideWatch, command_of, find_process, look_at, watch_outside
from ..optimize.thresholds import Thresholds
from ..optimize.wire import issue_to_wire
from ..report.sparkline import sparkline
from ..report.wording import counted
from ..units import format_seconds, format_size
from .analysis_report import print_issues, trend_document, trend_entry
from .command import ExitCode
from .programs.live_figures import OutsideFigures
from .programs.live_line import live_line
from .screen import Look, Screen

INTERVAL_S: Final = 0.5
_BLOCKS: Final = 20
_COMMAND_CHARS: Final = 60
_HIDDEN: Final = (
    "objects, types, bytes in use, fragmentation: only a program that memopt itself runs tells (memopt analyze TARGET)"
)


def analyze_outside(options: argparse.Namespace, thresholds: Thresholds, screen: Screen) -> ExitCode:
    """Look at the process for some time, and tell what was seen.

    Raises:
        MeterError: where there is no such process, or it may not be looked at.
    """
    process, figures = find_process(options.pid), OutsideFigures(options.pid)
    command = command_of(process)
    title = _title(options.pid, command)
    with live_line(figures.line):
        watch = watch_outside(
            lambda: look_at(process), options.seconds, options.interval or INTERVAL_S, tell=figures.tell
        )
    issues = find_outside_issues(watch.last.rss_bytes, watch.trend, thresholds)
    if options.json:
        screen.json(
            {
                "process": _look_document(options.pid, command, watch.last),
                "first": watch.first._asdict(),
                "has_ended": watch.has_ended,
                "peak_rss_bytes": watch.peak_rss_bytes,
                "trend": trend_document(watch.trend),
                "rss": [[round(point.elapsed_s, 3), round(point.value)] for point in watch.rss],
                "issues": [issue_to_wire(issue) for issue in issues],
            }
        )
    else:
        _print_watch(title, watch, screen)
        print_issues(issues, screen)
    return ExitCode.REGRESSION if options.fail and issues else ExitCode.FINE


def look_outside(options: argparse.Namespace, screen: Screen) -> ExitCode:
    """Tell what is seen of the process now.

    Raises:
        MeterError: where there is no such process, or it may not be looked at.
    """
    process = find_process(options.pid)
    look, command = look_at(process), command_of(process)
    if options.json:
        screen.json({"process": _look_document(options.pid, command, look)})
        return ExitCode.FINE
    screen.line(_title(options.pid, command), Look.STRONG)
    screen.listing([(Look.PLAIN, "RSS", format_size(look.rss_bytes)), *_entries(look)])
    return ExitCode.FINE


def _print_watch(title: str, watch: OutsideWatch, screen: Screen) -> None:
    ended = ", which has ended" if watch.has_ended else ""
    span = format_seconds(watch.trend.span_s)
    screen.line(f"{title}{ended}, watched for {span}", Look.STRONG)
    way = f"{format_size(watch.first.rss_bytes)} → {format_size(watch.last.rss_bytes)}, peak seen {format_size(watch.peak_rss_bytes)}"
    drawn = sparkline([point.value for point in watch.rss], _BLOCKS)
    screen.listing(
        [(Look.PLAIN, "RSS", f"{way}  {drawn}"), *_entries(watch.last), trend_entry(watch.trend)],
    )


def _title(pid: int, command: str) -> str:
    short = command if len(command) <= _COMMAND_CHARS else f"{command[:_COMMAND_CHARS]}…"
    return f"process {pid}{f' ({short})' if short else ''}"


def _entries(look: OutsideLook) -> Iterator[tuple[Look, str, str]]:
    uss = "not told: it takes the right to trace the process" if look.uss_bytes is None else format_size(look.uss_bytes)
    yield Look.PLAIN, "USS", uss
    known = [
        counted(count, noun, plural)
        for count, noun, plural in (
            (look.threads_count, "thread", None),
            (look.fds_count, "descriptor", None),
            (look.children_count, "child", "children"),
        )
        if count is not None
    ]
    children = f" with {format_size(look.children_rss_bytes)} resident" if look.children_rss_bytes else ""
    if known:
        yield Look.PLAIN, "has", " · ".join(known) + children
    yield Look.FAINT, "hidden", _HIDDEN


def _look_document(pid: int, command: str, look: OutsideLook) -> dict[str, Any]:
    return {"pid": pid, "command": command, **look._asdict()}
