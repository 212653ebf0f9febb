"""URLs: memory://, http:// and s3:// on loopback, zip:// in a file, and what is missing."""

import contextlib
import functools
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
import zipfile

import fsspec
import pytest

import bnstat
from bnstat.errors import NothingMeasuredError, SourceError
from bnstat.sources.listing import Listing
from bnstat.sources.locations import Opening
from bnstat.sources.sources import Sources


@pytest.fixture
def memory(members):
    """The files of `tree` in memory; return their URL."""
    fs = fsspec.filesystem("memory")
    root = f"/{uuid.uuid4().hex}"
    for name, data in members:
        fs.pipe(f"{root}/{name}", data)
    yield f"memory:/{root}"
    fs.rm(root, recursive=True)


@pytest.fixture(scope="module")
def archives(tmp_path_factory, members):
    """A folder with the files of `tree` in a tar, a compressed tar and a zip."""
    import io
    import tarfile

    folder = tmp_path_factory.mktemp("archives")
    for name, mode in (("x.tar", "w"), ("x.tgz", "w:gz")):
        with tarfile.open(folder / name, mode) as tar:
            for member, data in members:
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        for member, data in members:
            archive.writestr(member, data)
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A web server as anybody has it, without its log."""

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def web(tree, archives):
    """Two real web servers on loopback: URL of `tree`, URL of its archives."""
    pytest.importorskip("aiohttp")
    with contextlib.ExitStack() as stack:
        urls = []
        for folder in (tree, archives):
            handler = functools.partial(Quiet, directory=folder)
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            urls.append(f"http://127.0.0.1:{server.server_port}")
        yield urls


@pytest.mark.parametrize("slash", ["", "/"])
def test_folder_in_memory(memory, content, found, expected, slash):
    """A URL's folder has the keys, bytes and other files of the folder that it is of."""
    assert content(memory + slash) == expected
    assert found(memory).skipped == 2


def test_url_comes_in_key_order(memory, expected):
    """A folder at a URL is listed in the order of the keys' bytes."""
    assert [reference.key for reference in Sources.open([memory])] == sorted(expected)


def test_patterns_at_urls(memory, found):
    """Braces and wildcards are expanded there too; keys are URLs."""
    assert found(f"{memory}/a/**/*.png").keys == [
        f"{memory}/a/1.png".encode(),
        f"{memory}/a/b/2.png".encode(),
    ]
    assert len(found(f"{memory}/a/{{1.png,1.JPG}}").keys) == 2
    with pytest.raises(SourceError, match="nothing matches memory://"):
        found(f"{memory}/*.webp")


def test_one_image_at_a_url(memory, content, expected):
    """A URL of an image is that image, under its name."""
    assert content(f"{memory}/a/1.png") == {b"1.png": expected[b"a/1.png"]}


@pytest.mark.parametrize("member", ["", "a.png", "a/**/*.png"])
@pytest.mark.parametrize("archive", ["memory://no.zip", "file:///no.zip", "no.zip"])
def test_a_chain_through_an_archive_that_is_not_there(member, archive):
    """It is an error of the source that names the archive."""
    with pytest.raises(SourceError, match=r"^cannot read \S*no.zip: "):
        Sources.open([f"zip://{member}::{archive}"])


def test_several_urls_stand_before_their_keys(memory, found):
    """With several sources, the URL as typed stands before each key."""
    keys = found(f"{memory}/a", f"{memory}/c/ü.png").keys
    assert f"{memory}/a/b/2.png".encode() in keys and f"{memory}/c/ü.png".encode() in keys


@pytest.mark.parametrize("name", ["x.tar", "x.tgz", "x.zip"])
def test_archives_in_memory(archives, content, expected, name):
    """An archive at a URL is that archive; its bytes reach workers that cannot see it."""
    fsspec.filesystem("memory").pipe(f"/{name}", (archives / name).read_bytes())
    assert content(f"memory://{name}") == expected
    fsspec.filesystem("memory").rm(f"/{name}")


def test_chains(archives, content, found, expected, monkeypatch):
    """zip:// looks into an archive, at a path that is relative to where it is typed."""
    monkeypatch.chdir(archives)
    assert content("zip://::x.zip") == expected
    assert content("zip://a/1.png::x.zip") == {b"1.png": expected[b"a/1.png"]}
    assert found("zip://a/**/*.png::x.zip").keys == [
        b"zip://a/%s::%s/x.zip" % (name, os.fsencode(archives)) for name in (b"1.png", b"b/2.png")
    ]
    monkeypatch.chdir("/")
    chained = Sources.open(["zip://::x.zip"], Opening(os.fsencode(archives)))
    assert sorted(reference.key for reference in chained) == sorted(expected)


def test_urls_in_a_list(memory, tmp_path, expected):
    """Entries of a list may be URLs."""
    (tmp_path / "list").write_text(f"{memory}/a/1.png\n{memory}/nowhere.png\n")
    one, two = Listing("list", root=memory, cwd=os.fspath(tmp_path))
    assert (one.key, one.open().read()) == (b"a/1.png", expected[b"a/1.png"])
    assert (two.key, two.problem[:16]) == (b"nowhere.png", "cannot be read: ")


def test_folder_on_the_web(web, content, found, expected):
    """A page that lists a folder is that folder; names come out of their escapes."""
    assert content(f"{web[0]}/") == expected
    assert found(f"{web[0]}/").skipped == 2


@pytest.mark.parametrize("name", ["x.tar", "x.tgz"])
def test_archives_on_the_web(web, content, expected, name):
    """Archives are read from a server that knows no ranges."""
    assert content(f"{web[1]}/{name}") == expected


