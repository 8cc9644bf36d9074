"""Descriptors: how they are counted, and how the new ones are described."""

import gc
import os
import socket
import sys
import threading
from array import array
from itertools import count
from types import SimpleNamespace

import psutil
import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.meters import descriptors
from pytest_memopt.meters.descriptors import (
    CountedBy,
    OpenDescriptors,
    describe_descriptors,
    notices_one_more,
    open_numbers,
    ways_of_platform,
)
from pytest_memopt.meters.protocol import Meter, Unit

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names come from /proc")


def test_counts_one_more_for_each_open_file(tmp_path):
    """Opening a file is one more, closing it one less."""
    meter = OpenDescriptors()
    before = meter.read()
    with (tmp_path / "a").open("w"):
        assert meter.read() == before + 1
    assert meter.read() == before
    assert isinstance(meter, Meter)
    assert (meter.name, meter.unit, meter.status().available) == ("fds", Unit.COUNT, True)


def test_first_way_that_notices_is_taken():
    """A way that doesn't notice an open file (an old kernel's size of 0) is passed over."""
    meter = OpenDescriptors((CountedBy("deaf", lambda: 0), CountedBy("counts", count(5).__next__)))
    assert meter.status().how == "counts"


def test_no_way_is_told_and_refused():
    """Where nothing counts descriptors the status says so and a reading is an error."""
    meter = OpenDescriptors(())
    assert (meter.available, meter.status().available) == (False, False)
    with pytest.raises(MeterError, match="fds"):
        meter.read()


@pytest.mark.parametrize("error", [OSError("gone"), AttributeError("no such method"), psutil.AccessDenied()])
def test_failing_way_is_passed_over(error):
    """A way that fails is no way."""

    def fail():
        raise error

    assert not notices_one_more(fail)


def test_windows_counts_handles(monkeypatch):
    """On Windows psutil's number of handles is all there is."""
    monkeypatch.setattr(descriptors.psutil, "Process", lambda: SimpleNamespace(num_handles=lambda: 12))
    (way,) = ways_of_platform("win32")
    assert (way.how, way.ask()) == ("psutil, handles", 12)


@linux_only
def test_every_way_of_linux_agrees():
    """Entries of the folders are what psutil counts beside its own look; a thread in ``accept`` has one in reserve."""
    by_size, *by_listing, by_psutil = ways_of_platform("linux")
    listed = by_psutil.ask() - 1
    assert [way.ask() for way in by_listing] == [listed, listed]
    assert by_size.ask() == 0 or listed <= by_size.ask() <= listed + threading.active_count()


def test_open_numbers_hold_no_number_of_the_listing_itself():
    """Only descriptors that are open still are given."""
    before = open_numbers()
    file = os.open(os.devnull, os.O_RDONLY)
    try:
        assert open_numbers() - before == {file}
    finally:
        os.close(file)


def test_open_numbers_are_empty_without_a_folder(tmp_path):
    """Where no folder lists them (Windows) there are none to describe."""
    assert open_numbers((str(tmp_path / "none"),)) == frozenset()


@linux_only
def test_new_file_is_described_by_its_path(tmp_path):
    """A descriptor of a file is told by number and path."""
    before = open_numbers()
    with (tmp_path / "report.txt").open("w") as file:
        assert describe_descriptors(before) == (f"fd {file.fileno()}: {tmp_path / 'report.txt'}",)


def test_new_sockets_are_described_by_both_ends():
    """A connected socket shows both addresses, a listening one its own, and both stay open."""
    before = open_numbers()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        port, own = server.getsockname()[1], client.getsockname()[1]
        told = describe_descriptors(before)
        assert f"fd {server.fileno()}: socket 127.0.0.1:{port}" in told
        assert f"fd {client.fileno()}: socket 127.0.0.1:{own} -> 127.0.0.1:{port}" in told
        assert (server.fileno() >= 0, client.getpeername()[1]) == (True, port)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("::1", 80, 0, 0), "[::1]:80"),
        (("10.0.0.1", 80), "10.0.0.1:80"),
        ("/run/x.sock", "/run/x.sock"),
        (b"\0abstract", "\0abstract"),
        ("", "(unnamed)"),
        ((3, 4), "(unnamed)"),
    ],
)
def test_addresses_are_told_by_family(address, text):
    """IPv6 gets brackets, a UNIX socket its path, and one without a name says so."""
    assert descriptors._address(address) == text


def test_file_without_proc_is_described_by_psutil(tmp_path, monkeypatch):
    """Where there are no links to read psutil knows the paths of regular files."""
    with (tmp_path / "data").open("w") as file:
        assert descriptors._what_is(file.fileno(), (str(tmp_path),)) == str(tmp_path / "data")
        monkeypatch.setattr(descriptors.psutil, "Process", lambda: (_ for _ in ()).throw(psutil.AccessDenied()))
        assert descriptors._what_is(file.fileno(), (str(tmp_path),)) == "unknown"


def test_readings_keep_nothing_alive():
    """Counting leaves the number of small blocks as it was."""
    meter = OpenDescriptors()
    counts, kept = array("q", [0, 0]), array("q", [0] * 5)
    gc.disable()
    try:
        for turn in range(5):
            meter.read()
            counts[0] = sys.getallocatedblocks()
            meter.read()
            counts[1] = sys.getallocatedblocks()
            kept[turn] = counts[1] - counts[0]
    finally:
        gc.enable()
    assert min(kept, key=abs) == 0
