"""The one place that touches what pytest keeps private; each function says why, and copes when it is gone."""

from __future__ import annotations

import builtins
import sys
import warnings
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import contextmanager
from functools import lru_cache
from traceback import format_exception_only
from typing import Any, Final, Literal

import pytest
from _pytest import runner
from _pytest.fixtures import FixtureRequest, SubRequest, TopRequest
from _pytest.junitxml import xml_key
from _pytest.logging import caplog_records_key
from _pytest.mark import expression
from _pytest.scope import Scope
from _pytest.unittest import TestCaseFunction

from ..meters.originals import os

_IS_BEFORE_9: Final = pytest.version_tuple < (9,)
# what pytest 8 raises for an expression that it can't read is no error of syntax
_UNREADABLE: Final[type[Exception]] = vars(expression).get("ParseError", SyntaxError)
_CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"
When = Literal["setup", "call", "teardown"]
_GROUP: Callable[[str, list[BaseException]], BaseException] = (
    vars(runner).get("BaseExceptionGroup") or vars(builtins)["BaseExceptionGroup"]
)
_ENVIRONMENT_CHURNS: Final = 256
_STACK_CHURNS: Final = 32
SILENT_HOOKS = ("pytest_runtest_logreport", "pytest_exception_interact")


class StandIn:
    """A next item that shares all collectors with ``item``: handed to the teardown, it keeps wider fixtures alive."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = [*item.listchain()[:-1], self]

    def listchain(self) -> list[Any]:
        """The collectors that the teardown must leave standing."""
        return self._chain


def reraised(config: pytest.Config) -> tuple[type[BaseException], ...]:
    """The exceptions that end the session instead of the phase."""
    if hasattr(runner, "get_reraise_exceptions"):  # from pytest 9 on
        return runner.get_reraise_exceptions(config)
    return (
        (pytest.exit.Exception,)
        if config.getoption("usepdb", default=False)
        else (pytest.exit.Exception, KeyboardInterrupt)
    )


def announce_phase(item: pytest.Item, when: When) -> None:
    """Set ``PYTEST_CURRENT_TEST`` as pytest does when the phase begins."""
    runner._update_current_test_var(item, when)


def settle_environment() -> None:
    """Set and remove ``PYTEST_CURRENT_TEST`` until the table behind ``os.environ`` has the size it keeps.

    Pytest does so in every test, and the first time that the table is renewed, some test would be charged for it.
    """
    if _CURRENT_TEST in os.environ:
        return
    for _ in range(_ENVIRONMENT_CHURNS):
        os.environ[_CURRENT_TEST] = ""
        del os.environ[_CURRENT_TEST]


def settle_questions() -> None:
    """Have abstract classes be asked beforehand what pytest asks them: they remember each class that they were asked of.

    The classes of fixture requests are asked of each other. Whoever formats an exception, as pytest does with the first
    skip, asks whether its notes, of which it has none, are a sequence.
    """
    kinds = (FixtureRequest, SubRequest, TopRequest)
    for kind in kinds:
        for other in kinds:
            issubclass(kind, other)
    format_exception_only(Exception())


def rehearse_announcements(item: pytest.Item) -> None:
    """Set ``PYTEST_CURRENT_TEST`` once to what it will be in each phase, past ``os.environ``, which is not touched.

    glibc keeps every value that a variable ever had, so that the first announcement of a phase takes C heap for ever.
    """
    if _CURRENT_TEST in os.environ:
        return
    name = item.nodeid.replace("\x00", "(null)")
    os.putenv(_CURRENT_TEST, f"{name} (setup)")
    os.putenv(_CURRENT_TEST, f"{name} (call)")
    os.putenv(_CURRENT_TEST, f"{name} (teardown)")
    os.unsetenv(_CURRENT_TEST)


def interact_if_wanted(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Let ``--pdb`` and the like have a failure that pytest itself doesn't know of."""
    if runner.check_interactive_exception(call, report):
        item.ihook.pytest_exception_interact(node=item, call=call, report=report)