def test_zip_on_a_server_without_ranges(web, found):
    """A zip's directory is at its end, which such a server does not give: an error says so."""
    with pytest.raises(SourceError, match="cannot read http://"):
        found(f"{web[1]}/x.zip")


def test_workers_read_urls(web, tree):
    """The figures of a folder on the web, read by workers, are those of the folder."""
    there, here = bnstat.compute(f"{web[0]}/", workers=2), bnstat.compute(tree, workers=1)
    assert (there.methods, there.sum, there.histogram) == (here.methods, here.sum, here.histogram)


def test_image_that_is_not_there_fails(web):
    """A page that is missing is a failure with its reason."""
    with pytest.raises(NothingMeasuredError) as caught:
        bnstat.compute(f"{web[0]}/nowhere.png", workers=1)
    ((name, reason),) = caught.value.failures
    assert (name, reason[:16]) == ("nowhere.png", "cannot be read: ")


def test_nothing_at_a_url():
    """A URL with nothing behind it is an error that names it."""
    with pytest.raises(SourceError) as caught:
        Sources.open(["memory://nowhere"])
    assert str(caught.value) == "nothing at memory://nowhere; check the URL"


def test_protocol_that_fsspec_does_not_know():
    """An unknown protocol is an error that names the URL."""
    with pytest.raises(SourceError) as caught:
        Sources.open(["nope://x"])
    assert str(caught.value) == "cannot read nope://x: Protocol not known: nope"


@pytest.mark.parametrize(
    ("url", "module"),
    [("s3://b/x.tar", "s3fs"), ("gs://b/x", "gcsfs"), ("https://h/x.png", "aiohttp")],
)
def test_package_missing_is_one_line(tmp_path, url, module):
    """A protocol whose package is missing is one line with the command that adds it."""
    program = f"import sys; sys.modules[{module!r}] = None; from bnstat.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", program, "compute", url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    expected = f"bnstat: {url} needs the package {module}: pip install {module}\n"
    assert (result.returncode, result.stdout, result.stderr) == (4, "", expected)


@pytest.fixture(scope="module")
def s3(tree, archives, tmp_path_factory):
    """A bucket `photos` with `tree` and its archives, on a moto server of its own."""
    pytest.importorskip("s3fs", reason="needs s3fs")
    pytest.importorskip("moto", reason="needs moto[server]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    log = tmp_path_factory.mktemp("moto") / "log"
    with open(log, "wb") as file:
        server = subprocess.Popen(command, stdout=file, stderr=file)
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        _wait(port, server, log)
        environment = os.environ | settings
        program = (
            "import s3fs, sys; fs = s3fs.S3FileSystem(); fs.mkdir('photos');"
            "fs.put(sys.argv[1] + '/', 'photos/data/', recursive=True);"
            "fs.put(sys.argv[2] + '/', 'photos/', recursive=True)"
        )
        filled = [sys.executable, "-c", program, tree, archives]
        subprocess.run(filled, env=environment, check=True, timeout=300)
        yield settings
    finally:
        server.kill()
        server.wait()


def _wait(port, server, log):
    end = time.monotonic() + 300
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail(f"moto did not start: {log.read_text()}")


@pytest.mark.long
def test_bucket_is_the_folder(s3, tree, tmp_path, python):
    """Images, a compressed tar and a zip in a real S3 protocol: the figures of the folder."""
    program = """
import bnstat, sys
whole = bnstat.compute(sys.argv[1], workers=1)
for name in ("data", "x.tar", "x.tgz", "x.zip"):
    found = bnstat.compute(f"s3://photos/{name}", workers=2 if name == "x.zip" else 1)
    assert found.methods == whole.methods, name
    assert (found.sum, found.histogram) == (whole.sum, whole.histogram), name
    assert found.source.skipped == whole.source.skipped == 2, name
two = bnstat.compute("s3://photos/data/a/**/*.png", workers=1)
print(two.source.images, two.source.fingerprint == whole.source.fingerprint)
"""
    result = python("-c", program, tree, env=s3, timeout=300)
    assert (result.stdout, result.stderr) == ("2 False\n", "")


@pytest.mark.long
def test_bucket_on_the_command_line(s3, tmp_path, python):
    """compute, then compare --augment, read the bucket again from another folder."""
    (tmp_path / "elsewhere").mkdir()
    result = python(
        "-m", "bnstat", "compute", "s3://photos/x.tgz", "-q", "--workers", "1", env=s3, timeout=300
    )
    said = "12 images of samples that have several, JPG, png: all count; --include '*.JPG' "
    assert (result.returncode, result.stderr) == (0, f"{said}measures one of each\n")
    document = tmp_path / "bnstat.json"
    document.rename(tmp_path / "elsewhere" / "bnstat.json")
    command = ("-m", "bnstat", "compare", "--augment", "grayscale", "--workers", "1")
    result = python(*command, cwd=tmp_path / "elsewhere", env=s3, timeout=300)
    assert (result.returncode, "grayscale" in result.stdout) == (0, True), result.stderr


@pytest.mark.long
def test_bucket_that_is_not_there(s3, python):
    """A bucket, or a key, that is not there is an error in one line."""
    for url, text in (
        ("s3://photos/nowhere", "nothing at s3://photos/nowhere; check the URL"),
        (
            "s3://nowhere/x.tar",
            "cannot read s3://nowhere/x.tar: An error occurred (NoSuchBucket) when calling the "
            "ListObjectsV2 operation: The specified bucket does not exist",
        ),
    ):
        result = python("-m", "bnstat", "compute", url, env=s3, timeout=300)
        assert (result.returncode, result.stderr) == (4, f"bnstat: {text}\n")
