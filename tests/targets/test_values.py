"""Plain values: groups, numbers, and the order of channels."""

import csv
import json

from PIL import Image

import bnstat


def grouped(folder):
    """Return the result of two classes of images, of one color each."""
    for name, color in (("a", (255, 0, 0)), ("b", (0, 0, 255))):
        (folder / name).mkdir()
        Image.new("RGB", (2, 3), color).save(folder / name / "0.png")
    return bnstat.compute(folder, by="folder", workers=1)


def test_csv_has_the_groups(tmp_path):
    """Their lines follow those of the whole, with their labels, images and samples."""
    text = bnstat.export(grouped(tmp_path), "csv", channel_order="bgr").decode()
    lines = list(csv.DictReader(text.splitlines()))
    assert [line["group"] for line in lines] == [*[""] * 3, *["a"] * 3, *["b"] * 3]
    assert [line["channel"] for line in lines] == ["B", "G", "R"] * 3
    assert [line["mean"] for line in lines[3:6]] == ["0.0", "0.0", "1.0"]
    assert [(line["images"], line["count"]) for line in lines[::3]] == [
        *[("2", "12"), ("1", "6"), ("1", "6")]
    ]


def test_without_groups_there_is_no_such_column(tmp_path):
    """As before; likewise for methods of which groups have no figures."""
    stats = grouped(tmp_path)
    plain = bnstat.export(bnstat.compute(tmp_path / "a", workers=1), "csv").decode()
    assert ",group\n" not in plain
    assert bnstat.export(stats, "csv", method="welford").decode().count("\n") == 4


def test_numbers_are_numbers(tmp_path):
    """In JSON, the number of images is one; channels are in the order that is asked for."""
    found = json.loads(bnstat.export(grouped(tmp_path), "json", channel_order="bgr"))
    assert (found["images"], found["channels"]) == (2, ["B", "G", "R"])
