"""The formats that are opened, and what files of others are called."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnstat.decode.image_files import OPENED

PROGRAM = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n%%EOF\n"
SECURITY = Path(__file__).parents[2] / "docs" / "security.md"


def field(record, dataset, data):
    """A field of an IPTC file."""
    return struct.pack(">BBBH", 0x1C, record, dataset, len(data)) + data


# Pillow opens what stands in an IPTC file's last field, in any of its formats.
WRAPPED = b"".join(
    field(record, dataset, data)
    for record, dataset, data in [
        *((3, 20, b"\n"), (3, 30, b"\n"), (3, 60, b"\3\1"), (3, 65, b"\1"), (3, 120, b"\5")),
        (8, 10, PROGRAM),
    ]
)


@pytest.fixture
def ghostscript(tmp_path):
    """Put a program `gs` first on PATH that leaves a mark; return the environment and the mark."""
    program, mark = tmp_path / "bin" / "gs", tmp_path / "mark"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {mark}\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}, mark


def test_no_image_file_starts_a_program(tmp_path, python, ghostscript):
    """Neither PostScript nor an IPTC file that holds some, in folders, zip or tar archives."""
    environment, mark = ghostscript
    files = {"cat.jpg": WRAPPED, "dog.png": PROGRAM}
    (tmp_path / "data").mkdir()
    with (
        zipfile.ZipFile(tmp_path / "x.zip", "w") as packed,
        tarfile.open(tmp_path / "x.tar", "w") as tar,
        tarfile.open(tmp_path / "x.tgz", "w:gz") as gzipped,
    ):
        for name, data in files.items():
            (tmp_path / "data" / name).write_bytes(data)
            packed.writestr(name, data)
            for archive in (tar, gzipped):
                header = tarfile.TarInfo(name)
                header.size = len(data)
                archive.addfile(header, io.BytesIO(data))
    sources = ("data", "x.tar", "x.tgz", "x.zip")
    found = python("-m", "bnstat", "compute", *sources, env=environment)
    reason = "begins like a {} file, a format that is not opened"
    lines = [
        f"failed: {source}/{name}: {reason.format(kind)}"
        for name, kind in (("cat.jpg", "IPTC"), ("dog.png", "EPS"))
        for source in sources
    ]
    assert (lines, 4) == (found.stderr.splitlines()[:8], found.returncode)
    assert not mark.exists()


@pytest.mark.parametrize("data", [WRAPPED, PROGRAM], ids=["IPTC", "EPS"])
def test_pillow_would_start_it(tmp_path, python, ghostscript, data):
    """The files of the test above do start a program where all formats are tried."""
    environment, mark = ghostscript
    (tmp_path / "x.jpg").write_bytes(data)
    python("-c", "from PIL import Image; Image.open('x.jpg').load()", env=environment)
    assert " -f " in mark.read_text()


BEGINNINGS = {
    "BUFR": b"BUFR\0\0\0\4",
    "CUR": b"\0\0\2\0",
    "DDS": b"DDS ",
    "FITS": b"SIMPLE  =",
    "GBR or GRIB": b"GRIB\0\0\0\1",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "ICNS": b"icns",
    "MPEG": b"\0\0\1\xb3",
    "PSD": b"8BPS",
    "QOI": b"qoif",
    "WMF": b"\xd7\xcd\xc6\x9a\0\0",
    "XBM or XPM": b"/* XPM */",
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_other_format_is_named(tmp_path, measured, name):
    """A file of a format that is not opened is a failure that names the format."""
    path = tmp_path / "x.jpg"
    path.write_bytes(BEGINNINGS[name] + bytes(100))
    names = {name, name.removeprefix("XBM or ")}  # Pillow 12 tells these two apart
    reasons = {f"begins like a {each} file, a format that is not opened" for each in names}
    assert measured(path).reason in reasons


@pytest.mark.parametrize("length", range(1, 16))
def test_short_file_is_of_no_format(tmp_path, measured, length):
    """Comparing the first bytes of a file that has only a few breaks nothing."""
    (tmp_path / "x.jpg").write_bytes(bytes(length))
    assert "is not an image of a known format" == measured(tmp_path / "x.jpg").reason


SAVED = {
    **{"x.bmp": "BMP", "x.dib": "DIB", "x.gif": "GIF", "x.jpg": "JPEG", "x.mpo": "MPO"},
    **{"x.ppm": "PPM", "x.png": "PNG", "x.avif": "AVIF", "x.jp2": "JPEG2000", "x.ico": "ICO"},
    **{"x.tif": "TIFF", "x.webp": "WEBP"},
}


@pytest.mark.parametrize("name", SAVED)
def test_listed_formats_are_measured(drawn, measured, name):
    """Each listed format is measured as Pillow decodes it, under any file name."""
    options = {"save_all": True, "append_images": [Image.new("RGB", (16, 16))]}
    path = drawn(name, "RGB", (16, 16), **(options if name == "x.mpo" else {}))
    with Image.open(path) as image:
        assert image.format == SAVED[name]
        expected = image.convert("RGB").histogram()
    path.rename(path.with_name("y.jpg"))
    (histogram,) = [measured(path.with_name("y.jpg")).histogram]
    assert expected == [count for channel in histogram for count in channel]


def test_documentation_says_of_each_format_why():
    """docs/security.md has a row for each of Pillow's formats: opened, or why not."""
    Image.init()
    rows = re.findall(r"^\| ((?:[A-Z0-9]+(?:, )?)+) \| (yes|no) \|", SECURITY.read_text(), re.M)
    opened = [name for names, word in rows if word == "yes" for name in names.split(", ")]
    refused = [name for names, word in rows if word == "no" for name in names.split(", ")]
    assert sorted((*OPENED, "MPO")) == sorted(opened)
    assert {*Image.OPEN} - {*OPENED} <= {*refused}
    assert len({*refused}) == len(refused)


