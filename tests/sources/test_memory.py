"""Memory that hostile containers take, as the kernel counts it, in a process of its own."""

import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib

import pytest
from PIL import Image

from bnstat.errors import SourceError
from bnstat.sources.sources import Sources

from .hostile_server import Server

pytestmark = pytest.mark.long  # bombs take a second or two to be made

MB = 1 << 20
# What an interpreter takes that has read a source without anything hostile in it, and some.
SPARE = 60 * MB

PROGRAM = """
import sys
from bnstat.sources.bounds import ReadLimits
from bnstat.sources.locations import Opening
from bnstat.sources.sources import Sources

limits = ReadLimits(max_bytes=int(sys.argv[2]) if len(sys.argv) > 2 else None, network_timeout=5.0)
for reference in Sources.open([sys.argv[1]], Opening(limits=limits)):
    try:
        if reference.problem is None:
            with reference.open(limits) as file:
                while file.read(1 << 16):
                    pass
        print(reference.problem)
    except Exception as error:
        print(error)
(peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(int(peak.split()[1]) * 1024)
"""


@pytest.fixture
def read(python):
    """Read all images of a source; return what went wrong with each, and the peak of memory."""

    def run(*arguments):
        result = python("-c", PROGRAM, *arguments)
        *problems, peak = result.stdout.splitlines()
        assert result.stderr == ""
        return problems, int(peak)

    return run


