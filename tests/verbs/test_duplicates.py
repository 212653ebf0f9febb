"""Images with equal pixels, whatever their files are: constructed cases."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import show as reports
from bnstat.result.tables import FIGURES, RecordTable
from bnstat.verbs.duplicates import candidates


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Two sources with copies: renamed, re-encoded without loss, across; and what is no copy."""
    top = tmp_path_factory.mktemp("planted")
    train, test = top / "train", top / "test"
    train.mkdir()
    test.mkdir()
    rng = np.random.default_rng(2)
    photos = [Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)) for _ in range(4)]
    photos[0].save(train / "a.png")
    shutil.copy(train / "a.png", train / "renamed.png")
    photos[0].save(train / "encoded.bmp")
    photos[1].save(train / "b.png")
    photos[1].save(test / "b-again.png", compress_level=1)
    photos[2].save(test / "c.png")
    photos[2].transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(test / "c-flipped.png")
    Image.new("RGB", (2, 8)).save(train / "black-2x8.png")
    Image.new("RGB", (4, 4)).save(train / "black-4x4.png")
    gray = Image.fromarray(rng.integers(0, 256, (5, 5), dtype=np.uint8))
    gray.save(train / "gray.png")
    gray.convert("RGB").save(train / "gray-as-rgb.png")
    quantized = photos[3].quantize(8)
    quantized.save(train / "palette.png")
    quantized.convert("RGB").save(train / "palette-as-rgb.png")
    deep = rng.integers(0, 65536, (5, 5), dtype=np.uint16)
    Image.fromarray(deep).save(train / "deep.png")
    Image.fromarray(deep).save(test / "deep.tif")
    return train, test


SETS = [
    ("test/b-again.png", "train/b.png"),
    ("test/deep.tif", "train/deep.png"),
    ("train/a.png", "train/encoded.bmp", "train/renamed.png"),
    ("train/palette-as-rgb.png", "train/palette.png"),
]


@pytest.fixture
def sources(planted, monkeypatch):
    """Their names from the folder that holds them."""
    monkeypatch.chdir(planted[0].parent)
    return "train", "test"


@pytest.mark.parametrize("workers", [1, 2])
def test_sets_are_those_planted(sources, workers):
    """Copies are found; black images of other shapes, a flipped one and another mode are none."""
    found = bnstat.duplicates(*sources, workers=workers)
    assert SETS == [each.images for each in found.sets]
    assert [True, True, False, False] == [each.across for each in found.sets]
    assert (7, 9, "RGB") == (found.sets[2].width, found.sets[2].height, found.sets[2].mode)
    assert 15 == found.images


def test_only_candidates_are_decoded_again(sources):
    """Candidates are images with equal moments: copies, black images, flips and gray ones."""
    found = bnstat.duplicates(*sources, workers=1)
    assert 9 + 2 + 2 + 2 == found.candidates


def test_candidates_need_equal_histograms():
    """Equal n, Σx and Σx² are not enough where histograms differ."""
    columns = {name: [None, None] for name in ("location", "group", "mode", "failure")}
    numbers = dict.fromkeys(
        ("epoch", "width", "height", "depth", "bytes", "scale"), np.ones(2, np.int64)
    )
    sums = {name: np.ones((2, 1), np.int64) for name in ("n", "sum", "sum_of_squares")}
    figures = {name: np.ones((2, 1)) for name in FIGURES}
    rows = {"key": ["a", "b"], **columns, **numbers, **sums, **figures}
    for hashes, expected in (([1, 2], set()), ([1, 1], {"a", "b"})):
        table = RecordTable(("L",), histogram_hash=np.array(hashes, np.uint64), **rows)
        assert expected == candidates(table)


def test_status_guards_against_leakage(sources, in_process):
    """`--fail` ends with 1 where images are equal, and with 0 where none are."""
    assert 1 == in_process("duplicates", *sources, "--fail", "--workers", "1").status
    assert 0 == in_process("duplicates", *sources, "--workers", "1").status
    alone = in_process("duplicates", "test", "--fail", "--workers", "1")
    assert (0, "4 images: no two have equal pixels.\n") == (alone.status, alone.out)


def test_what_is_printed(sources, in_process):
    """Each set has its size and mode, and the names of its images."""
    out = in_process("duplicates", *sources, "--workers", "1").out
    assert out.startswith(
        "15 images: 9 are equal to others, in 4 sets, 2 of them across sources.\n"
    )
    assert "9 × 7" not in out and (
        "7 × 9 RGB:\n  train/a.png\n  train/encoded.bmp\n  train/renamed.png\n" in out
    )
    document = json.loads(
        in_process("duplicates", *sources, "--format", "json", "--workers", "1").out
    )
    assert [list(images) for images in SETS] == [each["images"] for each in document["sets"]]


def test_sets_are_shown_small(sources, tmp_path, in_process):
    """Each set has a row on the sheet, with the first of its images; a notebook shows the same."""
    found = bnstat.duplicates(*sources, workers=1)
    parts = found.sheet().parts
    assert ["2 equal images", "2 equal images", "3 equal images", "2 equal images"] == [
        heading for heading, _ in parts
    ]
    assert all(tile.copy for _, tiles in parts for tile in tiles)
    assert 9 == found._repr_html_().count("<img")
    options = ("--workers", "1", "--sheet", tmp_path / "sheet.png")
    assert 0 == in_process("duplicates", *sources, *options).status
    assert (tmp_path / "sheet.png").read_bytes() == found.sheet().png()


def test_broken_images_are_failures(tmp_path, in_process):
    """What cannot be read is named, with status 3; the rest is compared."""
    for name in ("a.png", "b.png"):
        Image.new("L", (3, 3), 9).save(tmp_path / name)
    (tmp_path / "c.png").write_bytes(b"no image")
    result = in_process("duplicates", tmp_path, "--workers", "1")
    assert 3 == result.status and "failed: c.png: " in result.err
    assert "2 are equal to others" in result.out
    assert 1 == in_process("duplicates", tmp_path, "--fail", "--workers", "1").status


def test_no_failure_is_lost_in_the_report(sources):
    """The report of no duplicates is a line."""
    found = bnstat.duplicates("test", workers=1)
    assert "4 images: no two have equal pixels.\n" == reports.text(reports.report(found))
