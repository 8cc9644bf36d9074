"""Functions of all kinds with a resource borrowed around each call: plain, generators, coroutines, async generators."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

F = TypeVar("F", bound=Callable[..., Any])


class Borrowing(Protocol):
    """What borrows for the length of a block, in threads and in tasks."""

    def __enter__(self) -> Any: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    async def __aenter__(self) -> Any: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def decorated(function: F, new_context: Callable[[], Borrowing], name: str) -> F:
    """``function`` with a context of its own around each call; a parameter called ``name`` gets what it yields."""
    gives = _gives(function, name)
    wrap: Any
    if inspect.isasyncgenfunction(function):
        wrap = _around_async_generator
    elif inspect.iscoroutinefunction(function):
        wrap = _around_coroutine
    elif inspect.isgeneratorfunction(function):
        wrap = _around_generator
    else:
        wrap = _around_call
    wrapper: Any = functools.wraps(function)(wrap(function, new_context, gives))
    if gives is not None:
        signature = inspect.signature(function)
        kept = [one for one in signature.parameters.values() if one.name != name]
        wrapper.__signature__ = signature.replace(parameters=kept)
    return cast("F", wrapper)


def _gives(function: Callable[..., Any], name: str) -> str | None:
    """The parameter that gets the resource, if there is one."""
    parameter = inspect.signature(function).parameters.get(name)
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return name if parameter is not None and parameter.kind in by_name else None


def _with(named: dict[str, Any], name: str | None, resource: object) -> dict[str, Any]:
    return named if name is None else {name: resource, **named}


def _around_call(
    function: Callable[..., Any], new_context: Callable[[], Borrowing], name: str | None
) -> Callable[..., Any]:
    def wrapper(*args: Any, **named: Any) -> Any:
        with new_context() as resource:
            return function(*args, **_with(named, name, resource))

    return wrapper


def _around_generator(
    function: Callable[..., Any], new_context: Callable[[], Borrowing], name: str | None
) -> Callable[..., Any]:
    def wrapper(*args: Any, **named: Any) -> Generator[Any, Any, Any]:
        with new_context() as resource:
            return (yield from function(*args, **_with(named, name, resource)))

    return wrapper


def _around_coroutine(
    function: Callable[..., Any], new_context: Callable[[], Borrowing], name: str | None
) -> Callable[..., Any]:
    async def wrapper(*args: Any, **named: Any) -> Any:
        async with new_context() as resource:
            return await function(*args, **_with(named, name, resource))

    return wrapper


def _around_async_generator(
    function: Callable[..., Any], new_context: Callable[[], Borrowing], name: str | None
) -> Callable[..., Any]:
    async def wrapper(*args: Any, **named: Any) -> AsyncGenerator[Any, Any]:
        async with new_context() as resource:
            async for value in function(*args, **_with(named, name, resource)):
                yield value

    return wrapper
