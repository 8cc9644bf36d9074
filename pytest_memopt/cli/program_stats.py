"""``memopt stats TARGET``: what the process of a program holds at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..optimize.analysis import get_memory_stats
from ..units import format_count
from .analysis_report import OFF, print_ending, program_document
from .programs.loading import stage_of
from .programs.pools import pool_texts
from .programs.running import run_to_end
from .programs.streams import stdout_to_stderr
from .programs.target import Target
from .screen import Look, Screen


def tell_program(target: Target, screen: Screen, *, is_json: bool) -> int:
    """Run ``target`` to its end, and tell the figures of its process then; gives its exit code.

    Raises:
        UsageError: where there is no such program.
    """
    beside = screen.beside()  # the program may put something else in the place of stderr
    with stdout_to_stderr(wanted=is_json), stage_of(target) as load:
        ending = run_to_end(load)
        if ending.is_fork:
            return ending.exit_code
        stats = get_memory_stats()
    if is_json:
        screen.json({"program": program_document(target, ending), "stats": stats})
        return ending.exit_code
    print_ending(str(target), ending, beside)
    if stats["current_memory_mb"] is None and not stats["gc"]:
        beside.line(OFF)
    else:
        beside.listing((Look.PLAIN, label, text) for label, text in _figures(stats))
    return ending.exit_code


def _figures(stats: dict[str, Any]) -> Iterator[tuple[str, str]]:
    sizes = (("in use", "current_memory_mb"), ("RSS", "rss_mb"), ("peak RSS", "peak_rss_mb"))
    for label, key in sizes:
        yield label, "not told here" if stats[key] is None else f"{stats[key]:.1f} MB"
    if stats["fragmentation_ratio"] is not None:
        yield "free", f"{stats['fragmentation_ratio']:.1%} of what the allocators hold"
    yield "objects", f"{format_count(stats['object_count'])} tracked by the garbage collector"
    collections = ", ".join(format_count(count) for count in stats["gc"]["collections"])
    yield "collected", f"{collections} times, by generation; {format_count(stats['gc']['collected_count'])} objects"
    for label, key in (("threads", "thread_count"), ("descriptors", "fd_count")):
        if stats[key] is not None:
            yield label, format_count(stats[key])
    for text in pool_texts(stats["pools"]):
        yield "pool", text
