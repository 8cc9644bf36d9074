"""Clean but noisy: exceptions, their tracebacks, and tests that end early."""
# ruff: noqa: PT011, PT012, TRY301 - exceptions in every shape are what is tested

from __future__ import annotations

import sys
import traceback
from contextlib import suppress

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)


def _fall(depth, ballast):
    if depth:
        return _fall(depth - 1, ballast)
    raise ValueError("bottom", ballast)


def test_raises():
    """An expected exception."""
    with pytest.raises(ZeroDivisionError):
        _ = 1 / 0


def test_raises_with_match():
    """An expected exception with a message."""
    with pytest.raises(ValueError, match=r"invalid literal for int\(\) with base 10: '\w+'"):
        int("word")


def test_raises_keeps_info():
    """The exception and the frames of its traceback are held until the test's end."""
    with pytest.raises(ValueError) as info:
        _fall(50, bytes(1_000_000))
    assert info.value.args[0] == "bottom"
    assert len(info.traceback) > 50


def test_exception_in_local():
    """An exception held by a local of its own traceback: a cycle."""
    try:
        _fall(10, list(range(10_000)))
    except ValueError as error:
        kept = error
    assert kept.__traceback__ is not None


def test_traceback_in_local():
    """A traceback held by a frame that it contains: a cycle."""
    try:
        _fall(10, bytearray(100_000))
    except ValueError:
        trace = sys.exc_info()[2]
    assert trace.tb_frame


def test_chained():
    """Causes and contexts."""
    with pytest.raises(RuntimeError) as info:
        try:
            _fall(3, None)
        except ValueError as error:
            raise RuntimeError("outer") from error
    assert isinstance(info.value.__cause__, ValueError)


def test_deep_recursion():
    """The recursion limit is reached."""

    def forever():
        return forever()

    with pytest.raises(RecursionError):
        forever()


def test_many_exceptions():
    """A thousand exceptions, one after the other."""
    for number in range(1000):
        with suppress(ValueError):
            _fall(2, number)


def test_formatted():
    """A formatted exception fills linecache once."""
    try:
        _fall(5, None)
    except ValueError:
        assert "bottom" in traceback.format_exc()


def test_traceback_object():
    """A TracebackException with the locals of each frame."""
    try:
        _fall(5, list(range(100)))
    except ValueError as error:
        summary = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert "bottom" in "".join(summary.format())


def test_custom_exception():
    """An exception class created in the test."""

    class LocalError(Exception):
        pass

    with pytest.raises(LocalError):
        raise LocalError("local")


def test_custom_exception_in_local():
    """An instance of a class created in the test, held by its own traceback."""

    class LocalError(Exception):
        pass

    try:
        raise LocalError
    except LocalError as error:
        held = [error]
    assert held


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_exception_group():
    """A group of exceptions, split."""
    group = ExceptionGroup("many", [ValueError(1), TypeError(2)])  # noqa: F821
    matched, rest = group.split(ValueError)
    assert len(matched.exceptions) == len(rest.exceptions) == 1


def test_system_exit():
    """An exit is caught."""
    with pytest.raises(SystemExit):
        sys.exit(3)


def test_keyboard_interrupt():
    """An interrupt is caught."""
    with pytest.raises(KeyboardInterrupt):
        raise KeyboardInterrupt


def test_generator_throws():
    """An exception thrown into a generator."""

    def numbers():
        try:
            yield 1
        except ValueError:
            yield 2

    stream = numbers()
    next(stream)
    assert stream.throw(ValueError()) == 2


def test_error_in_finalizer():
    """An exception in __del__ is unraisable, and expected so."""

    class Fragile:
        def __del__(self):
            raise RuntimeError("in del")

    seen = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda info: seen.append(str(info.exc_value))
    try:
        Fragile()
    finally:
        sys.unraisablehook = hook
    assert seen == ["in del"]


def test_assertion_in_helper():
    """A failed assert of a rewritten module, caught."""
    with pytest.raises(AssertionError, match="assert"):
        left, right = list(range(100)), list(range(1, 101))
        assert left == right


def test_note_and_repr():
    """An exception as pytest renders it."""
    with pytest.raises(ValueError) as info:
        _fall(20, None)
    assert "bottom" in str(info.getrepr(style="long"))


def test_skipped_inside():
    """A test that skips itself half way."""
    ballast = [bytes(1000) for _ in range(100)]
    pytest.skip(f"after {len(ballast)} allocations")


@pytest.mark.xfail(reason="fails on purpose", strict=True)
def test_expected_failure():
    """A test that fails as expected, with a large local."""
    ballast = bytes(3_000_000)
    assert len(ballast) == 0


@pytest.mark.xfail(reason="raises on purpose")
def test_expected_error():
    """A test that raises as expected, deep down."""
    _fall(100, bytes(1_000_000))


def test_imperative_xfail():
    """A test that declares itself a failure."""
    pytest.xfail("declared")


def test_after_failures():
    """The test after those that failed."""
    assert sum(range(10)) == 45


def test_assertion_passes_on_large_values():
    """Comparing large equal values keeps no explanation."""
    assert list(range(50_000)) == list(range(50_000))


def test_faulthandler(tmp_path):
    """Stacks dumped by the interpreter."""
    import faulthandler

    with (tmp_path / "stacks").open("w") as out:
        faulthandler.dump_traceback(file=out)


def test_unwound_generators():
    """Generators left in the middle, with a finally."""

    def guarded(log):
        try:
            yield 1
        finally:
            log.append("closed")

    log = []
    for _ in range(100):
        next(guarded(log))
    assert len(log) == 100