def saved(save):
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def torch_checkpoint(file):
    import torch

    torch.save({"weight": torch.zeros(3)}, file)


def zipped(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", "text")


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"
PAGES = {
    "a Git LFS pointer, not an image; run git lfs pull": [LFS],
    "an HTML page, not an image": [b"<!DOCTYPE html>\n<p>", b"\xef\xbb\xbf\n <HTML lang='en'>"],
    "an SVG drawing": [b"<svg xmlns='x'>", b"<?xml version='1.0'?>\n<!-- x -->\n<svg width='1'>"],
    "an XML file, not an image": [b"<?xml version='1.0'?><annotation/>"],
    "JSON, not an image": [json.dumps({"images": []}).encode(), b"[1, 2]", b'[\n {"a": 1}]'],
    "a HEIF image, a format that is not opened": [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"],
    "a video, not an image": [
        *(b"\0\0\0\x18ftypmp42\0\0\0\0", b"\x1aE\xdf\xa3\x01", b"RIFF\0\1\0\0AVI LIST"),
    ],
    "a NumPy array, not an image": [saved(lambda file: np.save(file, np.zeros(3)))],
    "a NumPy .npz file, not an image": [saved(lambda file: np.savez(file, a=np.zeros(3)))],
    "a zip archive, not an image": [saved(zipped)],
    "a torch checkpoint, not an image": [saved(torch_checkpoint)],
    "a DICOM file, a format that is not opened": [bytes(128) + b"DICM" + bytes(50)],
    "a NIfTI file, a format that is not opened": [
        *(bytes(344) + magic + bytes(50) for magic in (b"n+1\0", b"ni1\0")),
    ],
    "compressed by gzip": [gzip.compress(b"x")],
    "a PDF file, not an image": [b"%PDF-1.7\n"],
    "a Parquet file; name it so that it ends in .parquet": [b"PAR1" + bytes(20)],
}


@pytest.mark.parametrize("what", PAGES)
def test_it_is_called_what_it_is(tmp_path, measured, what):
    """Whatever its name says."""
    for data in PAGES[what]:
        (tmp_path / "x.jpg").write_bytes(data)
        assert measured(tmp_path / "x.jpg").reason == f"is {what}"


@pytest.mark.parametrize("data", [b"", b"a text, of which there are many", bytes(600)])
def test_what_nobody_knows_is_of_no_known_format(tmp_path, measured, data):
    """Of a text nothing is said: it may be any."""
    (tmp_path / "x.jpg").write_bytes(data)
    reason = "is not an image of a known format" if data else "is empty"
    assert measured(tmp_path / "x.jpg").reason == reason


def test_an_image_in_text_is_an_image(tmp_path, measured):
    """A PPM in decimal digits."""
    (tmp_path / "x.ppm").write_bytes(b"P3\n1 1\n255\n1 2 3\n")
    assert measured(tmp_path / "x.ppm").reason is None
