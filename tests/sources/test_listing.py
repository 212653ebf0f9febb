"""Lists of files: how names are read, and what their keys are."""

import io
import os
import sys
from types import SimpleNamespace

import pytest

from bnstat.errors import SourceError
from bnstat.sources.listing import Listing


@pytest.fixture
def listing(tmp_path):
    """Write a list, and read it."""

    def make(data, **options):
        path = tmp_path / "list.txt"
        path.write_bytes(data)
        return Listing(os.fspath(path), **options)

    return make


def keys(listing):
    found = [reference.key for reference in listing]
    assert listing.count() == len(found)
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n\n", []),
        (b"b.jpg\na.jpg\n", [b"a.jpg", b"b.jpg"]),
        (b"b.jpg\na.jpg", [b"a.jpg", b"b.jpg"]),
        (b"a.jpg\r\nb.jpg\r\n", [b"a.jpg", b"b.jpg"]),
        (b" a b .jpg\n\tc.jpg\n", [b"\tc.jpg", b" a b .jpg"]),
        (b"caf\xe9.jpg\n-x.jpg\n", [b"-x.jpg", b"caf\xe9.jpg"]),
        (b"notes\n", [b"notes"]),
    ],
    ids=["empty", "blank lines", "sorted", "no end", "CRLF", "spaces", "bytes", "no extension"],
)
def test_lines(listing, data, expected):
    """Each line is a name, as it is but for its end; the keys come sorted."""
    assert keys(listing(data)) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"b.jpg\0a.jpg\0", [b"a.jpg", b"b.jpg"]),
        (b"b.jpg\0a.jpg", [b"a.jpg", b"b.jpg"]),
        (b"two\nlines.jpg\0", [b"two\nlines.jpg"]),
        (b"end\r\0", [b"end\r"]),
        (b"\0", []),
    ],
    ids=["ended", "no end", "newline in a name", "CR in a name", "empty"],
)
def test_null(listing, data, expected):
    """With null, names end in NUL and may hold anything else."""
    assert keys(listing(data, null=True)) == expected


@pytest.mark.parametrize("root", ["data", "data/", "./data", "/data"])
def test_root_is_left_out_of_keys(listing, root):
    """A key is the path as written, less the root; another path stays as it is."""
    written = os.path.join(root, "a/x.jpg")
    found = listing(f"{written}\nother/y.jpg\n".encode(), root=root)
    assert set(keys(found)) == {b"a/x.jpg", b"other/y.jpg"}


def test_root_is_no_mere_beginning(listing):
    """A root "data" is left out of "data/x", not of "database/x"."""
    assert keys(listing(b"database/x.jpg\n", root="data")) == [b"database/x.jpg"]


def test_files_are_found_from_here(listing, tmp_path, monkeypatch):
    """Names of a list are relative to the current folder, whatever their extension."""
    (tmp_path / "image").write_bytes(b"four")
    monkeypatch.chdir(tmp_path)
    (reference,) = listing(b"image\n")
    assert (reference.size, reference.problem) == (4, None)


def test_missing_files_have_their_problem(listing):
    """A name without a file is an image that cannot be opened."""
    (reference,) = listing(b"nowhere.jpg\n")
    assert reference.problem == "No such file or directory"


@pytest.mark.parametrize(
    ("data", "null", "says"),
    [
        (b"a.jpg\0b.jpg\0", False, "end in NUL; add -0"),
        (b"a.jpg\nb.jpg\n", True, "end in newlines, not in NUL; leave out -0"),
        (b"a.jpg\n", True, "end in newlines, not in NUL; leave out -0"),
    ],
)
def test_names_that_end_otherwise(tmp_path, data, null, says):
    """They would be one long name that no file has; newlines in names are allowed with NUL."""
    (tmp_path / "list").write_bytes(data)
    with pytest.raises(SourceError, match=f"^names in the list .*/list {says}"):
        Listing(str(tmp_path / "list"), null=null)
    (tmp_path / "list").write_bytes(b"a\n.jpg\0")
    assert Listing(str(tmp_path / "list"), null=True).count() == 1


def test_standard_input(monkeypatch):
    """The list "-" is standard input, which cannot be read again."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"b.jpg\na.jpg\n")))
    found = Listing("-")
    assert keys(found) == [b"a.jpg", b"b.jpg"]
    assert keys(found) == [b"a.jpg", b"b.jpg"]
    assert not found.can_be_read_again


def test_a_file_can_be_read_again_and_a_pipe_cannot(listing, tmp_path):
    """Only a regular file holds its list for the next time."""
    assert listing(b"").can_be_read_again
    read, write = os.pipe()
    os.write(write, b"a.jpg\n")
    os.close(write)
    assert not Listing(f"/dev/fd/{read}").can_be_read_again
    os.close(read)


def test_missing_list(tmp_path):
    """A list that cannot be read is named, with the reason."""
    with pytest.raises(SourceError) as caught:
        Listing(os.fspath(tmp_path / "none.txt"))
    assert (
        str(caught.value) == f"cannot read the list {tmp_path}/none.txt: No such file or directory"
    )