def group_of(message: str, errors: list[BaseException]) -> BaseException:
    """Several errors as one, as pytest raises them."""
    return _GROUP(message, errors)


def failure_text(lines: Iterable[str], path: str, line_number: int, message: str) -> Any:
    """A failure's representation that prints ``lines``, and names place and message in the short summary and JUnit."""
    from _pytest._code.code import ExceptionChainRepr, ReprEntryNative, ReprFileLocation, ReprTraceback

    entry = ReprEntryNative([f"{line}\n" for line in lines])
    traceback = ReprTraceback([entry], None, style="native")
    return ExceptionChainRepr([(traceback, ReprFileLocation(path, line_number, message), None)])


def is_strict_xpass(report: pytest.TestReport) -> bool:
    """Whether the test passed by itself, and fails because ``xfail(strict=True)`` wants it to fail."""
    return report.failed and isinstance(report.longrepr, str) and report.longrepr.startswith("[XPASS(strict)]")


def is_standing(item: pytest.Item) -> bool:
    """Whether ``item`` itself is still set up: a hook that raised before pytest's own teardown keeps it from its end."""
    return item in item.session._setupstate.stack


def standing_collectors(item: pytest.Item) -> list[Any]:
    """Modules, classes and packages that are set up."""
    return [node for node in item.session._setupstate.stack if node is not item]


def renew_examples(item: pytest.Item, names: dict[str, Any]) -> None:
    """Give a doctest the names back that it had before it ran; doctest clears them."""
    examples = getattr(item, "dtest", None)
    if examples is not None:
        examples.globs.clear()
        examples.globs.update(names)


def example_names(item: pytest.Item) -> dict[str, Any]:
    """The names a doctest begins with."""
    examples = getattr(item, "dtest", None)
    return dict(examples.globs) if examples is not None else {}


def show_setup(item: pytest.Item) -> None:
    """What ``--setup-show`` prints before the call."""
    runner.show_test_item(item, **({} if _IS_BEFORE_9 else {"add_space": True}))


def begin_request(item: pytest.Item) -> None:
    """Give an item that ran before a new fixture request, so that it isn't made inside a measuring window."""
    if getattr(item, "_request", None) is False:
        item._initrequest()  # type: ignore[attr-defined]


def renew_instance(item: pytest.Item) -> None:
    """Have a ``TestCase`` made when the test begins: the one made for the collection is dropped by the teardown."""
    if isinstance(item, TestCaseFunction) and hasattr(item, "_instance"):
        del item._instance
        item._obj = None


def let_instance_go(item: pytest.Item) -> None:
    """Let the teardown drop a ``TestCase`` that was not made in the end, since what comes before it skipped the test."""
    if isinstance(item, TestCaseFunction) and not hasattr(item, "_instance"):
        item._instance = None


def end_request(item: pytest.Item) -> None:
    """Let go of the fixture request, as pytest does after each test."""
    if hasattr(item, "_request"):
        item._request = False
        item.funcargs = None  # type: ignore[attr-defined]


def functions_of(item: pytest.Item) -> list[object]:
    """The functions of ``item`` and of its fixtures; asked past ``item.obj``, which would make a ``TestCase``."""
    info = getattr(item, "_fixtureinfo", None)
    found = info.name2fixturedefs.values() if info is not None else ()
    return [vars(item).get("_obj"), *(definition.func for definitions in found for definition in definitions)]


def request_of(item: pytest.Item) -> tuple[Any, dict[str, object] | None]:
    """The fixture request of ``item`` and the values of its fixtures, both of which pytest drops after the teardown."""
    return getattr(item, "_request", None), getattr(item, "funcargs", None)


def fixtures_of(request: Any) -> dict[str, Any]:
    """The fixtures that ``request`` found, by name; it shares them with the requests of wider ones that it set up."""
    fixture_defs = getattr(request, "_fixture_defs", None)
    return fixture_defs if isinstance(fixture_defs, dict) else {}