def write_zip(path, method, size, declared=None, head=b""):
    """Write a zip of one member of zeros behind `head`; it declares what it is told to."""
    with zipfile.ZipFile(path, "w", method) as archive, archive.open("a.png", "w") as file:
        file.write(head)
        for _ in range(size // MB):
            file.write(bytes(MB))
    if declared is not None:
        data = bytearray(path.read_bytes())
        entry = data.index(b"PK\1\2")
        data[entry + 24 : entry + 28] = struct.pack("<I", declared)
        path.write_bytes(data)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_member_that_lies_about_its_size(tmp_path, read, method):
    """No more is decompressed than it declares."""
    problems, peak = read(write_zip(tmp_path / "x.zip", method, 150 * MB, declared=100))
    assert problems == ["holds more than the 100 bytes that the archive declares"]
    assert peak < SPARE


def test_member_larger_than_allowed(tmp_path, read):
    """It is refused by its declared size: by default above 256 MiB, or as asked."""
    path = write_zip(tmp_path / "x.zip", zipfile.ZIP_DEFLATED, 300 * MB)
    problems, peak = read(path)
    reason = "has 314572800 bytes, more than the 256 MiB that --max-bytes allows by default"
    assert (problems, peak < SPARE) == ([reason], True)
    problems, peak = read(path, "314572799")
    assert problems == ["has 314572800 bytes, more than --max-bytes allows"]
    assert peak < SPARE
    problems, peak = read(path, "314572800")
    assert problems == ["None"]


def test_stored_member_of_any_size(tmp_path, read):
    """What is only stored on a disk is read as it is decoded, its checksum compared before."""
    problems, peak = read(write_zip(tmp_path / "x.zip", zipfile.ZIP_STORED, 300 * MB))
    assert (problems, peak < SPARE) == (["None"], True)


class Zeros(io.RawIOBase):
    """So many zeros."""

    def __init__(self, size):
        self._left = size

    def read(self, size=-1):
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


def write_tar(path, mode, *sizes):
    with tarfile.open(path, mode) as tar:
        for i, size in enumerate(sizes):
            info = tarfile.TarInfo(f"{i}.png")
            info.size = size
            tar.addfile(info, Zeros(size))
    return path


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_member_of_a_stream_larger_than_allowed(tmp_path, read, compression):
    """It is passed over without being held; what follows it is read."""
    path = write_tar(tmp_path / "x.tar", f"w:{compression}", 150 * MB, 7)
    problems, peak = read(path, "1000000")
    assert problems == ["has 157286400 bytes, more than --max-bytes allows", "None"]
    assert peak < SPARE


def test_xz_that_demands_much_memory(tmp_path):
    """A dictionary of 1.5 GiB is refused before it is allocated."""
    data = bytearray(lzma.compress(write_tar(tmp_path / "x.tar", "w", 7).read_bytes()))
    size = 4 * (data[12] + 1)  # of the block's header, in which a filter has its properties
    assert data[14:16] == b"\x21\1"
    data[16] = 37
    data[8 + size : 12 + size] = struct.pack("<I", zlib.crc32(data[12 : 8 + size]))
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(SourceError, match="Memory usage limit exceeded"):
        list(Sources.open([str(tmp_path / "x.tar")]))


@pytest.mark.parametrize("inside", [False, True], ids=["plain", "struct"])
def test_rows_that_are_one_value(tmp_path, read, inside):
    """One value of 100 MB in a file of 4 KB, 40 times: a row at a time, and none is kept."""
    pa = pytest.importorskip("pyarrow")
    indices, value = pa.array([0] * 15, pa.int32()), pa.array([bytes(100 * MB)], pa.binary())
    values = pa.DictionaryArray.from_arrays(indices, value)
    image = pa.StructArray.from_arrays([values], ["bytes"]) if inside else values
    options = {"compression": "zstd", "dictionary_pagesize_limit": 1 << 30, "store_schema": False}
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"image": image}), tmp_path / "x.parquet", **options)
    assert (tmp_path / "x.parquet").stat().st_size < 20_000
    problems, peak = read(tmp_path / "x.parquet", "1000000")
    assert problems == ["has 104857600 bytes, more than --max-bytes allows"] * 15
    assert peak < 700 * MB


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/endless.png", "has more bytes than --max-bytes allows"),
        ("/unasked-gzip.png", "has more bytes than --max-bytes allows"),
        ("/range-endless.png", "None"),
        ("/range-endless.zip", ""),
    ],
)
def test_body_without_end(tmp_path, read, python, path, reason):
    """No more is read of a server's answer than may be, whatever it sends."""
    pytest.importorskip("aiohttp")
    archive = write_zip(tmp_path / "x.zip", zipfile.ZIP_STORED, MB).read_bytes()
    server = Server({"/x.zip": archive})
    try:
        result = python("-c", PROGRAM, server.url + path, str(2 * MB))
    finally:
        server.close()
    *problems, peak = result.stdout.splitlines() or ["0"]
    if reason:
        assert problems == [reason]
        assert int(peak) < SPARE + 40 * MB  # aiohttp, with ssl
    else:
        assert "there is no directory at its end" in result.stderr


NEARLY_ALL_FAIL = """
import json
import sys
import bnstat

stats = bnstat.compute("x.parquet", workers=1, **json.loads(sys.argv[1]))
print(stats.source.failed, len(stats.source.failures))
(peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(int(peak.split()[1]) * 1024)
"""


@pytest.mark.parametrize("options", [{}, {"all_failures": True}, {"records": "r.csv"}], ids=str)
def test_images_that_nearly_all_fail(tmp_path, python, options):
    """A file of some hundred bytes says that it has half a million images, of which one is there.

    What is kept of those that are not named is their number.
    """
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    png, named, peaks = io.BytesIO(), bool(options), []
    Image.new("L", (2, 2)).save(png, "PNG")
    for rows in (20_000, 520_000):
        images = [pa.array([png.getvalue()], pa.binary()), pa.nulls(rows, pa.binary())]
        table = pa.table({"image": pa.chunked_array(images)})
        parquet.write_table(table, tmp_path / "x.parquet", row_group_size=rows + 1)
        failed, names, peak = python("-c", NEARLY_ALL_FAIL, json.dumps(options)).stdout.split()
        assert (int(failed), int(names)) == (rows, rows if named else 10_000)
        peaks.append(int(peak))
    assert peaks[1] - peaks[0] < 500_000 * (100 if named else 10)
