"""Clean but noisy: caches of the standard library, keyed by what each run of a test makes anew.

Nothing here is held by the test or by what it tests. The interpreter's own caches remember it, most of them up to a
bound that takes a hundred runs to reach; CPython's own hunt for leaks (``regrtest -R``) empties the same ones.
"""
# ruff: noqa: UP045 - typing's own cache is what is tested

from __future__ import annotations

import re
import sys
import typing

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)


def test_pattern_of_temporary_path(tmp_path):
    """The cache of re keeps a pattern that holds this run's own folder."""
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "missing" / ("name" * 20)))):
        (tmp_path / "missing" / ("name" * 20)).read_text()


def test_optional_of_local_class():
    """The cache of typing keeps a generic type over a class that was made in the test."""

    class Local:
        pass

    assert typing.get_args(typing.Optional[Local])[0] is Local


def test_generic_over_local_class():
    """The cache of typing keeps a generic class of the test, with its parameter."""
    kind = typing.TypeVar("kind")

    class Box(typing.Generic[kind]):
        pass

    class Local:
        pass

    assert typing.get_origin(Box[Local]) is Box


def test_import_from_temporary_path(tmp_path, monkeypatch):
    """The import system keeps a finder for a folder that was on the path."""
    (tmp_path / "clean_anew.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import clean_anew

    assert clean_anew.VALUE == 1
    monkeypatch.delitem(sys.modules, "clean_anew")


def test_traceback_of_temporary_file(tmp_path):
    """The line cache keeps the lines of a file that raised."""
    import traceback

    path = tmp_path / "raises.py"
    path.write_text("\n".join(f"x{number} = {number}" for number in range(100)) + "\nraise ValueError\n")
    try:
        exec(compile(path.read_text(), str(path), "exec"), {})
    except ValueError:
        assert "raises.py" in traceback.format_exc()


def test_address_of_new_server():
    """The cache of urllib keeps the parts of an address with a port of its own."""
    import socket
    from urllib.parse import urlsplit

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for number in range(10):
            assert urlsplit(f"http://127.0.0.1:{port}/{number}").port == port


def test_abstract_cache_of_local_types():
    """The caches of abstract classes hold types weakly."""
    from collections.abc import Iterable, Mapping

    class Local:
        pass

    assert not isinstance(Local(), Iterable)
    assert not issubclass(Local, Mapping)


def test_abstract_registration():
    """A registration with a standard abstract class, by weak reference."""
    from collections.abc import Sized

    class Local:
        pass

    Sized.register(Local)
    assert issubclass(Local, Sized)


def test_random_boundary():
    """The parser of email compiles a pattern for each boundary, which is random."""
    import email
    from email.message import EmailMessage

    message = EmailMessage()
    message.set_content("text")
    message.add_attachment(b"data", maintype="application", subtype="octet-stream")
    assert email.message_from_bytes(message.as_bytes()).is_multipart()


def test_names_of_temporary_files(tmp_path):
    """The cache of fnmatch keeps patterns with this run's own folder."""
    import fnmatch

    (tmp_path / "a.txt").touch()
    assert fnmatch.filter([str(path) for path in tmp_path.iterdir()], f"{tmp_path}/*.txt")
