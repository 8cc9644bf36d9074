"""Clean but noisy: files, formats and databases."""
# ruff: noqa: ICN001, PTH207, RUF015 - the standard library is used in every way that users use it

from __future__ import annotations

import io
import json
import os
import pickle

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)

TREE = {"names": [f"name {number}" for number in range(200)], "table": {str(number): number for number in range(200)}}


def test_json():
    """JSON to text and back."""
    assert json.loads(json.dumps(TREE, indent=2)) == TREE


def test_json_keys_memo():
    """Ten thousand different keys."""
    assert len(json.loads(json.dumps({f"key {number}": number for number in range(10_000)}))) == 10_000


def test_json_error():
    """JSON that is wrong."""
    with pytest.raises(json.JSONDecodeError):
        json.loads('{"a": ')


def test_pickle():
    """Pickles of each protocol."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(TREE, protocol)) == TREE


def test_pickle_recursive():
    """A structure that contains itself."""
    loop = [1]
    loop.append(loop)
    assert pickle.loads(pickle.dumps(loop))[0] == 1


def test_copy():
    """Deep and shallow copies."""
    import copy

    assert copy.deepcopy(TREE) == copy.copy(TREE) == TREE


def test_marshal():
    """Code and constants by marshal."""
    import marshal

    assert marshal.loads(marshal.dumps(compile("a + 1", "<made>", "eval")))


def test_shelve(tmp_path):
    """A shelf on disk."""
    import dbm.dumb
    import shelve

    with shelve.Shelf(dbm.dumb.open(str(tmp_path / "shelf"))) as shelf:
        shelf["tree"] = TREE
        assert shelf["tree"] == TREE


def test_tmp_path(tmp_path):
    """A folder of pytest."""
    (tmp_path / "file.txt").write_text("text" * 1000, encoding="utf-8")
    assert (tmp_path / "file.txt").stat().st_size == 4000


def test_tmp_path_many_files(tmp_path):
    """Two hundred files, found by pattern."""
    for number in range(200):
        (tmp_path / f"file-{number}.txt").touch()
    assert len(list(tmp_path.rglob("*.txt"))) == 200


def test_tmpdir_factory(tmp_path_factory):
    """A folder from the factory."""
    assert tmp_path_factory.mktemp("made").is_dir()


def test_tempfile():
    """Files and folders of tempfile."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as handle:
        handle.write(b"x" * 10_000)


def test_spooled_file():
    """A file in memory that spills to disk."""
    import tempfile

    with tempfile.SpooledTemporaryFile(max_size=1000) as handle:
        handle.write(b"x" * 10_000)


def test_walk_and_copy(tmp_path):
    """Folders copied, walked and removed."""
    import shutil

    source = tmp_path / "a" / "b"
    source.mkdir(parents=True)
    (source / "file").write_bytes(b"1" * 50_000)
    shutil.copytree(tmp_path / "a", tmp_path / "c")
    assert len(list(os.walk(tmp_path))) == 5
    shutil.rmtree(tmp_path / "c")


def test_string_io():
    """Streams in memory."""
    stream = io.StringIO()
    for number in range(10_000):
        stream.write(f"{number}\n")
    assert stream.getvalue().count("\n") == 10_000


def test_text_wrapper():
    """Layers of streams."""
    raw = io.BytesIO()
    text = io.TextIOWrapper(io.BufferedRandom(raw), encoding="utf-8", newline="\r\n")
    text.write("line\n" * 100)
    text.flush()
    assert raw.getvalue().count(b"\r\n") == 100
    text.detach()


def test_gzip():
    """Compression of each kind."""
    import bz2
    import gzip
    import lzma
    import zlib

    data = b"compress me " * 5000
    for module in (bz2, gzip, lzma, zlib):
        assert module.decompress(module.compress(data)) == data


