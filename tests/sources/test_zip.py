"""Zip archives: members, checksums, bombs; the directory, as zipfile reads it."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import zipfile
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.errors import SourceError
from bnstat.sources import zip as zip_module
from bnstat.sources.bounds import UnreadableError
from bnstat.sources.sources import Sources
from bnstat.sources.zip import entries

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.fixture
def zipped(tmp_path):
    """Write members, (name or ZipInfo, bytes), into an archive; return its path."""

    def write(members, method=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
            for name, data in members:
                archive.writestr(name, data)
        return tmp_path / "x.zip"

    return write


@pytest.fixture
def forged(zipped):
    """Write one member, and put other bytes where the directory says how large it is."""

    def write(data, declared, crc=None, method=zipfile.ZIP_DEFLATED):
        path = zipped([("a.png", data)], method)
        whole = bytearray(path.read_bytes())
        entry = whole.index(b"PK\1\2")
        if crc is not None:
            whole[entry + 16 : entry + 20] = struct.pack("<I", crc)
        whole[entry + 24 : entry + 28] = struct.pack("<I", declared)
        path.write_bytes(whole)
        return path

    return write


def opened(found, path):
    (reference,) = found(path).references.values()
    with reference.open() as file:
        return file.read()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_images_are_those_of_the_folder(zipped, members, content, expected, method):
    """Of any compression, in any order: the same keys and bytes."""
    assert content(zipped(members, method)) == expected


def test_archive_of_the_zip_command(tmp_path, tree, content, found, expected):
    """`zip -r` has the keys of the folder, names that are no ASCII among them."""
    if shutil.which("zip") is None:
        pytest.skip("needs zip")
    subprocess.run(["zip", "-qr", tmp_path / "x.zip", "."], cwd=tree, check=True)
    assert content(tmp_path / "x.zip") == expected
    assert found(tmp_path / "x.zip").skipped == found(tree).skipped == 2


def test_archive_behind_other_bytes(zipped, members, content, expected):
    """An archive that a program stands before, as in a self-extracting one, is read."""
    path = zipped(members)
    path.write_bytes(b"#!/bin/sh\n" * 100 + path.read_bytes())
    assert content(path) == expected


def test_names_that_lead_out_are_keys_inside(zipped, content):
    """`..` and absolute names are read like others, under keys below the root."""
    hostile = [("../x.png", b"1"), ("/etc/y.png", b"2"), ("a/../../z.png", b"3")]
    assert content(zipped(hostile)) == {b"x.png": b"1", b"etc/y.png": b"2", b"z.png": b"3"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_last_of_equal_names_is_measured(zipped, content, found):
    """As unpacking leaves it, and zipfile reads it; the others are counted."""
    path = zipped([("a.png", b"1"), ("b.png", b"2"), ("a.png", b"3"), ("./a.png", b"4")])
    assert content(path) == {b"a.png": b"4", b"b.png": b"2"}
    assert (found(path).replaced, found(path).duplicates) == (2, 0)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("./a.png") == b"4"


@pytest.mark.parametrize(
    ("host", "names", "keys"),
    [
        (0, ["cat\\1.png", "a/2.png"], [b"a/2.png", b"cat/1.png"]),
        (10, ["cat\\1.png", "a/2.png"], [b"a/2.png", b"cat/1.png"]),
        (3, ["cat\\1.png", "b\\c\\2.png", "d\\"], [b"b/c/2.png", b"cat/1.png"]),
        (3, ["cat\\1.png", "a/2.png"], [b"a/2.png", b"cat\\1.png"]),
        (0, ["..\\..\\1.png"], [b"1.png"]),
    ],
)
def test_backslashes_of_windows_are_slashes(zipped, found, host, names, keys):
    """Where the archive was made on FAT or NTFS, or no name has a slash."""
    members = []
    for name in names:
        info = zipfile.ZipInfo("x")
        info.filename, info.create_system = name, host
        members.append((info, b"x"))
    assert found(zipped(members)).keys == keys


def test_service_folders_are_skipped(zipped, found):
    """Those of macOS and Synology; each is counted once, whatever is in it."""
    names = ["0.png", "__MACOSX/0.png", "__MACOSX/a/1.png", "a/@eaDir/1.png", "b/@eaDir/2.png"]
    path = zipped([(name, b"x") for name in names])
    assert found(path).keys == [b"0.png"]
    sources = Sources.open([os.fspath(path)])
    assert len(list(sources)) == sources.count() == 1
    assert sources.service_folders == {"__MACOSX": 1, "@eaDir": 2}


def test_links_are_problems(zipped, found):
    """What `zip --symlinks` stores is no image but a name."""
    info = zipfile.ZipInfo("a.png")
    info.external_attr = 0o120777 << 16
    reason = "is a symbolic link; zip without --symlinks stores what it leads to"
    assert found(zipped([(info, b"/etc/passwd")])).problems == {b"a.png": reason}


def test_encrypted_member_is_a_problem(tmp_path, tree, found):
    """A member with a password is named, and those beside it are found."""
    if shutil.which("zip") is None:
        pytest.skip("needs zip")
    command = ["zip", "-q", "-P", "secret", tmp_path / "x.zip", "z.png"]
    subprocess.run(command, cwd=tree, check=True)
    subprocess.run(["zip", "-q", tmp_path / "x.zip", "a/1.png"], cwd=tree, check=True)
    assert found(tmp_path / "x.zip").problems == {b"z.png": "is encrypted"}
    assert found(tmp_path / "x.zip").keys == [b"a/1.png", b"z.png"]


@pytest.mark.parametrize(("declared", "word"), [(10, "more"), (999, "more"), (1001, "fewer")])
def test_size_that_is_not_the_declared_one(forged, found, declared, word):
    """A member that inflates to another size than it declares is a failure, bomb or not."""
    data = b"x" * 1000
    with pytest.raises(UnreadableError) as caught:
        opened(found, forged(data, declared, zlib.crc32(data[: declared + 1])))
    reason = f"holds {word} than the {declared} bytes that the archive declares"
    assert str(caught.value) == reason


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_no_more_is_inflated_than_declared(forged, found, method, monkeypatch):
    """8 MB of zeros that are declared as 100 bytes stay 100 bytes, and a failure."""
    path = forged(bytes(8 << 20), 100, method=method)
    found_bytes = []
    inflate = zip_module.inflate
    monkeypatch.setattr(
        zip_module, "inflate", lambda *args: found_bytes.append(inflate(*args)) or found_bytes[-1]
    )
    (reference,) = found(path).references.values()
    with pytest.raises(UnreadableError):
        reference.open()
    if method != zipfile.ZIP_STORED:  # whose two sizes differ, and which is not read
        assert [len(file.getvalue()) for file in found_bytes] == [101]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_large_member_can_seek(zipped, found, method):
    """Decoders go forth and back."""
    path = zipped([("a.png", bytes(3 << 20))], method)
    (reference,) = found(path).references.values()
    with reference.open() as file:
        assert file.read(100) == bytes(100)
        assert file.seek(50) == 50
        assert file.read(10) == bytes(10)


@pytest.mark.parametrize("size", [500, 3 << 20])
def test_wrong_checksum_is_told(zipped, found, size):
    """A member whose bytes have changed fails by its checksum, before anything is decoded."""
    path = zipped([("a.png", b"i" * size)], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="does not have the checksum that the archive"):
        opened(found, path)


def test_directory_that_leads_elsewhere(zipped, found):
    """A member that is not where the directory says is a failure."""
    path = zipped([("a.png", b"image")])
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="is not where the archive's directory says"):
        opened(found, path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_cut_archive_is_an_error(zipped, members, found, share):
    """The directory is at the end: without it nothing can be read."""
    path = zipped(members)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(SourceError) as caught:
        found(path)
    assert str(caught.value).startswith(f"cannot read {path}: ")


def test_archive_without_its_beginning(zipped, members, found, expected):
    """Where the first bytes are missing, each member fails or is what it was."""
    path = zipped(members)
    path.write_bytes(path.read_bytes()[1000:])
    good = {}
    for key, reference in found(path).references.items():
        with (
            suppress(UnreadableError, ValueError, OSError, zipfile.BadZipFile),
            reference.open() as file,
        ):
            good[key] = file.read()
    assert good.items() <= expected.items()
    assert 0 < len(good) < 12


def test_fingerprint_is_of_the_checksum(zipped, found):
    """A zip's times are coarse and of no zone, so other content changes the fingerprint."""
    (a,) = found(zipped([("a.png", b"1")])).references.values()
    (b,) = found(zipped([("a.png", b"2")])).references.values()
    assert a.fingerprint() != b.fingerprint()
    (c,) = found(zipped([("a.png", b"1")])).references.values()
    assert a.fingerprint() == c.fingerprint()


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
