"""Servers that stall, lie about lengths, redirect, and end early: in words, and in time."""

import io
import os
import tarfile
import time
import zipfile

import pytest

pytest.importorskip("aiohttp")

from bnstat.errors import SourceError
from bnstat.sources.bounds import ReadLimits
from bnstat.sources.locations import Opening
from bnstat.sources.sources import Sources

from .hostile_server import IMAGE, Server

LIMITS = ReadLimits(max_bytes=1_000_000, network_timeout=0.3)


@pytest.fixture(scope="module")
def files():
    """A tar of half a megabyte, and a zip."""
    tar, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for i in range(50):
            info = tarfile.TarInfo(f"{i:02}.png")
            info.size = len(IMAGE)
            archive.addfile(info, io.BytesIO(IMAGE))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("filler", os.urandom(300_000))
        archive.writestr("a.png", IMAGE)
    return {"/x.tar": tar.getvalue(), "/x.zip": packed.getvalue()}


@pytest.fixture
def server(files, monkeypatch):
    """A server with a mind of its own; who tries again does so soon."""
    monkeypatch.setattr("bnstat.sources.web._PAUSES", (0.01, 0.01))
    server = Server(files)
    yield server
    server.close()


@pytest.fixture
def outcomes(server):
    """Return bytes or problem of each image at a path, as a worker reads it."""

    def read(path, limits=LIMITS):
        found = []
        try:
            for reference in Sources.open([server.url + path], Opening(limits=limits)):
                found.append(reference.problem or _read(reference, limits))
        except SourceError as error:
            return str(error).replace(server.url, "http://host")
        return found

    return read


def _read(reference, limits):
    try:
        with reference.open(limits) as file:
            return file.read()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("path", ["/fine.png", "/moved.png", "/drip.png"])
def test_image_that_comes(outcomes, path):
    """Redirected, or slow: it is that image."""
    assert outcomes(path) == [IMAGE]


def test_image_with_more_behind_its_end(outcomes):
    """What is behind the declared end is no part of it, if the rest is not taken for an answer."""
    (found,) = outcomes("/too-long.png")
    refused = "UnreadableError: cannot be read: the server sends what is no HTTP"
    assert found in (IMAGE, refused)


def test_image_without_a_length(server, outcomes):
    """It ends where the connection does."""
    server.files["/y.png"] = IMAGE
    assert outcomes("/without-length/y.png") == [IMAGE]


def test_busy_server_is_asked_again(server, outcomes):
    """What may pass is tried three times."""
    assert outcomes("/busy-twice.png") == [IMAGE]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nowhere.png", "cannot be read: the server says 404 Not Found"),
        ("/forbidden.png", "cannot be read: the server says 403 Forbidden"),
        ("/error.png", "cannot be read: the server says 500 Internal Server Error"),
        ("/moved-around.png", "cannot be read: the server redirects without end"),
        (
            "/moved-to-file.png",
            "cannot be read: the server redirects to what is no web address, which is refused",
        ),
        ("/stall-at-once.png", "cannot be read: nothing came for 0.3 s (--network-timeout)"),
        (
            "/stall-in-body.png",
            "UnreadableError: cannot be read: nothing came for 0.3 s (--network-timeout)",
        ),
        (
            "/too-short.png",
            "UnreadableError: cannot be read: the server ended before the file did",
        ),
        ("/endless.png", "UnreadableError: has more bytes than --max-bytes allows"),
        ("/unasked-gzip.png", "UnreadableError: has more bytes than --max-bytes allows"),
    ],
)
def test_image_that_does_not_come(outcomes, path, reason):
    """Its failure is what the server said, or did, in words; and it comes soon."""
    started = time.monotonic()
    assert outcomes(path) == [reason]
    assert time.monotonic() - started < 20


def test_no_server(monkeypatch):
    """Where nobody listens, that is said."""
    monkeypatch.setattr("bnstat.sources.web._PAUSES", ())
    (reference,) = Sources.open(["http://127.0.0.1:9/x.png"], Opening(limits=LIMITS))
    assert reference.problem.startswith("cannot be read: Cannot connect to host 127.0.0.1:9")


def test_what_speaks_another_language(outcomes):
    """A server of another protocol is a failure too."""
    assert outcomes("/no-http.png") == ["cannot be read: the server sends what is no HTTP"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/stall-list/", "cannot be read: nothing came for 0.3 s (--network-timeout)"),
        ("/error/", "cannot be read: the server says 500 Internal Server Error"),
        ("/nowhere/", "cannot be read: the server says 404 Not Found"),
    ],
)
def test_list_that_does_not_come(outcomes, path, reason):
    """A folder that the server does not list is a failure with its words, not an empty one."""
    assert outcomes(path) == [reason]
    assert outcomes(path + "*.png") == f"http://host{path}*.png {reason}"


@pytest.mark.long
def test_list_without_end(outcomes):
    """A page that goes on and on is given up."""
    assert outcomes("/endless/") == ["cannot be read: the list has more than 64 MiB"]


@pytest.mark.parametrize("way", ["", "/no-ranges", "/without-length", "/breaks-off"])
def test_tar(outcomes, way):
    """It is read on where the connection broke off, and without ranges where there are none."""
    assert outcomes(f"{way}/x.tar") == [IMAGE] * 50


def test_tar_that_stalls(outcomes):
    """It is not waited for; what came is measured, and the rest is a failure."""
    reason = "is broken after 3 members: nothing came for 0.3 s (--network-timeout)"
    assert outcomes("/stall-in-file/x.tar") == [IMAGE, IMAGE, reason]


def test_zip(outcomes):
    """Its directory and members are read by ranges."""
    assert outcomes("/x.zip") == [IMAGE]


def test_zip_without_ranges(outcomes):
    """The error says what the server cannot do."""
    reason = "the server gives no ranges of bytes"
    assert outcomes("/range-ignored.zip") == f"cannot read http://host/range-ignored.zip: {reason}"


def test_range_without_end(outcomes):
    """No more is read of a range than was asked for."""
    assert outcomes("/range-endless.zip").endswith("there is no directory at its end")
