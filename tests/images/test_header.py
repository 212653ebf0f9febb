"""Quick tar headers: what tarfile reads, to the letter."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.images.header import Header

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def block(form, **fields):
    info = tarfile.TarInfo(fields.pop("name", "a/b.png"))
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(form, "utf-8", "surrogateescape")[-512:]


def read(kind, data):
    """Return what a class makes of a block, or the kind of its error."""
    try:
        header = kind.frombuf(data, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        return type(error)
    return header.name, header.size, header.mtime, header.type


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"size": 8**11 - 1, "mtime": 1_700_000_000},
        {"name": "d" * 90 + "/" + "n" * 90 + ".png"},
        {"name": "ü/caf\udce9.png"},
        {"type": tarfile.SYMTYPE, "linkname": "x"},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.LNKTYPE, "linkname": "x"},
    ],
    ids=["usual", "large", "long", "no text", "symlink", "folder", "hard link"],
)
def test_header_is_what_tarfile_reads(form, fields):
    """Whatever kind of header it is, the fields that are used agree."""
    data = block(form, **fields)
    assert read(Header, data) == read(tarfile.TarInfo, data)


@given(st.integers(0, 511), st.integers(0, 255))
def test_a_changed_byte_is_met_as_tarfile_meets_it(place, value):
    """A broken header is refused for the same reason."""
    data = bytearray(block(tarfile.GNU_FORMAT, size=1234, mtime=1_700_000_000))
    data[place] = value
    assert read(Header, bytes(data)) == read(tarfile.TarInfo, bytes(data))


def test_usual_headers_are_read_without_tarfile(monkeypatch):
    """The quick way is taken, or this would be for nothing."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.png"))
    monkeypatch.setattr(tarfile.TarInfo, "frombuf", None)
    assert Header.frombuf(file.getvalue()[:512], "utf-8", "strict").name == "a.png"
