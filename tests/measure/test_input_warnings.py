"""Warnings of inputs: each comes where something is wrong, and where nothing is does not."""

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.measure.demo import write_demo_images


def write(path, values=256, channels=3, size=(20, 16), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, len(str(path))])
    shape = size if channels == 1 else (*size, channels)
    Image.fromarray(rng.integers(0, values, shape).astype(np.uint8)).save(path)


def codes(*sources, **settings):
    return [w.code for w in bnstat.compute(*sources, workers=1, **settings).warnings]


@pytest.fixture
def folders(tmp_path):
    """Images and masks in folders of their own, twice."""
    for split in ("train", "val"):
        for i in range(3):
            write(tmp_path / "data" / "images" / split / f"{i}.png", seed=i)
            write(tmp_path / "data" / "masks" / split / f"{i}.png", 4, 1, seed=i)
    return tmp_path / "data"


@pytest.fixture
def suffixes(tmp_path):
    """Masks beside their images, of a palette."""
    for i in range(5):
        write(tmp_path / "data" / f"x{i}.png", seed=i)
        write(tmp_path / "data" / f"x{i}_mask.png", 3, 1, seed=i)
        mask = Image.open(tmp_path / "data" / f"x{i}_mask.png")
        mask.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
        mask.save(tmp_path / "data" / f"x{i}_mask.png")
    return tmp_path / "data"


def test_label_images_in_a_folder(folders):
    """The line says how many, the first, and what leaves them out; that does."""
    (warning,) = bnstat.compute(folders, workers=1).warnings
    assert ("label-images", 6) == (warning.code, warning.images)
    assert warning.text == (
        "6 images look like label images: masks/train/0.png and others have few values, and are "
        "named like images that have more; --exclude 'masks/' leaves them out"
    )
    assert [] == codes(folders, exclude=["masks/"])
    assert [] == codes(folders, include=["*"])


def test_label_images_with_a_suffix(suffixes):
    """Also where they have a palette."""
    (warning,) = bnstat.compute(suffixes, workers=1).warnings
    assert ("label-images", 5) == (warning.code, warning.images)
    assert warning.text.endswith("--exclude '*_mask.*' leaves them out")
    assert [] == codes(suffixes, exclude=["*_mask.*"])


def test_label_images_are_seen_however_it_is_run(folders, tmp_path):
    """By workers, with a journal that knows them, in shards."""
    expected = bnstat.compute(folders, workers=1).warnings
    assert expected == bnstat.compute(folders, workers=2).warnings
    for _ in range(2):
        found = bnstat.compute(folders, workers=1, journal=tmp_path / "j.db")
        assert expected == found.warnings


@pytest.mark.parametrize("wrong", ["fewer", "others", "sizes", "more values", "other stems"])
def test_images_that_are_no_labels(tmp_path, wrong):
    """Of digits and drawings, which may have few values, nothing is said."""
    for i in range(3 if wrong == "fewer" else 6):
        write(tmp_path / "images" / f"{i}.png", seed=i)
        stem = f"other{i}" if wrong == "other stems" else f"{i}"
        size = (8, 8) if wrong == "sizes" else (20, 16)
        write(tmp_path / "drawn" / f"{stem}.png", 4, 1, size, seed=i)
    if wrong == "others":
        write(tmp_path / "drawn" / "photo.png")
    if wrong == "more values":
        write(tmp_path / "drawn" / "0.png", 60, 1)
    assert [] == codes(tmp_path)


def test_all_gray(tmp_path):
    """Three equal channels are told, unless they are asked for, made, or not measured."""
    for i in range(3):
        write(tmp_path / f"{i}.png", channels=1, seed=i)
    (warning,) = bnstat.compute(tmp_path, workers=1).warnings
    assert warning.text == (
        "3 images, all of them gray: three equal channels; --mode L measures one"
    )
    for settings in ({"mode": "L"}, {"mode": "RGB"}, {"augment": "Grayscale(3)"}):
        assert [] == codes(tmp_path, **settings)
    write(tmp_path / "color.png")
    assert [] == codes(tmp_path)


