"""Credentials in URLs: used, and never written or shown."""

import importlib.util
import io
import os
import stat
import subprocess
import sys
import tarfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import SourceError
from bnstat.targets import TARGETS

pytest.importorskip("aiohttp")

SECRETS = ("hunter", "s3cr3t", "s1gn4ture", "t0k3n")
QUERY = "?se=2026&sig=s1gn4ture&X-Amz-Signature=s1gn4ture&token=t0k3n"


@pytest.fixture
def server(here):
    """A server with the images of `tiny`, by themselves and in a tar."""
    path = Path(__file__).parents[1] / "sources" / "hostile_server.py"
    spec = importlib.util.spec_from_file_location("hostile_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(here / "tiny" / "a.png")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.add(here / "tiny", ".")
    files = {f"/{name}": (here / "tiny" / name).read_bytes() for name in ("a.png", "b.png")}
    server = module.Server({"/x.tar": tar.getvalue(), **files})
    yield server
    server.close()


@pytest.fixture
def run(bnstat):
    """Run a command in this process; return its status, stdout and stderr."""

    def call(*arguments):
        result = bnstat(*arguments)
        return result.status, result.out, result.err

    return call


@pytest.fixture
def compute(run):
    """Run `bnstat compute` in this process."""
    return lambda *arguments: run("compute", "--workers", "1", *arguments)


@pytest.fixture
def secret(server):
    """Return the URL of a path, with user, password and signature."""
    return lambda path: server.url.replace("//", "//hunter:s3cr3t@") + path + QUERY


@pytest.fixture
def process_tree(here):
    """Return the command lines that a command and all below it had while it ran."""

    def call(*arguments):
        command = [sys.executable, "-m", "bnstat", *arguments]
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = {}
        while started.poll() is None:
            for pid in [started.pid, *children(started.pid)]:
                with suppress(OSError):
                    seen[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().decode("latin-1")
        assert started.returncode == 0
        return list(seen.values())

    return call


def children(pid):
    """Return the processes below one."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def check_hidden(text, *, names=1):
    """Check that there is no secret in a text, and the stripped URL is."""
    found = [word for word in SECRETS if word in text]
    assert found == []
    assert text.count("http://***@127.0.0.1") >= names, text


def test_nothing_that_is_written_or_shown_has_them(here, compute, run, secret):
    """Document, headline, progress, journal, and all that export writes."""
    sources = [secret("/x.tar"), secret("/a.png"), secret("/nowhere.png")]
    status, out, err = compute(*sources, "--journal", "j.db", "--max-failures", "1")
    assert status == 0
    check_hidden(out, names=3)
    check_hidden(err)
    check_hidden((here / "bnstat.json").read_text(), names=3)
    check_hidden((here / "j.db").read_bytes().decode("latin-1"), names=3)
    for name, target in TARGETS.items():
        if not target.binary:
            status, out, err = run("export", "--format", name)
            assert (status, [word for word in SECRETS if word in out + err]) == (0, []), name


WRITTEN = {
    "records.csv": ["--records", "records.csv"],
    "records.parquet": ["--records", "records.parquet"],
    "report.html": ["--report", "report.html"],
    "j.db": ["--journal", "j.db"],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_no_file_that_compute_writes_has_them(here, compute, secret, name):
    """Rows of images, of failed ones too, pages and journals."""
    pytest.importorskip("pyarrow") if name.endswith(".parquet") else None
    sources = [secret("/x.tar"), secret("/a.png"), secret("/nowhere.png")]
    status, out, err = compute(*sources, *WRITTEN[name], "--max-failures", "1")
    assert (status, [word for word in SECRETS if word in out + err]) == (0, [])
    check_no_file_has_them(here)


def test_no_file_that_other_commands_write_has_them(here, run, secret):
    """Documents of comparisons and sweeps, reports, pictures, lists of images."""
    sources = [secret("/a.png"), secret("/b.png")]
    alone = ["--workers", "1"]
    shown = [
        run("compute", sources[0], *alone),
        run("compare", *sources, "-o", "compare.json", *alone),
        run("compare", *sources, "--format", "csv", *alone),
        run("sweep", sources[0], "-o", "sweep.json", "--batch-size", "1", *alone),
        run("outliers", *sources, "--format", "json", *alone),
        run("duplicates", *sources, sources[0], "--format", "json", *alone),
        run("report"),
        run("plot", "histogram"),
    ]
    assert [status for status, _, _ in shown] == [0] * len(shown), shown
    told = [out + err for _, out, err in shown]
    assert [text for text in told if any(word in text for word in SECRETS)] == []
    check_no_file_has_them(here)


def check_no_file_has_them(folder):
    """Check all files below a folder, byte by byte."""
    files = [path for path in folder.rglob("*") if path.is_file() and "tiny" not in path.parts]
    assert files
    for path in files:
        data = path.read_bytes()
        assert [word for word in SECRETS if word.encode() in data] == [], path


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc")
def test_no_other_process_is_started_with_them(server, secret, process_tree):
    """Workers get what they need through pipes: what others can list is the command as typed."""
    lines = process_tree("compute", secret("/x.tar"), "--workers", "2")
    assert len(lines) > 2
    assert [line for line in lines[1:] if any(word in line for word in SECRETS)] == []


@pytest.mark.parametrize("name", ["safetensors", "state_dict"])
def test_binary_exports(here, compute, run, secret, name):
    """Metadata of weights too."""
    if name == "safetensors":
        pytest.importorskip("safetensors")
    compute(secret("/x.tar"), "-q")
    status, _, _ = run("export", "--format", name, "-o", "out.bin")
    assert status == 0
    data = (here / "out.bin").read_bytes()
    assert not any(word.encode() in data for word in SECRETS)


@pytest.mark.parametrize("path", ["/nowhere.tar", "/nowhere.png", "/error.zip", "/moved-around/"])
def test_errors(compute, secret, path):
    """Whatever the server does, the error names the URL without them."""
    status, out, err = compute(secret(path))
    assert (status, out) == (4, "")
    check_hidden(err)


def test_errors_of_the_command_line(run, secret):
    """What is not understood is shown too, as is what stands in the way of a bug."""
    url = secret("/x.tar")
    for arguments in (
        ["merge", url],
        ["export", url],
        ["compare", url + ".json"],
        ["export", "a", url],
    ):
        status, out, err = run("--debug", *arguments)
        assert status in (2, 4)
        assert not any(word in out + err for word in SECRETS), out + err


def test_a_result_is_not_measured_again_without_them(compute, run, secret):
    """What needs the images says that the URL must be typed again; typed, it is used."""
    compute(secret("/x.tar"), "-q")
    for command in (
        ["compare", "--augment", "grayscale"],
        ["sweep", "bnstat.json"],
    ):
        status, out, err = run(*command, "--workers", "1")
        assert (status, out) == (4, "")
        check_hidden(err)
        assert err.endswith("which results do not keep; type the URL again\n")
    status, out, err = run("compare", "--workers", "1", secret("/x.tar"), "--augment", "none")
    assert (status, err.count("***")) == (0, 0)
    check_hidden(out)


def test_urls_that_differ_in_nothing_else(here, compute, server):
    """They are different images, and none is taken for a duplicate."""
    urls = [f"{server.url}/a.png?sig={sig}" for sig in ("one", "two")]
    (here / "list").write_text("\n".join(urls))
    for arguments in (urls, ["--files-from", "list"], [f"{server.url}/a.png?sig={{one,two}}"]):
        status, out, err = compute(*arguments)
        shown = f"{server.url}/a.png?sig=***"
        assert (status, out) == (4, "")
        assert err.startswith(f"bnstat: {shown} and {shown} are different URLs only by")
    assert compute(urls[0], urls[0])[0] == 0


def test_lists_and_their_root(here, compute, secret, server):
    """A list of URLs, and what is stripped from them."""
    (here / "list").write_text(secret("/a.png") + "\n" + secret("/nowhere.png"))
    root = server.url.replace("//", "//hunter:s3cr3t@")
    options = ["--files-from", "list", "--max-failures", "1"]
    for more in ([], ["--root", root]):
        status, out, err = compute(*options, *more)
        assert status == 0
        document = (here / "bnstat.json").read_text()
        assert not any(word in out + err + document for word in SECRETS), out + err + document


def test_masks(here, compute, secret):
    """A pattern of masks at a URL is recorded without them."""
    status, _, err = compute("tiny", "--masks", secret("/{name}"), "-q")
    assert status in (0, 4), err
    assert not any(word in err for word in SECRETS)
    if status == 0:
        check_hidden((here / "bnstat.json").read_text())


def test_from_python(secret, here):
    """Errors and results of the functions have none either."""
    with pytest.raises(SourceError) as caught:
        bnstat.compute(secret("/nowhere.tar"), workers=1)
    check_hidden(str(caught.value))
    check_hidden(repr(bnstat.compute(secret("/x.tar"), workers=1)))


@pytest.mark.usefixtures("server")
def test_files_follow_the_umask(here, compute, run):
    """What is written is for whom the user's mask says."""
    before = os.umask(0o077)
    try:
        compute("tiny", "-q", "--journal", "j.db")
        assert run("export", "--format", "hf", "-o", "a.json")[0] == 0
    finally:
        os.umask(before)
    for name in ("bnstat.json", "j.db", "a.json"):
        assert stat.S_IMODE((here / name).stat().st_mode) == 0o600, name
