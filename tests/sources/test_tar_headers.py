"""Tar headers: what tarfile reads, to the letter, but within bounds and to the end."""

import io
import os
import tarfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.sources.bounds import UnreadableError
from bnstat.sources.tar_headers import headers

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def written(*members, form=tarfile.GNU_FORMAT, **options):
    """Return a tar of (name, fields) and so much data."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, **options) as tar:
        for name, fields in members:
            info = tarfile.TarInfo(name)
            for field, value in fields.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    return file.getvalue()


def read(data):
    """Return the headers of a tar, or the error that ends them."""
    try:
        return [
            (os.fsdecode(h.name).rstrip("/"), h.size, h.mtime_ns,
             h.kind, os.fsdecode(h.link), h.start)
            for h in headers(io.BytesIO(data))
        ]  # fmt: skip
    except UnreadableError as error:
        return str(error)


def read_by_tarfile(data):
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as tar:
        return [
            (
                i.name.rstrip("/"),
                i.size,
                int(i.mtime * 1_000_000_000),
                i.type,
                i.linkname,
                i.offset_data,
            )
            for i in tar
        ]


names = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=400)
members = st.tuples(
    names.filter(lambda name: name.strip("/")),
    st.fixed_dictionaries(
        {
            "size": st.integers(0, 3000),
            "mtime": st.integers(0, 2**40) | st.floats(0, 2**33),
            "uid": st.integers(0, 2**40),
        }
    ),
)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
@given(st.lists(members, max_size=4))
def test_headers_are_what_tarfile_reads(form, members):
    """Any names, sizes and times, with the headers that long ones need."""
    data = written(*members, form=form)
    assert read(data) == read_by_tarfile(data)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "x"},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.LNKTYPE, "linkname": "x" * 90},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CONTTYPE, "size": 700},
    ],
    ids=["symlink", "folder", "hard link", "pipe", "contiguous"],
)
def test_kinds_of_members(form, fields):
    """What is no plain file is read as tarfile reads it, and what follows it is found."""
    data = written(("d" * 90 + "/" + "n" * 60, fields), ("caf\udce9.png", {"size": 5}), form=form)
    assert read(data) == read_by_tarfile(data)


def test_global_headers_hold_for_all_that_follow():
    """As `git archive` writes them; keys of no interest are not kept."""
    data = written(("a", {}), form=tarfile.PAX_FORMAT, pax_headers={"comment": "x", "mtime": "7"})
    assert [mtime for _, _, mtime, *_ in read(data)] == [7_000_000_000]


@given(st.integers(0, 511), st.integers(0, 255))
def test_a_changed_byte_is_found_by_the_checksum(place, value):
    """As tarfile finds it; but one change, of the checksum's own padding, does not matter."""
    data = bytearray(written(("a/b.png", {"size": 1234, "mtime": 1_700_000_000})))
    data[place] = value
    try:
        expected = read_by_tarfile(bytes(data))
    except tarfile.TarError:
        assert read(bytes(data)).startswith("a header ")
    else:
        assert read(bytes(data)) == expected


def extended(kind, data):
    """Return an extended header of a tar with so much data."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(data)
    block = info.tobuf(tarfile.GNU_FORMAT)
    return block + data + bytes(-len(data) % 512)


FILE = written(("a.png", {}))


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        (extended(b"L", b"n" * (2 << 20)), "a header has more than 1 MiB"),
        (extended(b"x", bytes(3 << 20)), "a header has more than 1 MiB"),
        (extended(b"L", b"n") * 3000, "a header has more than 1 MiB"),
        (extended(b"x", b"9 path=x\n") * 3000, "a header has more than 1 MiB"),
        (extended(b"x", b"2 " * 500_000 + b"=\n"), "an extended header is damaged"),
        (extended(b"x", b"9" * 1_000_000), "an extended header is damaged"),
        (extended(b"x", b"900 path=x\n"), "an extended header is damaged"),
        (extended(b"x", b"7 path\n"), "an extended header is damaged"),
        (extended(b"x", b"9 size=-1\n" + b""), "an extended header is damaged"),
        (extended(b"x", b"10 size=-1\n"), "an extended header is damaged"),
        (extended(b"x", b"11 size=-1\n"), "an extended header has a size that is none"),
    ],
)
def test_hostile_extended_headers(hostile, reason):
    """Whatever they claim, they end in words, soon, and in no more memory than a mebibyte."""
    started = time.perf_counter()
    assert read(hostile + FILE) == reason
    assert time.perf_counter() - started < 1.0


@pytest.mark.parametrize("length", [100, 512, 600, 1024])
def test_extended_header_that_is_cut_off(length):
    """A header without what it belongs to is broken."""
    assert read(extended(b"L", b"n" * 100)[:length]) == "a header is cut off"


def test_time_that_is_none():
    """A damaged time of change hides no image."""
    for value in (b"nan", b"inf", b"soon"):
        (header,) = headers(io.BytesIO(extended(b"x", b"14 mtime=%s\n" % value.ljust(4)) + FILE))
        assert header.mtime_ns == 0


def test_map_of_holes_without_end():
    """A sparse file whose map goes on and on is broken, and what it takes is bounded."""
    info = bytearray(extended(b"S", b""))
    info[482] = 1
    info[148:156] = b" " * 8
    info[148:156] = b"%06o\0 " % sum(info)
    block = bytes(504) + b"\1" + bytes(7)
    assert read(bytes(info) + block * 3000) == "a header has more than 1 MiB"
    assert read(bytes(info) + block * 3) == "a header is cut off"


def test_archives_that_follow_one_another():
    """`cat a.tar b.tar`: what lies behind an end mark is read, however many zeros are between."""
    data = [written((f"{i}.png", {"size": i})) for i in range(3)]
    together = data[0] + bytes(512 * 2000) + data[1] + data[2]
    assert [name for name, *_ in read(together)] == ["0.png", "1.png", "2.png"]
    assert read(written() + data[0])[0][0] == "0.png"


def test_something_else_behind_the_end():
    """What is neither zeros nor a tar is no part of an archive that ends well."""
    reason = "behind its end mark is something else: a header has "
    assert read(FILE + b"signature".ljust(512)).startswith(reason)
    assert read(FILE + b"signature") == "a header is cut off"
    assert isinstance(read(FILE + bytes(100)), list)
