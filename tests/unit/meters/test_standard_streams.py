"""Writing out what the standard streams hold back."""

import io
import sys

import pytest

from pytest_memopt.meters.standard_streams import write_out_streams


class Stream(io.TextIOWrapper):
    """A stream of somebody's own, whose flushing is noticed."""

    flushed = 0

    def flush(self):
        self.flushed += 1
        super().flush()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_what_is_held_back_is_written(monkeypatch, name):
    """A text stream into a file keeps what is printed as objects until it is flushed, which is done here."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, name, io.TextIOWrapper(written, encoding="utf-8"))
    getattr(sys, name).write("a line\n")
    assert written.getvalue() == b""
    write_out_streams()
    assert written.getvalue() == b"a line\n"


def test_streams_of_others_are_left_alone(monkeypatch):
    """A captured stream, or one of the program's own kind, may run code when it is flushed, or move what was captured."""
    streams = Stream(io.BytesIO()), Stream(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    write_out_streams()
    assert [stream.flushed for stream in streams] == [0, 0]


class Broken(io.BytesIO):
    """A pipe whose reader is gone."""

    def write(self, _):
        raise BrokenPipeError


def broken():
    """A stream that can't be written any more."""
    stream = io.TextIOWrapper(Broken(), encoding="utf-8")
    stream.write("never seen")
    return stream


def closed():
    """A stream that was closed."""
    stream = io.TextIOWrapper(io.BytesIO())
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, closed(), broken()], ids=["none", "closed", "broken"])
def test_a_stream_that_can_not_be_written_is_passed_over(monkeypatch, stream):
    """No stream, a closed one or a broken pipe is the program's affair; the other stream is written all the same."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(written, encoding="utf-8"))
    sys.stderr.write("seen")
    write_out_streams()
    assert written.getvalue() == b"seen"


def test_deleted_streams_are_passed_over(monkeypatch):
    """A program may have taken the names away."""
    monkeypatch.delattr(sys, "stdout")
    monkeypatch.delattr(sys, "stderr")
    write_out_streams()
