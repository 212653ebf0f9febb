"""The directory of a zip: what zipfile reads of it, an entry at a time."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.sources.bounds import UnreadableError
from bnstat.sources.zip import entries

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), min_size=1, max_size=300)


def read(data):
    """Return the entries, or the error that ends them."""
    try:
        return [
            (e.name, e.flags, e.method, e.crc, e.compressed_size, e.size, e.attributes, e.offset)
            for e in entries(io.BytesIO(data))
        ]
    except UnreadableError as error:
        return str(error)


def read_by_zipfile(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            (
                *(i.orig_filename.encode("utf-8" if i.flag_bits & 0x800 else "cp437"),),
                *(i.flag_bits, i.compress_type, i.CRC, i.compress_size, i.file_size),
                *(i.external_attr, i.header_offset),
            )
            for i in archive.infolist()
        ]


@given(
    st.dictionaries(NAMES, st.binary(max_size=100), max_size=5),
    st.sampled_from([b"", b"#!/bin/sh\n" * 9]),
    st.binary(max_size=40),
)
def test_entries_are_what_zipfile_reads(members, before, comment):
    """Any names and sizes; also behind something else, and before a comment."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.extra = b"UT\1\0\0"
            archive.writestr(info, data)
        archive.comment = comment.replace(b"PK", b"")
    data = before + file.getvalue()
    assert read(data) == read_by_zipfile(data)


def test_large_archive(monkeypatch):
    """Numbers that are too large for their fields stand in extra ones."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(3):
            archive.writestr(f"{i}.png", b"i" * (i * 20))
    for data in (file.getvalue(), b"before" + file.getvalue()):
        assert b"PK\6\6" in data
        assert read(data) == read_by_zipfile(data)


@pytest.fixture
def two():
    """An archive of two members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", b"a")
        archive.writestr("b.png", b"b")
    return file.getvalue()


@pytest.mark.parametrize("lost", [1, 10, 21, 22, 40, 100])
def test_cut_directory(two, lost):
    """Without its end there is none."""
    assert read(two[:-lost]).startswith("is no zip archive, or cut off")


def test_directory_that_lies(two):
    """Sizes and offsets that lead out of the file, or to something else, are an error."""
    end = len(two) - 22
    for size, offset in ((2**32 - 2, 0), (50, 2**32 - 2), (len(two), 0), (99, 0), (1, 1)):
        data = two[: end + 12] + struct.pack("<LLH", size, offset, 0)
        assert read(data) in (
            "its directory is damaged",
            "its directory is cut off",
        )
    entry = two.index(b"PK\1\2")
    large = bytearray(two)
    large[entry + 24 : entry + 28] = b"\xff" * 4
    assert read(bytes(large)) == "its directory is damaged"