@pytest.mark.parametrize(("top", "bits"), [(1023, 10), (4090, 12), (16383, 14), (509, 9)])
def test_fewer_bits_than_sixteen(tmp_path, top, bits):
    """The largest sample shows them; workers and a journal do not matter."""
    rng = np.random.default_rng(bits)
    for i in range(3):
        pixels = rng.integers(0, top - 20, (6, 8)).astype(np.uint16)
        pixels[2, 3] = top if i == 1 else top // 2
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    found = bnstat.compute(tmp_path, mode="L", workers=1).warnings
    (warning,) = found
    assert ("fewer-bits", 3) == (warning.code, warning.images)
    assert f"no sample above {top}, as from a sensor of {bits} bits" in warning.text
    assert warning.text.endswith(f"; --max-value {2**bits - 1} divides by that")
    for _ in range(2):
        again = bnstat.compute(tmp_path, mode="L", workers=1, journal=tmp_path / "j.db")
        assert found == again.warnings
    assert found == bnstat.compute(tmp_path, mode="L", workers=2).warnings


@pytest.mark.parametrize("top", [800, 40000, 65535, 4200])
def test_samples_of_sixteen_bits(tmp_path, top):
    """Of a dark set, and of one of full depth, nothing is said."""
    pixels = np.random.default_rng(top).integers(0, top, (6, 8)).astype(np.uint16)
    pixels[0, 0] = top
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert [] == codes(tmp_path, mode="L")


def test_until_that_is_not_reached(tmp_path):
    """A growing sample that has come to its end is not as sure as was asked."""
    for i in range(12):
        write(tmp_path / f"{i}.png", values=20 * i + 2, seed=i)
    crop = {"augment": "RandomCrop(4)", "epochs": 2}
    (warning,) = bnstat.compute(tmp_path, workers=1, until=0.0001, **crop).warnings
    assert ("until-not-reached", 12) == (warning.code, warning.images)
    assert "12 images, all there are, were measured, and margins are up to ±" in warning.text
    assert "not within ±0.0001" in warning.text
    assert [] == codes(tmp_path, until=0.9, **crop)
    assert [] == codes(tmp_path, until=0.0001)


def test_the_demo_has_no_warnings_but_true_ones(tmp_path):
    """It has an image of 16 bits."""
    write_demo_images(tmp_path)
    assert ["deep"] == codes(tmp_path)


@pytest.mark.parametrize(("arguments", "code"), [("", ["pipeline-unit"]), (", scale=True", [])])
def test_a_pipeline_gives_the_type_without_the_unit(tmp_path, arguments, code):
    """ToDtype(uint16) keeps values of 8 bits, which are then divided by 65535."""
    write(tmp_path / "a.png")
    augment = f"ToImage() | ToDtype(uint16{arguments})"
    assert code == codes(tmp_path, augment=augment)


def write_frames(folder, spread, within, *, videos=5, frames=6):
    """Write numbered images in folders, of lights that differ between and within these."""
    rng = np.random.default_rng(5)
    for video in range(videos):
        light = 120 + spread * (video - videos // 2)
        for frame in range(frames):
            path = folder / f"v{video}" / f"{frame:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.normal(light + rng.normal(0, within), 9, (8, 8))
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)


@pytest.mark.parametrize(("top", "option"), [("data", "folder"), ("data/x", "'re:(.*)/'")])
def test_frames_that_are_alike(tmp_path, top, option):
    """The line names the factor, and the option that has errors be so large."""
    write_frames(tmp_path / top, 20, 3)
    stats = bnstat.compute(tmp_path / "data", mode="L", workers=1)
    (warning,) = stats.warnings
    assert ("look-alikes", 30) == (warning.code, warning.images)
    assert warning.text.endswith(f"--cluster {option} says so")
    said = float(warning.text.split(" are ")[1].split(" times")[0])
    cluster = option.strip("'")
    clustered = bnstat.compute(tmp_path / "data", mode="L", workers=1, cluster=cluster)
    errors = [each.uncertainty.superpopulation.mean[0] for each in (clustered, stats)]
    assert said == round(errors[0] / errors[1], 1) > 2
    assert () == clustered.warnings


def test_folders_that_are_not_alike_or_not_numbered(tmp_path):
    """Classes whose images differ as much within, few folders, and other names are no frames."""
    write_frames(tmp_path / "classes", 2, 20)
    write_frames(tmp_path / "few", 20, 3, videos=3)
    for folder, renamed in (("named", 1), ("mixed", 2)):
        write_frames(tmp_path / folder, 20, 3)
        for path in sorted((tmp_path / folder).rglob("*.png"))[::renamed]:
            path.rename(path.with_stem(f"{path.stem}x"))
    for folder in ("classes", "few", "named", "mixed"):
        assert [] == codes(tmp_path / folder, mode="L")