def definitions_count(request: Any) -> int:
    """How many names of fixtures ``request`` has looked up."""
    return len(_definitions_of(request))


def drop_late_definitions(request: Any, known_count: int) -> None:
    """Forget the names that were looked up since there were ``known_count``: pytest 8 notes those asked for by the test."""
    definitions = _definitions_of(request)
    if len(definitions) > known_count:
        while len(definitions) > known_count:
            definitions.popitem()
        if not definitions:
            definitions.clear()  # an empty dict keeps the room that it had


def _definitions_of(request: Any) -> dict[str, Any]:
    definitions = getattr(request, "_arg2fixturedefs", None)
    return definitions if isinstance(definitions, dict) else {}


def renew_log_records(item: pytest.Item) -> None:
    """Let the logging plugin find what it deleted at the end of a teardown, when there is a second one."""
    if item.config.pluginmanager.has_plugin("logging-plugin"):
        item.stash.setdefault(caplog_records_key, {})


def collectors_to_set_up(item: pytest.Item) -> bool:
    """Whether a module, class or package is still to be set up before this item."""
    return len(item.session._setupstate.stack) < len(item.listchain()) - 1


def set_up_collectors(item: pytest.Item) -> None:
    """Set up the collectors above ``item``, as pytest would a moment later; it also remembers a failure.

    Then the table of what is set up is given the size that it will have: it is renewed every few tests.
    """
    state = item.session._setupstate
    if item.parent is not None:
        state.setup(item.parent)  # type: ignore[arg-type]
    for _ in range(_STACK_CHURNS):
        state.stack[item] = ([], None)
        del state.stack[item]


def tear_down_to(item: pytest.Item, next_item: object) -> None:
    """Tear down all that ``next_item`` doesn't need."""
    item.session._setupstate.teardown_exact(next_item)  # type: ignore[arg-type]


def will_tear_down_more(item: pytest.Item, next_item: pytest.Item | None) -> bool:
    """Whether going on to ``next_item`` ends the life of a class, module or package."""
    needed = next_item.listchain() if next_item is not None else []
    standing = [node for node in item.session._setupstate.stack if node is not item]
    return standing != needed[: len(standing)]


def wide_fixtures_to_set_up(item: pytest.Item) -> list[str]:
    """Names of the fixtures wider than function scope, in the order in which pytest would set them up."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None or getattr(item, "_request", None) in (None, False):
        return []
    varied = getattr(getattr(item, "callspec", None), "params", {})
    names, is_due = [], False
    for name in info.names_closure:
        definitions = info.name2fixturedefs.get(name)
        if not definitions or definitions[-1]._scope is Scope.Function:
            break
        names.append(name)
        is_due = is_due or definitions[-1].cached_result is None or name in varied
    return names if is_due else []


def set_up_fixtures(item: pytest.Item, names: Iterable[str]) -> None:
    """Set up fixtures of ``item``; pytest caches the value, or the exception, and finds it there.

    They are wanted a moment before pytest marks the item as active, which it takes for a request during teardown.
    """
    request = item._request  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Calling request.getfixturevalue")
        for name in names:
            request._get_active_fixturedef(name)


def finalizer_counts(item: pytest.Item) -> dict[Any, int]:
    """How many finalizers each wider fixture of ``item`` holds: tests register theirs on them, and never take them off."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return {}
    found = (definitions[-1] for definitions in info.name2fixturedefs.values() if definitions)
    return {one: len(one._finalizers) for one in found if one._scope is not Scope.Function}


def drop_spent_finalizers(counts: dict[Any, int]) -> None:
    """Drop the finalizers that finished function fixtures left on wider ones; run later, they would do nothing."""
    for fixture, count in counts.items():
        added = fixture._finalizers[count:]
        if added and all(_is_spent(one) for one in added):
            del fixture._finalizers[count:]


