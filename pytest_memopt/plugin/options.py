"""The command line and ini options, and the settings that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

import pytest

if TYPE_CHECKING:
    from ..settings import GcChoice, Settings, TracerChoice

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


_TEXTS: Final = (
    "confirm",
    "history",
    "json",
    "top",
    "gc",
    "tracer",
    "rounds",
    "leaks_budget",
    "known_leaks",
    "optimize",
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


def settings_from(config: pytest.Config) -> Settings:
    """The settings of this session.

    Raises:
        pytest.UsageError: for a value that makes no sense, naming option and value.
    """
    from ..errors import UsageError

    try:
        return _read_settings(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _read_settings(config: pytest.Config) -> Settings:
    from .. import settings

    texts = {name: _text(config, name) for name in _TEXTS}
    gc = settings.parse_choice(texts["gc"][0] or "freeze", settings.GcChoice, texts["gc"][1])
    tracer = settings.parse_choice(texts["tracer"][0] or "tracemalloc", settings.TracerChoice, texts["tracer"][1])
    optimize, is_auto = settings.parse_strategies(*texts["optimize"])
    history, json = texts["history"][0] or settings.DEFAULT_HISTORY, texts["json"][0]
    return settings.Settings(
        measure=_flag(config, "memopt"),
        report=_flag(config, "memopt_report"),
        live=_flag(config, "memopt_live"),
        limit_lines=_limit_lines(config),
        confirm=settings.parse_count(texts["confirm"][0] or "2", texts["confirm"][1]),
        history_path=None if _flag(config, "memopt_no_history") else config.rootpath / history,
        json_path=config.invocation_params.dir / json if json else None,
        top=settings.parse_count(texts["top"][0] or "10", texts["top"][1]),
        gc=cast("GcChoice", gc),
        leaks=_flag(config, "memopt_leaks"),
        leak_rounds=settings.parse_count(*texts["rounds"], least=1) if texts["rounds"][0] else None,
        isolate=_flag(config, "memopt_isolate"),
        known_leaks_path=config.rootpath / (texts["known_leaks"][0] or settings.DEFAULT_KNOWN_LEAKS),
        accepts_leaks=_flag(config, "memopt_accept_leaks"),
        leak_budget_s=settings.parse_seconds(texts["leaks_budget"][0] or "20", texts["leaks_budget"][1]),
        tracer=cast("TracerChoice", tracer),
        optimize=optimize,
        is_auto=is_auto,
        pool_compare=_flag(config, "memopt_pool_compare"),
        pool_adaptive=bool(_ini_flag(config, "memopt_pool_adaptive")),
    )


def _text(config: pytest.Config, name: str) -> tuple[str, str]:
    """The value of a text option, and the name under which the user gave it."""
    given = config.getoption(f"memopt_{name}")
    if given is not None:
        return str(given), f"--memopt-{name.replace('_', '-')}"
    ini = config.getini(f"memopt_{name}")
    return "" if ini is None else str(ini), f"memopt_{name}"


def _flag(config: pytest.Config, name: str) -> bool:
    from ..settings import first_set

    return bool(first_set(config.getoption(name), _ini_flag(config, name), default=False))


def _ini_flag(config: pytest.Config, name: str) -> bool | None:
    from ..errors import UsageError

    try:
        value = config.getini(name)
    except (ValueError, pytest.UsageError) as error:
        raise UsageError(f"{name}: {error}; write true or false") from None
    return None if value is None else bool(value)


def _limit_lines(config: pytest.Config) -> tuple[tuple[str, str], ...]:
    from ..settings import strip_lines

    from_ini = strip_lines(config.getini("memopt_limits") or ())
    from_cli = config.getoption("memopt_limit") or ()
    return (*((line, "memopt_limits") for line in from_ini), *((line, "--memopt-limit") for line in from_cli))
