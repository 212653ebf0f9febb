"""Warnings of inputs: a line on stderr, an entry of the document, a sentence on the page."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.result.input_warnings import CODES

LINE = (
    "1 image with transparent pixels, whose hidden colors counted; --alpha exclude leaves them out"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two color images, of which one has a transparent pixel."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    (tmp_path / "data").mkdir()
    for name, channels in (("a", 4), ("b", 3)):
        pixels = rng.integers(1, 256, (5, 6, channels)).astype(np.uint8)
        if channels == 4:
            pixels[..., 3] = 255
            pixels[0, 0, 3] = 0
        Image.fromarray(pixels).save(tmp_path / "data" / f"{name}.png")
    return tmp_path / "data"


def test_a_warning_is_told_three_times(folder, in_process):
    """On stderr, in the document with its code and how many images, and on the page."""
    result = in_process("compute", "data", "--workers", "1")
    assert LINE in result.err.splitlines()
    told = json.loads(Path("bnstat.json").read_text())["warnings"]
    assert [{"code": "transparent", "text": LINE, "images": 1}] == told
    assert LINE in bnstat.report("bnstat.json")


def test_where_nothing_is_wrong_nothing_is_told(folder, in_process):
    """Of opaque images."""
    (folder / "a.png").unlink()
    result = in_process("compute", "data", "--workers", "1", "--strict")
    assert 0 == result.status
    assert [] == json.loads(Path("bnstat.json").read_text())["warnings"]
    assert [line for line in result.err.splitlines() if not line.startswith("1 image in")] == []


def test_an_option_that_is_typed_answers_its_warning(folder, in_process):
    """--alpha drop is the default; typed, it says that it is meant."""
    result = in_process("compute", "data", "--workers", "1", "--alpha", "drop", "--strict")
    assert 0 == result.status
    assert LINE not in result.err
    assert () == bnstat.load("bnstat.json").warnings


def test_strict_writes_nothing(folder, in_process):
    """Exit status 4, and one line with each warning and its code."""
    result = in_process("compute", "data", "--workers", "1", "--strict")
    assert 4 == result.status
    assert (
        f"bnstat: nothing is written, as with strict a warning is an error: {LINE} [transparent]\n"
        == result.err
    )
    assert not (folder.parent / "bnstat.json").exists()
    with pytest.raises(bnstat.MeasureError, match=r"\[transparent\]"):
        bnstat.compute(folder, workers=1, strict=True)


def test_warnings_of_shards_add_up(folder):
    """Merged, they are those of the whole; what was answered stays so."""
    pixels = np.array(Image.open(folder / "a.png"))
    for i in range(6):
        Image.fromarray(pixels).save(folder / f"more{i}.png")
    parts = [bnstat.compute(folder, shard=(i, 2), workers=1) for i in (1, 2)]
    assert bnstat.compute(folder, workers=1).warnings == bnstat.merge(*parts).warnings
    answered = [bnstat.compute(folder, shard=(i, 2), alpha="drop", workers=1) for i in (1, 2)]
    assert () == bnstat.merge(*answered).warnings


def test_every_code_that_is_told_is_in_the_table(folder):
    """And its answer is a setting."""
    assert {w.code for w in bnstat.compute(folder, workers=1).warnings} <= CODES.keys()
    for code in CODES.values():
        assert code.answer is None or code.answer in bnstat.Settings.__annotations__


def test_skipped_folders_are_told(folder):
    """In the document by name; merged shards add nothing twice."""
    (folder / "@eaDir" / "a.png").mkdir(parents=True)
    (folder / "a.png").rename(folder / "@eaDir" / "a.png" / "thumb.png")
    stats = bnstat.compute(folder, workers=1)
    text = "1 folder of thumbnails or deleted files skipped: @eaDir"
    assert [("service-folders", text)] == [(w.code, w.text) for w in stats.warnings]
    assert stats.source.service_folders == (("@eaDir", 1),)
    assert bnstat.Stats.from_json(stats.to_json()) == stats
    parts = [bnstat.compute(folder, shard=(i, 2), workers=1) for i in (1, 2)]
    assert bnstat.merge(*parts).warnings == stats.warnings


def test_float_images_among_integers_are_named(folder):
    """Where their values are beyond [0, 1]; those within it, or floats alone, are no mixture."""
    (folder / "a.png").unlink()
    Image.new("F", (3, 3), 0.5).save(folder / "w.tif")
    assert ["deep"] == [w.code for w in bnstat.compute(folder, workers=1).warnings]
    Image.fromarray(np.array([[0.5, 0.0], [-0.6, 2.0]], np.float32)).save(folder / "x.tif")
    stats = bnstat.compute(folder, workers=1)
    text = "1 image of float samples beyond [0, 1], such as x.tif, mixed with images of integers in"
    told = [(w.code, w.text, w.images) for w in stats.warnings if w.code != "deep"]
    assert [("mixed-floats", f"{text} [0, 1]", 1)] == told
    again = bnstat.Stats.from_json(stats.to_json())
    assert again == stats and again.source.floats.first == "x.tif"
    (folder / "b.png").unlink()
    assert ["deep", "all-gray"] == [w.code for w in bnstat.compute(folder, workers=1).warnings]


def test_float_images_of_merged_results_add_up(folder):
    """Their number, and the first of them."""
    Image.new("F", (3, 3), 100.0).save(folder / "x.tif")
    (folder / "a.png").rename(folder / "z.png")
    one = bnstat.compute(folder, workers=1)
    other = replace(one, source=replace(one.source, fingerprint="1" * 64, cwd="/other"))
    merged = bnstat.merge(one, other)
    assert (merged.source.floats.images, merged.source.floats.first) == (2, "x.tif")
    assert "mixed-floats" in [w.code for w in merged.warnings]