def test_zip_file(tmp_path):
    """An archive, written and read."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"file{number}", "content " * 100)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert len(archive.namelist()) == 20


def test_tar_file():
    """An archive in memory."""
    import tarfile

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo("name")
        entry.size = 1000
        archive.addfile(entry, io.BytesIO(bytes(1000)))
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        assert archive.getnames() == ["name"]


def test_csv():
    """Tables as text."""
    import csv

    stream = io.StringIO()
    csv.writer(stream).writerows([number, f"name {number}"] for number in range(1000))
    stream.seek(0)
    assert len(list(csv.DictReader(stream, ["number", "name"]))) == 1000


def test_csv_dialect():
    """A dialect registered and unregistered."""
    import csv

    csv.register_dialect("clean", delimiter=";")
    try:
        assert list(csv.reader(["a;b"], "clean")) == [["a", "b"]]
    finally:
        csv.unregister_dialect("clean")


def test_xml_tree():
    """XML by element tree."""
    from xml.etree import ElementTree

    root = ElementTree.Element("root")
    for number in range(500):
        ElementTree.SubElement(root, "item", number=str(number)).text = "text"
    assert len(ElementTree.fromstring(ElementTree.tostring(root)).findall("./item[@number]")) == 500


def test_xml_dom():
    """XML by a document with cycles."""
    from xml.dom import minidom

    document = minidom.parseString("<a>" + "<b c='d'>e</b>" * 100 + "</a>")
    assert len(document.getElementsByTagName("b")) == 100


def test_xml_sax():
    """XML by events."""
    import xml.sax

    class Counter(xml.sax.ContentHandler):
        count = 0

        def startElement(self, name, attributes):  # noqa: N802
            self.count += 1

    handler = Counter()
    xml.sax.parseString(b"<a><b/><b/></a>", handler)
    assert handler.count == 3


def test_html_parser():
    """HTML parsed and escaped."""
    import html
    from html.parser import HTMLParser

    parser = HTMLParser()
    parser.feed("<p class='x'>text &amp; more</p>" * 100)
    parser.close()
    assert html.unescape("&eacute;") == "é"


def test_email():
    """A message with parts, parsed and made."""
    import email
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("text\n" * 100)
    message.add_attachment(bytes(1000), maintype="application", subtype="octet-stream")
    message.set_boundary("fixed, since the parser compiles a pattern for each")
    assert email.message_from_bytes(message.as_bytes()).is_multipart()


def test_email_with_policy():
    """A message parsed by the new policy, whose headers are classes made on the way."""
    import email
    from email import policy

    message = email.message_from_string(
        "To: a@example.invalid\nDate: Mon, 1 Jan 2026 10:00:00 +0000\n\nx", policy=policy.default
    )
    assert message["To"].addresses[0].domain == "example.invalid"
    assert message["Date"].datetime.year == 2026


def test_http_headers():
    """Headers as http.client parses them."""
    from http.client import parse_headers
    from http.cookies import SimpleCookie

    headers = parse_headers(io.BytesIO(b"Host: example.invalid\r\nAccept: */*\r\n\r\n"))
    assert headers["host"] == "example.invalid"
    assert SimpleCookie("a=1; b=2")["b"].value == "2"


def test_config_parser():
    """A configuration with interpolation."""
    import configparser

    parser = configparser.ConfigParser()
    parser.read_string("[a]\nx = 1\ny = %(x)s2\n")
    assert parser["a"]["y"] == "12"


def test_arguments():
    """An argument parser with subcommands."""
    import argparse

    parser = argparse.ArgumentParser(prog="clean")
    commands = parser.add_subparsers(dest="command")
    for name in ("one", "two", "three"):
        commands.add_parser(name, help=name).add_argument("--value", type=int, default=3)
    assert parser.parse_args(["two", "--value", "4"]).value == 4
    assert parser.format_help()


def test_property_lists():
    """Property lists in both forms."""
    import plistlib

    for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
        assert plistlib.loads(plistlib.dumps(TREE, fmt=form)) == TREE


def test_base64():
    """Bytes as text."""
    import base64
    import binascii

    data = os.urandom(10_000)
    assert base64.b64decode(base64.b85encode(data) and base64.b64encode(data)) == data
    assert binascii.unhexlify(data.hex()) == data


def test_sqlite():
    """A database in memory."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (a integer primary key, b text)")
    connection.executemany("insert into t values (?, ?)", ((number, "x" * 50) for number in range(2000)))
    assert connection.execute("select count(*), sum(a) from t").fetchone()[0] == 2000
    connection.close()


def test_sqlite_on_disk(tmp_path):
    """A database on disk, with functions and a row type."""
    import sqlite3

    connection = sqlite3.connect(tmp_path / "clean.db")
    connection.row_factory = sqlite3.Row
    connection.create_function("twice", 1, lambda value: value * 2)
    with connection:
        connection.execute("create table t (a)")
        connection.execute("insert into t values (twice(21))")
    assert connection.execute("select a from t").fetchone()["a"] == 42
    connection.close()


def test_sqlite_error():
    """A query that is wrong."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("select from nowhere")
    finally:
        connection.close()


def test_tokenize():
    """A source cut into tokens."""
    import tokenize

    source = "\n".join(f"def f{number}(x): return x + {number}" for number in range(50))
    assert len(list(tokenize.generate_tokens(io.StringIO(source).readline))) > 500


def test_shell_words():
    """Words of a shell line."""
    import glob
    import shlex

    assert shlex.split("a 'b c' --d=\"e\"") == ["a", "b c", "--d=e"]
    assert isinstance(glob.glob("*.nothing"), list)


def test_addresses():
    """Networks and their hosts."""
    import ipaddress

    assert len(list(ipaddress.ip_network("10.0.0.0/24").hosts())) == 254


def test_graph_sorted():
    """A topological order."""
    from graphlib import TopologicalSorter

    assert list(TopologicalSorter({"d": {"b", "c"}, "b": {"a"}, "c": {"a"}}).static_order())[0] == "a"
