"""The command line and ini options; what was given is read elsewhere (`option_values`), for every run of pytest loads this module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

MARKERS: Final = (
    'memory_limit(peak, *, growth, rss, objects, fds, threads, warmup, severity): the most this test may use, as in growth="64 KiB".',
    "no_leaks(*, rounds, ignore, isolate): fail this test when its memory grows with every run; ignore=[...] names what may.",
    'memopt(skip=False, reason="", gc="off"): exempt this test from measuring, or leave the garbage collector alone.',
)


_NAMES: Final = (
    "memopt",
    "memopt_report",
    "memopt_live",
    "memopt_confirm",
    "memopt_history",
    "memopt_no_history",
    "memopt_json",
    "memopt_top",
    "memopt_gc",
    "memopt_leaks",
    "memopt_rounds",
    "memopt_isolate",
    "memopt_leaks_budget",
    "memopt_known_leaks",
    "memopt_accept_leaks",
    "memopt_tracer",
    "memopt_optimize",
    "memopt_pool_compare",
)


def add_options(parser: pytest.Parser) -> None:
    """Declare every option with its ini twin; each default is ``None``, so that a silent layer stays silent."""
    group = parser.getgroup("memopt", "memory regression testing (pytest-memopt)")

    def option(name: str, ini_help: str, *, ini_type: str = "string", **kwargs: object) -> None:
        dest = name.lstrip("-").replace("-", "_")
        group.addoption(name, dest=dest, default=None, help=ini_help, **kwargs)
        parser.addini(dest, ini_help, type=ini_type, default=None)  # type: ignore[arg-type]

    option("--memopt", "measure the memory of every test", ini_type="bool", action="store_true")
    option(
        "--memopt-report",
        "measure every test, print the memory summary and keep the run in the history",
        ini_type="bool",
        action="store_true",
    )
    option("--memopt-live", "measure every test and show memory while they run", ini_type="bool", action="store_true")
    _add_limit_options(group, parser)
    _add_pool_options(parser, option)
    option("--memopt-confirm", "reruns that must reproduce a breach before it fails the test (default 2)", metavar="N")
    _add_leak_options(option)
    option("--memopt-history", "file of the history (default .memopt/history.db)", metavar="PATH")
    group.addoption(
        "--memopt-no-history", dest="memopt_no_history", action="store_true", default=None, help="keep no history"
    )
    parser.addini("memopt_no_history", "keep no history", type="bool", default=None)
    option("--memopt-json", "measure every test and write the results to this file", metavar="PATH")
    option("--memopt-top", "rows in the summary (default 10)", metavar="N")
    option("--memopt-gc", "how windows are settled: freeze (default), collect or off", metavar="MODE")
    option(
        "--memopt-optimize",
        "spend less time and memory: auto, or some of gc, compact, cleanup, lazy (advice on imports)",
        metavar="NAMES",
    )
    option("--memopt-tracer", "who counts allocated peaks: tracemalloc (default) or memray", metavar="NAME")


def _add_pool_options(parser: pytest.Parser, option: Callable[..., None]) -> None:
    parser.addini(
        "memopt_resources",
        'pooled resource types, a line each: "db = myapp.testing:create_db"',
        type="linelist",
        default=[],
    )
    option(
        "--memopt-pool-compare",
        "measure every test, and at the end what each pool saves, in pairs with and without it",
        ini_type="bool",
        action="store_true",
    )
    parser.addini(
        "memopt_pool_adaptive",
        "give pools the sizes that earlier runs in the history advised",
        type="bool",
        default=None,
    )


def _add_limit_options(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    group.addoption(
        "--memopt-limit",
        dest="memopt_limit",
        action="append",
        default=None,
        metavar='"[warn:] GLOB: growth=1MB"',
        help="limit the tests that match a glob, or a marker expression after -m; may be given more than once",
    )
    parser.addini(
        "memopt_limits", 'limits, a line each: "[warn:|fail:] GLOB: peak=50MB growth=1MB"', type="linelist", default=[]
    )


def _add_leak_options(option: Callable[..., None]) -> None:
    option(
        "--memopt-leaks",
        "hunt leaks: rerun every test until its memory is proven flat, or growing",
        ini_type="bool",
        action="store_true",
    )
    option("--memopt-rounds", "rounds of a hunt at least; a leak in every k-th run needs 3k", metavar="N")
    option(
        "--memopt-isolate",
        "hunt each test's leaks in a process of its own, away from other tests",
        ini_type="bool",
        action="store_true",
    )
    option("--memopt-leaks-budget", "seconds after which an undecided hunt is given up (default 20)", metavar="S")
    option(
        "--memopt-known-leaks",
        "file of leaks that are let pass, with reasons (default memopt-known-leaks.toml)",
        metavar="PATH",
    )
    option(
        "--memopt-accept-leaks",
        "let all leaks that are found pass, and add them to the known ones",
        ini_type="bool",
        action="store_true",
    )


def asks_for_something(config: pytest.Config) -> bool:
    """Whether any option of ours is set, so that the settings are worth reading."""
    if any(config.getoption(name, default=None) is not None for name in (*_NAMES, "memopt_limit")):
        return True
    try:
        return any(config.getini(name) not in (None, []) for name in (*_NAMES, "memopt_limits", "memopt_pool_adaptive"))
    except (ValueError, pytest.UsageError):
        return True  # one of them makes no sense, which is said when the settings are read


def wants_imports(early_config: pytest.Config) -> bool:
    """Whether imports are to be watched, while the command line is known in part; values are checked later."""
    given = getattr(early_config.known_args_namespace, "memopt_optimize", None)
    return "lazy" in str(given or early_config.getini("memopt_optimize"))
