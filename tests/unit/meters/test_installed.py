"""Paths that mean the same on every machine."""

import asyncio.base_events
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from pytest_memopt.meters.installed import shown_path
from pytest_memopt.meters.measurement import Site

POSIX_LIBRARY = [PurePosixPath("/usr/lib/python3.11"), PurePosixPath("/env/lib/python3.11")]
WINDOWS_LIBRARY = [PureWindowsPath(r"C:\Python311\Lib")]


@pytest.mark.parametrize(
    ("path", "root", "told"),
    [
        ("/app/tests/test_a.py", "/app", "tests/test_a.py"),
        ("/other/a.py", "/app", "/other/a.py"),
        ("/env/lib/python3.11/site-packages/click/testing.py", "/app", "click/testing.py"),
        ("/usr/lib/python3/dist-packages/six.py", "/app", "six.py"),
        ("/usr/lib/python3.11/asyncio/base_events.py", "/app", "asyncio/base_events.py"),
        ("/env/lib/python3.11/enum.py", "/app", "enum.py"),
        ("/app/.venv/lib/python3.11/site-packages/click/testing.py", "/app", "click/testing.py"),
        ("/usr/lib/python3.11/enum.py", "/", "enum.py"),
        ("/e/site-packages/tox/.env/site-packages/click/core.py", "/app", "click/core.py"),
        ("/usr/lib/python3.11/test/test_enum.py", "/usr/lib/python3.11/test", "test_enum.py"),
        ("/env/lib/python3.11/site-packages/click/tests/test_a.py", "/env/lib/python3.11/site-packages/click", "tests/test_a.py"),
        ("/app/site-packages", "/app", "site-packages"),
        ("<string>", "/app", "<string>"),
        ("<frozen importlib._bootstrap>", "/app", "<frozen importlib._bootstrap>"),
    ],
)  # fmt: skip
def test_installed_code_is_told_from_its_folder_on(path, root, told):
    """Packages and Python's library are told without the way to them, also in an environment inside the root."""
    assert shown_path(PurePosixPath(path), PurePosixPath(root), POSIX_LIBRARY) == told


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (r"C:\app\tests\test_a.py", "tests/test_a.py"),
        (r"D:\other\a.py", r"D:\other\a.py"),
        (r"C:\Python311\Lib\site-packages\click\testing.py", "click/testing.py"),
        (r"C:\app\.venv\Lib\site-packages\click\testing.py", "click/testing.py"),
        (r"c:\python311\lib\asyncio\base_events.py", "asyncio/base_events.py"),
    ],
)
def test_windows_paths_are_told_alike(path, told):
    """What is told short has the separators of other platforms, so that signatures are the same there."""
    assert shown_path(PureWindowsPath(path), PureWindowsPath(r"C:\app"), WINDOWS_LIBRARY) == told


def test_a_site_in_this_library_is_told_short():
    """A line of allocation is told by the library of the Python that runs, and keeps all else."""
    site = Site(asyncio.base_events.__file__, 180, "run", 64, 1)
    assert site.below(Path(__file__).parent) == site._replace(path="asyncio/base_events.py")


def test_a_site_without_a_file_stays():
    """Code may be compiled for a file without a name."""
    site = Site("", 1, None, 64, 1)
    assert site.below(Path()) == site
