"""Lists of files: how names are read, and what their keys are."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import bnstat
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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Six images in two folders, and a table that splits them."""
    monkeypatch.chdir(tmp_path)
    rows = ["file_name,label,split"]
    for i in range(6):
        name = f"{'ab'[i % 2]}/img{i}.png"
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2), 40 * i, np.uint8)).save(path)
        rows.append(f"{name},{'ab'[i % 2]},{'train' if i < 4 else 'val'}")
    (tmp_path / "split.csv").write_text("\n".join(rows))
    return tmp_path


def keys_of(stats_or_options, tmp_path):
    records = tmp_path / "records.csv"
    bnstat.compute(records=records, workers=1, **stats_or_options)
    return bnstat_keys(records)


def bnstat_keys(records):
    from bnstat.result import record_files

    return list(record_files.read(str(records)).key)


TRAIN = ["a/img0.png", "a/img2.png", "b/img1.png", "b/img3.png"]


def test_a_split_as_it_is_published(folder):
    """A column of names by its heading, rows by a condition, names below a root."""
    options = {"files_from": "split.csv", "root": "data"}
    assert TRAIN == keys_of(options | {"where": ["split=train"]}, folder)
    assert 6 == len(keys_of(options, folder))
    assert 6 == len(keys_of(options | {"where": ["split=train", "split=val"]}, folder))
    assert ["a/img0.png", "a/img2.png"] == keys_of(
        options | {"where": ["split=train", "label=a"]}, folder
    )


@pytest.mark.parametrize("heading", ["filename", "Path", "image", "KEY", '"file_name"'])
def test_headings_that_are_known(folder, heading):
    """In any case, also where the names are the only column."""
    (folder / "l.csv").write_text(f"split,{heading}\nx,a/img0.png\n")
    assert ["a/img0.png"] == keys_of({"files_from": "l.csv", "root": "data"}, folder)
    (folder / "l.csv").write_text(f"\ufeff{heading}\r\na/img0.png\r\n", encoding="utf-8")
    assert ["a/img0.png"] == keys_of({"files_from": "l.csv", "root": "data"}, folder)


def test_a_column_that_is_named(folder):
    """Of any heading, in a file of any name."""
    (folder / "l.txt").write_text("what,photo\nx,a/img0.png\n")
    named = {"files_from": "l.txt", "root": "data", "files_column": "photo"}
    assert ["a/img0.png"] == keys_of(named, folder)


def test_names_with_the_root_before_them(folder):
    """Are what they were: the root is stripped."""
    (folder / "l.txt").write_text("data/a/img0.png\nb/img1.png\n")
    named = {"files_from": "l.txt", "root": "data"}
    assert ["a/img0.png", "b/img1.png"] == keys_of(named, folder)
    (folder / "list.csv").write_text("data/a/img0.png\n")  # names alone, whatever the list's own
    assert ["a/img0.png"] == keys_of({"files_from": "list.csv", "root": "data"}, folder)


def test_a_result_is_measured_again_by_its_rows(folder):
    """By sweep, and merged only with rows alike."""
    stats = bnstat.compute(files_from="split.csv", root="data", where=["split=train"], workers=1)
    stats.save("own.json")
    assert stats == bnstat.load("own.json")
    again = bnstat.sweep("own.json", batch_sizes=[2], repeats=1, workers=1).stats
    assert stats.exact.mean == again.exact.mean and stats.source.where == again.source.where


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("a/img0.png,cat\nb/img1.png,dog", {}, "has no column filename, .*; name it with --files-"),
        ("path,label\na/img0.png", {}, "line 2 of l.csv has 1 columns, not 2"),
        ("path,label\n", {"where": ["split=x"]}, "has no column 'split'; it has path, label"),
        ("path,label\n", {"files_column": "x"}, "has no column 'x'"),
        ('{"images": []}', {}, "is JSON, not a list of names; of COCO's"),
        ("2007_000027\n2007_000032\n", {}, "lists names without an extension, such as 2007_000027"),
    ],
)
def test_what_a_list_lacks_is_said(folder, text, options, says):
    """In one line, and how to mend it."""
    (folder / "l.csv").write_text(text)
    with pytest.raises(SourceError, match=says):
        bnstat.compute(files_from="l.csv", root="data", workers=1, **options)


def test_a_split_needs_a_list(folder):
    """Of a folder there are no rows; a condition has a column and a value."""
    with pytest.raises(ValueError, match="where is of a list of names"):
        bnstat.compute("data", where=["split=train"], workers=1)
    with pytest.raises(ValueError, match="where: 'split' is not COLUMN=VALUE"):
        bnstat.compute(files_from="split.csv", where=["split"], workers=1)


def test_groups_of_some_of_a_table(folder):
    """The table may label images that a split, or a glob, leaves out."""
    chosen = {"files_from": "split.csv", "root": "data", "by": "split.csv", "workers": 1}
    for more, number in (({"where": ["split=train"]}, 2), ({"include": ["img[01].png"]}, 1)):
        groups = bnstat.compute(**chosen, **more).groups
        assert {"a": number, "b": number} == {name: g.images for name, g in groups.items()}


def test_groups_of_a_table_with_headings(folder):
    """--by takes the same table; of many columns the names are in `label`."""
    stats = bnstat.compute(files_from="split.csv", root="data", by="split.csv", workers=1)
    assert {"a": 3, "b": 3} == {name: group.images for name, group in stats.groups.items()}
    (folder / "by.csv").write_text("kind,filename\nx,img0.png\ny,img2.png\nx,img4.png\n")
    stats = bnstat.compute("data/a", by="by.csv", workers=1)
    assert {"x": 2, "y": 1} == {name: group.images for name, group in stats.groups.items()}
    (folder / "by.csv").write_text("kind,filename,more\nx,img0.png,1\n")
    with pytest.raises(SourceError, match="has 3 columns; call that of the names 'label'"):
        bnstat.compute("data/a", by="by.csv", workers=1)
