"""The settings of a session, from its command line and ini file."""

from __future__ import annotations

from typing import Final, cast

import pytest

from .. import settings
from ..errors import UsageError
from ..settings import GcChoice, Settings, TracerChoice, first_set, strip_lines

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


def settings_from(config: pytest.Config) -> Settings:
    """The settings of this session.

    Raises:
        pytest.UsageError: for a value that makes no sense, naming option and value.
    """
    try:
        return _read_settings(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _read_settings(config: pytest.Config) -> Settings:
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
    return bool(first_set(config.getoption(name), _ini_flag(config, name), default=False))


def _ini_flag(config: pytest.Config, name: str) -> bool | None:
    try:
        value = config.getini(name)
    except (ValueError, pytest.UsageError) as error:
        raise UsageError(f"{name}: {error}; write true or false") from None
    return None if value is None else bool(value)


def _limit_lines(config: pytest.Config) -> tuple[tuple[str, str], ...]:
    from_ini = strip_lines(config.getini("memopt_limits") or ())
    from_cli = config.getoption("memopt_limit") or ()
    return (*((line, "memopt_limits") for line in from_ini), *((line, "--memopt-limit") for line in from_cli))
