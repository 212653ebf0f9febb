"""Images that show nearly the same: constructed cases, and what is said of them."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

import bnstat
from bnstat.errors import SettingError


def drawing(seed):
    """Return an image of shapes in many colors."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (240, 180), tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y, w, h = rng.integers(0, (240, 180, 90, 90)).tolist()
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + w, y + h), fill=tuple(rng.integers(20, 230, 3).tolist()))
    return image


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Drawings; beside the first ones copies of each kind, in another source."""
    top = tmp_path_factory.mktemp("near")
    train, test = top / "train", top / "test"
    train.mkdir()
    test.mkdir()
    drawings = [drawing(seed) for seed in range(9)]
    for number, image in enumerate(drawings):
        image.save(train / f"{number}.png")
    drawings[0].save(test / "encoded.jpg", quality=50)
    drawings[1].resize((120, 90)).save(test / "half.png")
    drawings[2].crop((3, 8, 231, 179)).save(test / "cropped.png")
    ImageEnhance.Brightness(drawings[3]).enhance(1.1).save(test / "brighter.png")
    ImageEnhance.Brightness(drawings[4]).enhance(0.9).save(test / "darker.jpg")
    ImageOps.mirror(drawings[6]).save(test / "mirrored.png")
    red, green, blue = drawings[7].split()
    Image.merge("RGB", (blue, red, green)).save(test / "other-colors.png")
    return train, test


COPIES = {
    ("test/encoded.jpg", "train/0.png"),
    ("test/half.png", "train/1.png"),
    ("test/cropped.png", "train/2.png"),
    ("test/brighter.png", "train/3.png"),
    ("test/darker.jpg", "train/4.png"),
}
MIRRORED = ("test/mirrored.png", "train/6.png")


@pytest.fixture
def sources(planted, monkeypatch):
    """Their names from the folder that holds them."""
    monkeypatch.chdir(planted[0].parent)
    return "train", "test"


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.long)])
def test_copies_are_found(sources, workers):
    """Encoded, resized, cropped and brightened ones; no mirror image, no other colors."""
    found = bnstat.duplicates(*sources, near=True, workers=workers)
    assert {each.images for each in found.sets} == COPIES
    assert all(each.across for each in found.sets)
    assert (found.images, found.bits) == (16, 11)
    (half,) = (each for each in found.sets if "test/half.png" in each.images)
    assert (half.width, half.height, half.sizes) == (240, 180, ((120, 90), (240, 180)))
    (pair,) = half.pairs
    assert {pair.image, pair.other} == set(half.images)
    assert pair.bits <= 11 and 0.98 <= pair.correlation <= 1


def test_mirror_images_are_found_where_asked_for(sources):
    """Besides the copies, and named as mirrored."""
    found = bnstat.duplicates(*sources, near=True, mirrored=True, workers=1)
    assert {each.images for each in found.sets} == {*COPIES, MIRRORED}
    for each in found.sets:
        assert [pair.mirrored for pair in each.pairs] == [each.images == MIRRORED]


def test_exact_and_near_are_not_mixed(sources):
    """Without `near` no copy is found, as none has equal pixels."""
    assert bnstat.duplicates(*sources, workers=1).sets == ()


def test_fewer_bits_find_less(sources):
    """A crop differs in some bits."""
    found = bnstat.duplicates(*sources, near=True, bits=0, workers=1)
    assert {each.images for each in found.sets} < COPIES
    with pytest.raises(SettingError, match="from 0 to 16"):
        bnstat.duplicates(*sources, near=True, bits=17)


def test_many_equal_images_are_one_set(tmp_path):
    """Joined by one pair fewer than images, whether they show something or are flat."""
    drawing(0).resize((60, 45)).save(tmp_path / "a.png")
    Image.new("L", (5, 5), 9).save(tmp_path / "b.png")
    for number in range(40):
        for name in "ab":
            shutil.copy(tmp_path / f"{name}.png", tmp_path / f"{name}{number}.png")
    found = bnstat.duplicates(tmp_path, near=True, mirrored=True, workers=1)
    assert [len(each.images) for each in found.sets] == [41, 41]
    assert [len(each.pairs) for each in found.sets] == [40, 40]
    assert not any(pair.mirrored for each in found.sets for pair in each.pairs)


@pytest.mark.parametrize("levels", [(0, 255), (0, 128, 255), (7,)])
def test_images_of_one_pixel(tmp_path, levels):
    """They are flat: no two of other levels are alike, and one alone is none."""
    for level in levels:
        Image.new("L", (1, 1), level).save(tmp_path / f"{level}.png")
    assert bnstat.duplicates(tmp_path, near=True, workers=1).sets == ()


def test_images_of_any_depth_and_arrays(tmp_path):
    """16-bit gray, floats and arrays are compared as what they show."""
    gray = np.asarray(ImageOps.autocontrast(drawing(3).convert("L")), np.uint16)
    Image.fromarray(gray.astype(np.uint8)).save(tmp_path / "8.png")
    Image.fromarray(gray * 257).save(tmp_path / "16.png")
    Image.fromarray((gray / 300).astype(np.float32)).save(tmp_path / "floats.tif")
    (alike,) = bnstat.duplicates(tmp_path, near=True, mode="L", workers=1).sets
    assert alike.images == ("16.png", "8.png", "floats.tif")
    arrays = np.stack([np.asarray(drawing(seed)) for seed in (1, 2, 1)])
    (alike,) = bnstat.duplicates(arrays, near=True, workers=1).sets
    assert len(alike.images) == 2


def test_broken_images_are_failures(sources, tmp_path, in_process):
    """What cannot be read is named, with status 3; the rest is compared."""
    shutil.copy("train/0.png", tmp_path / "a.png")
    shutil.copy("test/encoded.jpg", tmp_path / "b.jpg")
    (tmp_path / "c.png").write_bytes(b"no image")
    result = in_process("duplicates", tmp_path, "--near", "--workers", "1")
    assert result.status == 3 and "failed: c.png: " in result.err
    assert "2 are nearly equal to others, in 1 set.\n" in result.out


def test_what_is_printed(sources, in_process):
    """Each image with its size; `--fail` ends with status 1; JSON has the pairs."""
    result = in_process("duplicates", *sources, "--near", "--mirrored", "--fail", "--workers", "1")
    assert result.status == 1
    assert result.out.startswith(
        "16 images: 12 are nearly equal to others, in 6 sets, 6 of them across sources.\n"
    )
    assert "\n  test/half.png  (120 × 90)\n  train/1.png  (240 × 180)\n" in result.out
    assert ", mirrored)\n" in result.out
    none = in_process("duplicates", "train", "--near", "--fail", "--workers", "1")
    assert (none.status, none.out) == (0, "9 images: no two are nearly equal.\n")
    text = in_process("duplicates", *sources, "--near", "--format", "json", "--workers", "1").out
    assert {len(each["pairs"]) for each in json.loads(text)["sets"]} == {1}


def test_bits_need_near(in_process):
    """They would do nothing."""
    result = in_process("duplicates", ".", "--bits", "3")
    assert result.status == 2 and "--bits and --mirrored go with --near" in result.err
