"""Tests that do nothing, in every surrounding: what they read is the instrument's own footprint."""

from __future__ import annotations

import unittest

import pytest


@pytest.fixture(scope="session")
def for_session():
    """A session's fixture of a megabyte."""
    return bytes(1_000_000)


@pytest.fixture(scope="module")
def for_module():
    """A module's fixture of a megabyte, with a teardown."""
    ballast = bytes(1_000_000)
    yield ballast
    del ballast


@pytest.fixture(scope="class")
def for_class():
    """A class's fixture of a megabyte."""
    return bytes(1_000_000)


@pytest.fixture
def for_function():
    """A test's own fixture."""
    ballast = [0] * 1000
    yield ballast
    ballast.clear()


def test_first():
    """The first of the file."""


def test_second():
    """The second."""


@pytest.mark.parametrize("number", range(4))
def test_parametrised(number):
    """Small parameters."""


def test_function_fixture(for_function):
    """A fixture of its own."""


def test_function_fixture_again(for_function):
    """The same again."""


def test_module_fixture(for_module):
    """The first user of a module's fixture."""


def test_module_fixture_again(for_module):
    """The next user."""


def test_session_fixture(for_session):
    """The first user of a session's fixture."""


def test_session_fixture_again(for_session, for_module):
    """The next user, of two at once."""


def test_tmp_path(tmp_path):
    """A folder."""


def test_tmp_path_again(tmp_path):
    """Another folder."""


def test_caplog(caplog):
    """Captured records."""


def test_caplog_again(caplog):
    """Captured records again."""


def test_capsys(capsys):
    """Captured output."""


def test_capsys_again(capsys):
    """Captured output again."""


def test_capfd(capfd):
    """Captured descriptors."""


def test_capfd_again(capfd):
    """Captured descriptors again."""


def test_monkeypatch(monkeypatch):
    """Nothing is patched."""


def test_monkeypatch_again(monkeypatch):
    """Nothing is patched again."""


def test_recwarn(recwarn):
    """No warning."""


def test_recwarn_again(recwarn):
    """No warning again."""


class TestClass:
    """Methods of a class."""

    def test_method(self):
        """The first method."""

    def test_method_again(self):
        """The second method."""

    def test_class_fixture(self, for_class):
        """The first user of a class's fixture."""

    def test_class_fixture_again(self, for_class):
        """The next user."""


class TestHooks:
    """A class with hooks in the style of xunit."""

    @classmethod
    def setup_class(cls):
        """The class's own megabyte."""
        cls.ballast = bytes(1_000_000)

    def setup_method(self):
        """A method's own list."""
        self.own = [0] * 100

    def test_hooked(self):
        """The first method."""

    def test_hooked_again(self):
        """The second method."""


class UnitTests(unittest.TestCase):
    """Methods of unittest."""

    def setUp(self):
        """Each has its own."""
        self.own = [0] * 100

    def test_unit(self):
        """The first method."""

    def test_unit_again(self):
        """The second method."""


class ClassOfUnitTests(unittest.TestCase):
    """Methods of unittest with a shared megabyte."""

    @classmethod
    def setUpClass(cls):
        """The class's own megabyte."""
        cls.ballast = bytes(1_000_000)

    @classmethod
    def tearDownClass(cls):
        """Given back."""
        del cls.ballast

    def test_shared(self):
        """The first method."""

    def test_shared_again(self):
        """The second method."""


def test_last():
    """The last of the file."""
