"""Clean but noisy: output, logging, warnings and what captures them."""
# ruff: noqa: T201, T203 - output in every shape is what is tested

from __future__ import annotations

import io
import logging
import os
import sys
import warnings

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)

LOGGER = logging.getLogger("clean.output")


def test_print_little():
    """A line on standard output."""
    print("hello")


def test_print_one_megabyte():
    """A megabyte in one call."""
    print("x" * 1_000_000)


def test_print_many_lines():
    """A megabyte in many lines."""
    for number in range(10_000):
        print("line", number, "y" * 90)


def test_print_to_stderr():
    """Standard error is captured too."""
    print("e" * 100_000, file=sys.stderr)


def test_write_to_descriptor():
    """Bytes written below Python's streams."""
    os.write(1, b"raw " * 10_000)


def test_capsys(capsys):
    """Output is read back by the test."""
    print("captured")
    assert capsys.readouterr().out == "captured\n"


def test_capsys_large(capsys):
    """Half a megabyte is read back by the test."""
    print("z" * 500_000)
    assert len(capsys.readouterr().out) == 500_001


def test_capsys_unread(capsys):
    """Output is captured and left to the teardown."""
    print("u" * 300_000)


def test_capsys_disabled(capsys):
    """Capturing is suspended for a moment."""
    with capsys.disabled():
        sys.stdout.flush()
    print("again")


def test_capfd(capfd):
    """Output is captured by descriptor."""
    os.write(1, b"fd\n")
    assert capfd.readouterr().out == "fd\n"


def test_capfd_large(capfd):
    """Output by descriptor, large and unread."""
    for _ in range(50):
        os.write(1, b"f" * 10_000)


def test_capsysbinary(capsysbinary):
    """Output as bytes."""
    sys.stdout.buffer.write(b"\x00\x01")
    assert capsysbinary.readouterr().out == b"\x00\x01"


def test_capfdbinary(capfdbinary):
    """Output as bytes by descriptor."""
    os.write(2, b"\xff")
    assert capfdbinary.readouterr().err == b"\xff"


def test_log_one_line():
    """One record, captured by pytest."""
    LOGGER.warning("one")


def test_log_many_lines():
    """Ten thousand records."""
    for number in range(10_000):
        LOGGER.warning("line %d of many", number)


def test_log_below_level():
    """Records below the level only fill the logger's cache."""
    for _ in range(1000):
        LOGGER.debug("never seen")


def test_log_exception():
    """A record with a traceback."""
    try:
        {}["missing"]
    except KeyError:
        LOGGER.exception("caught")


def test_log_with_extra():
    """Records with attributes of their own."""
    LOGGER.error("extra", extra={"payload": list(range(1000))})


def test_log_stack():
    """A record with the stack."""
    LOGGER.error("here", stack_info=True)


def test_new_logger_once():
    """A logger lives as long as the interpreter: warm-up."""
    logging.getLogger("clean.output.once").error("made")


def test_handler_added_and_removed():
    """A handler to a stream, taken away at the end."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    LOGGER.addHandler(handler)
    try:
        LOGGER.error("to the stream")
    finally:
        LOGGER.removeHandler(handler)
        handler.close()
    assert "to the stream" in stream.getvalue()


def test_log_file(tmp_path):
    """Records into a file, rotated."""
    from logging.handlers import RotatingFileHandler

    handler = RotatingFileHandler(tmp_path / "log.txt", maxBytes=1000, backupCount=2)
    LOGGER.addHandler(handler)
    try:
        for number in range(100):
            LOGGER.error("rotating %d", number)
    finally:
        LOGGER.removeHandler(handler)
        handler.close()


def test_log_queue():
    """Records through a queue and a thread."""
    import queue
    from logging.handlers import QueueHandler, QueueListener

    records = queue.Queue()
    handler = QueueHandler(records)
    target = logging.StreamHandler(io.StringIO())
    listener = QueueListener(records, target)
    LOGGER.addHandler(handler)
    listener.start()
    try:
        LOGGER.error("queued")
    finally:
        listener.stop()
        LOGGER.removeHandler(handler)
        handler.close()
        target.close()


def test_log_configured_by_dict():
    """A configuration by dictionary, with a logger that stays: warm-up."""
    from logging.config import dictConfig

    dictConfig({"version": 1, "disable_existing_loggers": False, "loggers": {"clean.configured": {"level": "INFO"}}})
    logging.getLogger("clean.configured").info("configured")


def test_caplog(caplog):
    """Records are read back by the test."""
    LOGGER.error("caught %s", "here")
    assert caplog.messages == ["caught here"]


def test_caplog_many(caplog):
    """Five thousand records are held by caplog until the test ends."""
    caplog.set_level(logging.DEBUG)
    for number in range(5000):
        LOGGER.debug("record %d", number)
    assert len(caplog.records) == 5000


def test_caplog_at_level(caplog):
    """The level is changed for a block."""
    with caplog.at_level(logging.INFO, logger="clean.output"):
        LOGGER.info("seen")
    assert caplog.record_tuples


def test_caplog_cleared(caplog):
    """Records are dropped half way."""
    LOGGER.error("first")
    caplog.clear()
    assert not caplog.records


def test_warn_once():
    """One warning, which pytest keeps for its summary."""
    warnings.warn("one", UserWarning, stacklevel=1)


def test_warn_many():
    """Many different warnings, all of which pytest keeps."""
    for number in range(500):
        warnings.warn(f"warning {number}", UserWarning, stacklevel=1)


def test_warn_deprecated():
    """A deprecation, which pytest always shows."""
    warnings.warn("old", DeprecationWarning, stacklevel=2)


def test_warns():
    """Warnings are expected by the test."""
    with pytest.warns(UserWarning, match="expected"):
        warnings.warn("expected", UserWarning, stacklevel=1)


def test_recwarn(recwarn):
    """Warnings are recorded by the fixture."""
    for number in range(50):
        warnings.warn(f"recorded {number}", UserWarning, stacklevel=1)
    assert len(recwarn) == 50


def test_catch_warnings():
    """Warnings are recorded by the standard library."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn("seen", RuntimeWarning, stacklevel=1)
    assert len(seen) == 1


@pytest.mark.filterwarnings("error")
def test_warning_as_error():
    """A warning becomes an exception by mark."""
    with pytest.raises(UserWarning):
        warnings.warn("fatal", UserWarning, stacklevel=1)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_resource_warning(tmp_path):
    """A file closed by the collector."""
    handle = (tmp_path / "left_open").open("w")
    del handle


def test_deprecated_call():
    """A deprecation is expected by the test."""
    with pytest.deprecated_call():
        warnings.warn("gone soon", DeprecationWarning, stacklevel=2)


def test_record_property(record_property):
    """A property that pytest keeps in the report."""
    record_property("note", "n" * 2000)


def test_redirected():
    """Output into a string by contextlib."""
    from contextlib import redirect_stderr, redirect_stdout

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        print("r" * 100_000)
    assert len(out.getvalue()) == 100_001


def test_pretty_print():
    """A large structure, prettily."""
    import pprint

    pprint.pprint({number: list(range(number)) for number in range(60)})


def test_traceback_printed():
    """A formatted traceback reads source lines into linecache: warm-up."""
    import traceback

    try:
        int("x")
    except ValueError:
        traceback.print_exc()


def test_stream_replaced(monkeypatch):
    """Standard input and output are replaced for the test."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert input("> ") == "typed"
