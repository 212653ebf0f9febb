"""Lists as data sets come with them: tables with headings, splits, names below a root."""

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import SourceError


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


def keys(stats_or_options, tmp_path):
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
    assert TRAIN == keys(options | {"where": ["split=train"]}, folder)
    assert 6 == len(keys(options, folder))
    assert 6 == len(keys(options | {"where": ["split=train", "split=val"]}, folder))
    assert ["a/img0.png", "a/img2.png"] == keys(
        options | {"where": ["split=train", "label=a"]}, folder
    )


@pytest.mark.parametrize("heading", ["filename", "Path", "image", "KEY", '"file_name"'])
def test_headings_that_are_known(folder, heading):
    """In any case, also where the names are the only column."""
    (folder / "l.csv").write_text(f"split,{heading}\nx,a/img0.png\n")
    assert ["a/img0.png"] == keys({"files_from": "l.csv", "root": "data"}, folder)
    (folder / "l.csv").write_text(f"\ufeff{heading}\r\na/img0.png\r\n", encoding="utf-8")
    assert ["a/img0.png"] == keys({"files_from": "l.csv", "root": "data"}, folder)


def test_a_column_that_is_named(folder):
    """Of any heading, in a file of any name."""
    (folder / "l.txt").write_text("what,photo\nx,a/img0.png\n")
    named = {"files_from": "l.txt", "root": "data", "files_column": "photo"}
    assert ["a/img0.png"] == keys(named, folder)


def test_names_with_the_root_before_them(folder):
    """Are what they were: the root is stripped."""
    (folder / "l.txt").write_text("data/a/img0.png\nb/img1.png\n")
    named = {"files_from": "l.txt", "root": "data"}
    assert ["a/img0.png", "b/img1.png"] == keys(named, folder)
    (folder / "list.csv").write_text("data/a/img0.png\n")  # names alone, whatever the list's own
    assert ["a/img0.png"] == keys({"files_from": "list.csv", "root": "data"}, folder)


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