def drop_spent_finalizers_of_late(fixtures: Iterable[Any], known: Collection[Any]) -> None:
    """The same for fixtures that were asked for inside the test, which were not ``known`` when it began."""
    for fixture in fixtures:
        if fixture not in known and any(map(_is_spent, getattr(fixture, "_finalizers", ()))):
            fixture._finalizers[:] = [one for one in fixture._finalizers if not _is_spent(one)]


def _is_spent(finalizer: Any) -> bool:
    owner = getattr(getattr(finalizer, "func", None), "__self__", None)
    return owner is not None and getattr(owner, "scope", "") == "function" and owner.cached_result is None


def log_handlers(config: pytest.Config) -> tuple[Any, ...]:
    """The handlers of pytest's logging plugin that keep a test's records until the next phase begins."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    handlers = (getattr(plugin, name, None) for name in ("caplog_handler", "report_handler"))
    return tuple(handler for handler in handlers if hasattr(handler, "records") and hasattr(handler, "stream"))


def recorded_warnings() -> list[Any] | None:
    """The list in which pytest keeps the warnings of the running test until it is over."""
    recorder = getattr(getattr(warnings, "_showwarnmsg_impl", None), "__self__", None)
    return recorder if isinstance(recorder, list) else None


def report_sections(item: pytest.Item) -> list[tuple[str, str, str]]:
    """The captured output that pytest keeps with the item."""
    return item._report_sections


def suite_properties(config: pytest.Config) -> list[Any]:
    """What tests recorded for the whole suite's JUnit file (``record_testsuite_property``); none without such a file."""
    junit_file = config.stash.get(xml_key, None)
    return [] if junit_file is None else junit_file.global_properties


def unfinished_cases(config: pytest.Config) -> list[object]:
    """The table in which pytest keeps for its JUnit file what was told of tests that are not over; none without such a file."""
    junit_file = config.stash.get(xml_key, None)
    return [] if junit_file is None else [junit_file.node_reporters]


def drop_last_exception() -> None:
    """Let go of the last failure's traceback, which pytest keeps for ``python -i``, except there."""
    if sys.flags.interactive:
        return
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)


def other_protocols(item: pytest.Item, mine: object) -> Iterable[Callable[..., object]]:
    """What else wants to run ``item`` (pytest-rerunfailures, flaky), apart from pytest itself and us."""
    for impl in reversed(item.ihook.pytest_runtest_protocol.get_hookimpls()):
        if impl.wrapper or impl.hookwrapper or impl.plugin is mine or impl.plugin is runner:
            continue
        yield lambda impl=impl, **args: impl.function(*(args[name] for name in impl.argnames))


@contextmanager
def silenced(config: pytest.Config) -> Generator[None, None, None]:
    """Let nobody hear the reports made inside: subtests report from within the test, past ``log=False``."""
    relay, manager = config.hook, config.pluginmanager
    spoken = {name: getattr(relay, name) for name in SILENT_HOOKS}
    for name, caller in spoken.items():
        listeners = [impl.plugin for impl in caller.get_hookimpls()]
        setattr(relay, name, manager.subset_hook_caller(name, remove_plugins=listeners))
    try:
        yield
    finally:
        for name, caller in spoken.items():
            setattr(relay, name, caller)


def check_expression(text: str, source: str) -> None:
    """Refuse a marker expression that can't be read.

    Raises:
        pytest.UsageError: showing it, and the ``source`` it comes from.
    """
    try:
        _compile_expression(text)
    except (SyntaxError, _UNREADABLE) as error:
        raise pytest.UsageError(f"{source}: -m {text!r} can't be read: {error}") from None


def evaluate_marks(text: str, item: pytest.Item) -> bool:
    """Whether the markers of ``item`` fulfil the expression ``text``, read as ``-m`` reads it."""
    names = {mark.name for mark in item.iter_markers()}
    return _compile_expression(text).evaluate(lambda name, /, **_: name in names)


@lru_cache(maxsize=64)
def _compile_expression(text: str) -> expression.Expression:
    return expression.Expression.compile(text)
