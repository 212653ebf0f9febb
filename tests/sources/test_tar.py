"""Tar archives: the images of a folder, wherever they are; nothing lost in silence."""

import gzip
import io
import os
import shutil
import subprocess
import tarfile

import pytest

from bnstat.errors import SourceError
from bnstat.sources.tar_headers import headers

MODES = {
    "plain.tar": "w",
    "x.tar.gz": "w:gz",
    "x.tgz": "w:gz",
    "x.tbz2": "w:bz2",
    "x.tar.xz": "w:xz",
}
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


@pytest.fixture
def tarred(tmp_path):
    """Write members, (name or TarInfo, bytes), into an archive; return its path."""

    def write(name, members, form=tarfile.PAX_FORMAT):
        with tarfile.open(tmp_path / name, MODES[name], format=form) as tar:
            for member, data in members:
                info = tarfile.TarInfo(member) if isinstance(member, str) else member
                info.size = len(data)
                info.mtime = 1_700_000_000
                tar.addfile(info, io.BytesIO(data))
        return tmp_path / name

    return write


def link(name, target, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_images_are_those_of_the_folder(tarred, members, content, expected, name, form):
    """Of any format and compression, in any order: the same keys and bytes."""
    assert content(tarred(name, members, form)) == expected


@pytest.mark.parametrize("options", [(), ("-z",), ("-j",), ("-J",), ("--format=ustar",)], ids=str)
def test_archive_of_the_tar_command(tmp_path, tree, content, found, expected, options):
    """`tar -C data -cf x.tar .` has the keys of `data`, and as many other files."""
    if shutil.which("tar") is None:
        pytest.skip("needs tar")
    path = tmp_path / "x.tar"
    result = subprocess.run(["tar", "-C", tree, *options, "-cf", path, "."], capture_output=True)
    if result.returncode:
        pytest.skip(f"tar: {result.stderr.decode()}")
    assert content(path) == expected
    assert found(path).skipped == found(tree).skipped == 2


def test_several_archives_stand_before_their_keys(tarred, members, content, monkeypatch):
    """With several sources, the archive as typed stands before each key."""
    path = tarred("plain.tar", members[:8])
    other = tarred("x.tgz", members[8:])
    monkeypatch.chdir(path.parent)
    keys = content("plain.tar", f"./{other.name}")
    assert {key.split(b"/")[0] for key in keys} == {b"plain.tar", b"."}
    assert len(keys) == 12


def test_long_names(tarred, found):
    """Names longer than a header holds are whole."""
    name = "d" * 200 + "/" + "n" * 150 + ".png"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert found(tarred("plain.tar", [(name, b"x")], form)).keys == [name.encode()]


def test_names_that_lead_out_are_keys_inside(tarred, content):
    """`..` and absolute names are read like others, under keys below the root."""
    hostile = [("../x.png", b"1"), ("/etc/y.png", b"2"), ("a/../../z.png", b"3")]
    for name in ("plain.tar", "x.tgz"):
        assert content(tarred(name, hostile)) == {
            b"x.png": b"1",
            b"etc/y.png": b"2",
            b"z.png": b"3",
        }


def test_name_that_is_no_text(tarred, found):
    """A name that is not UTF-8 has its bytes as key."""
    assert found(tarred("plain.tar", [("caf\udce9.png", b"x")])).keys == [b"caf\xe9.png"]


SEVERAL = [("a.png", b"1"), ("b.png", b"2"), ("./a.png", b"3"), ("/a.png", b"4")]


def test_last_of_equal_names_is_measured(tarred, content, found):
    """As `tar -x` leaves it, also when it is written otherwise; the others are counted."""
    path = tarred("plain.tar", SEVERAL)
    assert content(path) == {b"a.png": b"4", b"b.png": b"2"}
    assert (found(path).replaced, found(path).duplicates) == (2, 0)


def test_first_of_equal_names_in_a_stream_is_measured(tarred, content, found):
    """What comes later is known too late there; it is counted, and said."""
    path = tarred("x.tgz", SEVERAL)
    assert content(path) == {b"a.png": b"1", b"b.png": b"2"}
    assert (found(path).replaced, found(path).duplicates, found(path).not_replaced) == (0, 2, 2)


def test_updated_by_tar_itself(tmp_path, content, found):
    """`tar -r` and `tar -u` put the new image behind the old one; links lead to what is last."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"old")
    os.link(folder / "a.png", folder / "link.png")
    subprocess.run(["tar", "-cf", "../x.tar", "a.png", "link.png"], cwd=folder, check=True)
    (folder / "a.png").unlink()
    (folder / "a.png").write_bytes(b"newer")
    subprocess.run(["tar", "-rf", "../x.tar", "a.png"], cwd=folder, check=True)
    out.mkdir()
    subprocess.run(["tar", "-xf", "../x.tar"], cwd=out, check=True)
    measured = content(tmp_path / "x.tar")
    assert measured[b"a.png"] == (out / "a.png").read_bytes() == b"newer"
    assert measured[b"link.png"] == b"newer"
    assert found(tmp_path / "x.tar").replaced == 1


def test_an_image_that_is_replaced_by_something_else(tarred, found):
    """A link that stands behind it under its name is what unpacking leaves."""
    path = tarred("plain.tar", [("a.png", b"1"), link("a.png", "/etc/passwd", tarfile.SYMTYPE)])
    assert found(path).keys == [b"a.png"]
    assert found(path).problems[b"a.png"].startswith("is a symbolic link")


@pytest.mark.parametrize("name", ["plain.tar", "x.tgz"])
def test_what_is_no_file_is_a_problem(tarred, found, name):
    """Links that lead anywhere, devices and pipes are named, and none is opened."""
    members = [
        link("sym.png", "/etc/passwd", tarfile.SYMTYPE),
        link("null.png", "", tarfile.CHRTYPE),
        link("pipe.png", "", tarfile.FIFOTYPE),
        link("folder.png", "", tarfile.DIRTYPE),
    ]
    assert found(tarred(name, members)).problems == {
        b"sym.png": "is a symbolic link; tar --dereference stores what it leads to",
        b"null.png": "is not a regular file",
        b"pipe.png": "is not a regular file",
    }


def test_hard_links_of_a_plain_archive_are_images(tmp_path, content, found):
    """Where tar has stored a file once under two names, both are images, as in the folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.png").write_bytes(b"image")
    os.link(tmp_path / "data" / "a.png", tmp_path / "data" / "b.png")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(tmp_path / "data", ".")
    assert content(tmp_path / "x.tar") == {b"a.png": b"image", b"b.png": b"image"}


def test_hard_links_that_cannot_be_followed(tarred, found):
    """A link out of the archive, or in a stream, is a problem with a reason."""
    hostile = [("a.png", b"1"), link("b.png", "../../etc/passwd", tarfile.LNKTYPE)]
    reason = "is a link to ../../etc/passwd, which is not in the archive"
    assert found(tarred("plain.tar", hostile)).problems == {b"b.png": reason}
    reason = "is a link to ../../etc/passwd, which can only be followed in a plain .tar on a disk"
    assert found(tarred("x.tgz", hostile)).problems == {b"b.png": reason}


def test_file_with_holes_is_a_problem(tmp_path, found):
    """What `tar --sparse` stores is no run of bytes, and is not taken for one."""
    with open(tmp_path / "x.png", "wb") as file:
        file.truncate(1 << 20)
        file.seek(1 << 19)
        file.write(b"x")
    command = ["tar", "-C", tmp_path, "--sparse", "-cf", tmp_path / "x.tar", "x.png"]
    if shutil.which("tar") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs GNU tar")
    with tarfile.open(tmp_path / "x.tar") as tar:
        if not tar.getmembers()[0].issparse():
            pytest.skip("the file system keeps no holes")
    (problem,) = found(tmp_path / "x.tar").problems.values()
    assert problem == "is stored with holes (tar --sparse), which are not read"


@pytest.mark.parametrize("name", ["plain.tar", "x.tgz", "x.tar.xz"])
def test_cut_archive_loses_nothing_in_silence(tarred, members, content, found, expected, name):
    """Wherever it is cut, what is whole is read as it is, and the rest is a failure or an error."""
    path = tarred(name, members)
    whole = path.read_bytes()
    read = set()
    for length in range(0, _end(path), 509):
        path.write_bytes(whole[:length])
        try:
            references = found(path).references
        except SourceError as error:
            assert str(error).startswith(f"cannot read {path}: ")
            continue
        good = {key: r.open().read() for key, r in references.items() if not r.problem}
        assert good.items() <= expected.items()
        assert len(good) < len(references)
        read.add(len(good))
    assert len(read) > 1


def _end(path):
    """Return where the last member of a plain archive ends, or a compressed one itself."""
    if path.suffix != ".tar" or "tar.xz" in path.name:
        return path.stat().st_size
    with tarfile.open(path) as tar:
        last = tar.getmembers()[-1]
    return last.offset_data + (last.size + 511) // 512 * 512


def test_cut_between_members_is_told(tarred, found):
    """Without its end mark, an archive may lack members, and says so under its own name."""
    path = tarred("plain.tar", [("a.png", b"1"), ("b.png", b"2")])
    path.write_bytes(path.read_bytes()[: 2 * 1024])
    reason = "is broken after 2 members: it ends without its end mark, cut off perhaps"
    assert found(path).problems == {b"plain.tar": reason}


def test_cut_member_is_told(tarred, found):
    """A member whose end is missing is a failure by its own name, beside the archive."""
    path = tarred("plain.tar", [("a.png", b"1" * 2000)])
    path.write_bytes(path.read_bytes()[:1000])
    problems = found(path).problems
    assert problems[b"a.png"] == "is cut off: the archive ends before it does"
    assert sorted(problems) == [b"a.png", b"plain.tar"]


def test_broken_header_is_not_the_end(tarred, found):
    """A header that is broken hides what follows: the archive is a failure, not done."""
    path = tarred("plain.tar", [("a.png", b"1"), ("b.png", b"2"), ("c.png", b"3")])
    data = bytearray(path.read_bytes())
    data[1024 + 3] ^= 1
    path.write_bytes(data)
    assert found(path).keys == [b"a.png", b"plain.tar"]
    assert found(path).problems == {
        b"plain.tar": "is broken after 1 member: a header has a wrong checksum"
    }


def test_broken_checksum_of_a_stream_is_told(tarred, found):
    """gzip's checksum, at the very end, is compared."""
    path = tarred("x.tgz", [("a.png", b"1")])
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(data)
    assert list(found(path).problems) == [b"x.tgz"]


def test_size_below_zero_does_not_lead_around(tmp_path, found):
    """A header whose size leads back to itself ends the reading."""
    info = tarfile.TarInfo("a.png")
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (-1024 & (256**12 - 1)).to_bytes(12, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (tmp_path / "x.tar").write_bytes(bytes(block) * 3)
    with pytest.raises(SourceError, match="a header gives a size below zero"):
        found(tmp_path / "x.tar")


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive" * 100, gzip.compress(b"no archive" * 100)],
    ids=["empty", "text", "gzip"],
)
def test_what_is_no_archive_is_an_error(tmp_path, found, content):
    """The only source, of which nothing can be read, is an error that names it."""
    (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        found(tmp_path / "x.tar")
    assert str(caught.value).startswith(f"cannot read {tmp_path}/x.tar: ")


def test_what_is_no_archive_beside_others_is_a_failure(tmp_path, tree, found, monkeypatch):
    """Beside other sources, it is a failure and the others are measured."""
    (tmp_path / "x.tar").write_bytes(b"no archive" * 100)
    monkeypatch.chdir(tmp_path)
    result = found("x.tar", tree)
    assert list(result.problems) == [b"x.tar"] and len(result.keys) == 13


def test_empty_archive(tarred, found):
    """An archive without members has no images, and is not broken."""
    assert found(tarred("plain.tar", [])).keys == []


def test_headers_are_not_kept(tarred):
    """An archive of any number of members takes no memory for those that are past."""
    path = tarred("plain.tar", [(f"{i}.png", b"") for i in range(10)])
    with open(path, "rb") as file:
        names = [header.name for header in headers(file)]
    assert names == [b"%d.png" % i for i in range(10)]


def test_large_member_is_read_as_it_is_decoded(tarred, found):
    """A member of more than a mebibyte is a window into the archive that can seek."""
    data = os.urandom((1 << 20) + 5)
    path = tarred("plain.tar", [("a.png", b"before"), ("b.png", data), ("c.png", b"after")])
    with found(path).references[b"b.png"].open() as file:
        assert file.read(10) == data[:10]
        assert (file.seek(-7, os.SEEK_END), file.read(100)) == (len(data) - 7, data[-7:])
        file.seek(1000)
        assert file.read() == data[1000:]


def test_fingerprint_knows_key_size_and_time(tarred, found):
    """The same members have the same fingerprint in any archive; another time changes it."""
    (a,) = found(tarred("plain.tar", [("a.png", b"1")])).references.values()
    (b,) = found(tarred("x.tgz", [("./a.png", b"1")])).references.values()
    assert a.fingerprint() == b.fingerprint()
    assert a._replace(mtime_ns=1).fingerprint() != a.fingerprint()
