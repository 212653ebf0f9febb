"""Comparing sources: which rows there are, and that nothing is measured or decoded twice."""

import os
import shutil
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import compare
from bnstat.errors import BnstatError, SourceError, SpecError

ALL_TRAIN = ["train0.png", "train1.png", "train2.png", "train3.png"]
FLIP, INVERT = "RandomHorizontalFlip(p=0.5)", "RandomInvert(p=1.0)"


def names(comparison):
    return [row.name for row in comparison.rows]


@pytest.mark.parametrize(
    ("sources", "options", "expected"),
    [
        ([], {"augment": [FLIP]}, ["bnstat.json", FLIP]),
        ([], {"augment": [FLIP, INVERT]}, ["bnstat.json", FLIP, INVERT]),
        ([], {"to": ["imagenet"]}, ["bnstat.json", "imagenet"]),
        (["test"], {}, ["bnstat.json", "test"]),
        (["test"], {"augment": [FLIP]}, ["test", FLIP]),
        (["test"], {"to": ["clip"]}, ["test", "clip"]),
        (["train", "test"], {}, ["train", "test"]),
        (["train", "test"], {"augment": [FLIP]}, ["train", FLIP, "test"]),
        (["test", "bnstat.json"], {}, ["test", "bnstat.json"]),
        (["imagenet"], {}, ["bnstat.json", "imagenet"]),
        (["imagenet", "clip"], {}, ["imagenet", "clip"]),
        (["clip", "train"], {}, ["clip", "train"]),
        (["./imagenet"], {}, ["bnstat.json", "./imagenet"]),
        (["./imagenet", "imagenet"], {}, ["./imagenet", "imagenet"]),
        (["test"], {"augment": ["none"]}, ["test", "none"]),
    ],
)
def test_rows_and_their_order(sources, options, expected, measured):
    """The first row is the baseline: the first source, or bnstat.json; then come the others."""
    found = compare(*sources, **options, workers=1)
    assert expected == names(found)
    zero = (0.0, 0.0, 0.0)
    assert (zero, zero) == (found.differences[0].mean, found.differences[0].std)


def test_named_reference_or_folder(measured):
    """imagenet names the constants; ./imagenet, and a Path, name the folder."""
    sources = "imagenet", "./imagenet", Path("imagenet")
    reference, typed, path = (compare(source, workers=1).rows[1] for source in sources)
    folder = bnstat.compute("imagenet", workers=1)
    assert (0.485, 0.456, 0.406) == reference.mean
    assert folder.exact.mean == typed.mean == path.mean


def test_rows_hold_what_compute_gives(measured):
    """Each row's figures are those of compute with the same settings."""
    found = compare("train", "test", augment=[INVERT], batch_size=2, workers=1)
    train, inverted, test = (row.result for row in found.rows)
    for result, options in (
        (train, {"augment": None}),
        (inverted, {"augment": INVERT}),
    ):
        direct = bnstat.compute("train", batch_size=2, workers=1, **options)
        assert (direct.sum, direct.methods) == (result.sum, result.methods)
    assert bnstat.compute("test", batch_size=2, workers=1).methods == test.methods


def test_settings_come_from_the_baseline(folders):
    """What is not given is the document's: mode, seed, epochs, schedule."""
    bnstat.compute(
        "train", mode="L", seed=5, epochs=2, batch_size=3, momentum=None, order="listed", workers=1
    ).save("bnstat.json")
    row = compare(augment=["RandomCrop(5)"], workers=1).rows[1].result
    batchnorm = row.methods["batchnorm"]
    assert ("L", 5, 2) == (row.mode, row.pipeline.seed, row.pipeline.epochs)
    assert (3, None, "listed") == (batchnorm.batch_size, batchnorm.momentum, batchnorm.order)
    other = compare("test", epochs=1, batch_size=4, workers=1).rows[1].result
    assert ("L", 1, 4) == (other.mode, other.pipeline.epochs, other.methods["batchnorm"].batch_size)


@pytest.mark.parametrize("augment", [INVERT, "Normalize([0.5], [0.5])"])
def test_normalize_is_left_out_whatever_the_baseline_was(augment, folders):
    """A baseline made under a pipeline says nothing of another pipeline's Normalize."""
    bnstat.compute("train", augment=augment, workers=1).save("bnstat.json")
    spec = "ToImage | ToDtype(float32, scale=True) | Normalize([0.5], [0.5])"
    row = compare(augment=[spec], workers=1).rows[1].result
    assert row.pipeline.before_normalize
    kept = compare(augment=[spec], keep_normalize=True, workers=1).rows[1].result
    assert not kept.pipeline.before_normalize


def test_each_image_is_opened_once(folders, opened):
    """The plain row and those of several pipelines come from one decode."""
    compare("train", augment=[FLIP, INVERT, "none"], attribute=True, workers=1)
    assert ALL_TRAIN == sorted(opened)


def test_what_is_measured_is_not_measured_again(measured, opened):
    """With the same sources, files and settings the baseline is the document: nothing is opened."""
    found = compare("train", to=["imagenet"], batch_size=2, workers=1)
    assert [] == opened
    assert bnstat.load("bnstat.json") == found.rows[0].result
    found = compare("train", augment=[INVERT], batch_size=2, workers=1)
    assert ALL_TRAIN == sorted(opened)
    assert (False, True) == tuple(row.fresh for row in found.rows)


def repaint():
    Image.new("RGB", (9, 9), (255, 0, 0)).save("train/train1.png")


def touch():
    os.utime("train/train1.png", ns=(1, 1))


def add():
    Image.new("RGB", (9, 9)).save("train/train9.png")


def remove():
    Path("train/train1.png").unlink()


def rename():
    Path("train/train1.png").rename("train/renamed.png")


@pytest.mark.parametrize("change", [repaint, touch, add, remove, rename])
def test_changed_files_are_measured_again(change, measured, opened):
    """A file that is new, gone, renamed or changed makes the document no longer hold."""
    change()
    opened.clear()
    found = compare("train", to=["imagenet"], batch_size=2, workers=1)
    assert sorted(os.listdir("train")) == sorted(opened)
    assert found.rows[0].mean == bnstat.compute("train", workers=1).exact.mean


@pytest.mark.parametrize(
    "settings",
    [
        *({"mode": "L"}, {"batch_size": 3}, {"momentum": None}, {"order": "listed"}, {"seed": 1}),
        {"epochs": 2},
    ],
    ids=str,
)
def test_other_settings_are_measured_again(settings, measured):
    """The document holds only for the settings that it was made with."""
    used = {"batch_size": 2, "workers": 1} | settings
    baseline, _ = compare("train", augment=["none"], **used).rows
    assert baseline.fresh
    assert bnstat.compute("train", **used).methods == baseline.result.methods


def test_document_of_a_pipeline_is_not_the_plain_images(folders, opened):
    """A document that was made under a pipeline does not stand for the folder."""
    bnstat.compute("train", augment=INVERT, workers=1).save("bnstat.json")
    opened.clear()
    found = compare("train", to=["imagenet"], workers=1)
    assert ALL_TRAIN == sorted(opened)
    assert () == found.rows[0].pipeline


def test_document_of_another_folder_of_the_same_name_does_not_hold(measured, opened, monkeypatch):
    """A copied bnstat.json says nothing of the folder of that name beside the copy."""
    (measured / "copy" / "train").mkdir(parents=True)
    (measured / "copy" / "bnstat.json").write_text(Path("bnstat.json").read_text())
    Image.new("RGB", (9, 9), (255, 255, 255)).save("copy/train/other.png")
    opened.clear()
    monkeypatch.chdir("copy")
    found = compare("train", to=["imagenet"], batch_size=2, workers=1)
    assert ["other.png"] == opened
    assert (1.0, 1.0, 1.0) == found.rows[0].mean


def test_broken_document_in_the_way_is_not_in_the_way(folders):
    """A bnstat.json that cannot be read stops only what asks for it."""
    Path("bnstat.json").write_text("{")
    assert ["train", "test"] == names(compare("train", "test", workers=1))
    with pytest.raises(BnstatError):
        compare("test", workers=1)


def test_pipelines_are_compared_with_the_same_images(measured):
    """Images that changed since bnstat.json do not show as the pipeline's doing."""
    repaint()
    found = compare(augment=[FLIP], workers=1)
    assert ["bnstat.json, measured again", "bnstat.json", FLIP] == names(found)
    assert 0.0 == found.differences[2].largest < found.differences[1].largest


def test_document_finds_its_images_from_anywhere(measured, monkeypatch):
    """A document's sources are relative to where it was made."""
    (measured / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    found = compare("../bnstat.json", augment=[INVERT], workers=1)
    assert pytest.approx([1 - mean for mean in found.rows[0].mean]) == found.rows[1].mean


def test_document_of_a_list(folders):
    """A document of a list of files is measured through the list; one from stdin cannot be."""
    Path("list.txt").write_text("train/train0.png\ntrain/train2.png\n")
    stats = bnstat.compute(files_from="list.txt", workers=1)
    stats.save("list.json")
    found = compare("list.json", augment=[FLIP], workers=1)
    assert (2, 0.0) == (found.rows[1].result.source.images, found.largest)
    text = stats.to_json().replace('"again": true', '"again": false')
    Path("stdin.json").write_text(text)
    with pytest.raises(SourceError, match="standard input, which cannot be read again"):
        compare("stdin.json", augment=[FLIP], workers=1)
    assert ["stdin.json", "imagenet"] == names(compare("stdin.json", "imagenet"))


@pytest.mark.parametrize(
    ("sources", "options", "error", "says"),
    [
        ([], {}, SourceError, "nothing to compare; name SOURCEs, or pipelines with --augment"),
        (
            ["imagenet"],
            {"augment": [FLIP]},
            SourceError,
            "imagenet names constants and has no images; ./imagenet is a folder",
        ),
        (["nosuch", "train"], {}, SourceError, "no folder or file nosuch; check the path"),
        (
            ["nosuch.json", "train"],
            {},
            BnstatError,
            "no result document nosuch.json; make one: bnstat compute FOLDER",
        ),
        (
            ["train"],
            {"augment": ["ColourJitter"]},
            SpecError,
            "no transform 'ColourJitter' in torchvision.transforms.v2; did you mean ColorJitter?",
        ),
    ],
)
def test_says_what_is_wrong(sources, options, error, says, measured, opened):
    """What cannot be compared is said before an image is opened."""
    with pytest.raises(error) as raised:
        compare(*sources, **options, workers=1)
    assert says == str(raised.value)
    assert [] == opened


def test_no_bnstat_json_and_no_source(folders):
    """Without a SOURCE there must be a bnstat.json."""
    with pytest.raises(BnstatError, match=r"^no result document bnstat\.json; make one"):
        compare(augment=[FLIP], workers=1)


def test_pipeline_that_changes_the_channels(measured):
    """Rows of other channels cannot be compared, and the pipeline is named."""
    with pytest.raises(
        SourceError, match=r"^Grayscale has channels L, bnstat\.json has channels RGB; "
    ):
        compare(augment=["Grayscale"], workers=1)


def test_attribute_rows_are_the_prefixes_measured_apart(measured, opened):
    """Each prefix's row equals that prefix on its own, draws included, from one decode."""
    steps = ["RandomResizedCrop(8)", "ColorJitter(0.4)", "ToImage()", "RandomErasing(p=0.5)"]
    found = compare(augment=[" | ".join(steps)], attribute=True, epochs=2, batch_size=2, workers=1)
    assert ALL_TRAIN == sorted(opened)
    assert ["bnstat.json", *(f"... {step}" for step in steps)] == names(found)
    prefixes = [" | ".join(steps[: end + 1]) for end in range(4)]
    for prefix, row in zip(prefixes, found.rows[1:], strict=True):
        alone = bnstat.compute("train", augment=prefix, epochs=2, batch_size=2, workers=1)
        assert (alone.sum, alone.methods) == (row.result.sum, row.result.methods)
        assert alone.pipeline.transforms == row.result.pipeline.transforms


def test_attribute_sees_what_was_there_before_a_transform_in_place(measured):
    """A transform that changes its input does not reach back into the row before it."""
    spec = "ToImage | RandomErasing(p=1.0, inplace=True)"
    before, after = compare(augment=[spec], attribute=True, workers=1).rows[1:]
    assert bnstat.load("bnstat.json").sum == before.result.sum != after.result.sum


@pytest.mark.parametrize("attribute", [False, True])
def test_pipeline_of_nothing_but_normalize(attribute, measured):
    """Measured before its Normalize, it is the plain image, and still has a row of its own."""
    spec = "Normalize([0.5], [0.5])"
    found = compare(augment=[spec], attribute=attribute, workers=1)
    assert (2, 0.0) == (len(found.rows), found.largest)


def test_failed_images_are_the_rows_own(folders):
    """A pipeline that some images cannot take fails them in its own row only."""
    Image.new("RGB", (3, 3)).save("train/small.png")
    found = compare("train", augment=["RandomCrop(5)"], workers=1)
    assert [0, 1] == [len(row.result.source.failures) for row in found.rows]
    assert [5, 4] == [row.result.source.images for row in found.rows]


def test_reference_rows_say_their_source_and_convention(measured):
    """Constants have their source and the std they are believed to be."""
    row = compare("imagenet").rows[1]
    assert row.source.startswith("https://github.com/pytorch/vision/issues/1439 (std: most likely")
    assert (None, None) == (row.result, row.pipeline)


def test_difference_of_two_folders(folders):
    """The difference of two folders is that of their figures."""
    found = compare("train", "test", workers=1)
    train, test = (bnstat.compute(name, workers=1) for name in ("train", "test"))
    less = np.subtract(test.mean, train.mean)
    assert less.tolist() == list(found.differences[1].mean)
    assert (less / train.std).tolist() == list(found.differences[1].mean_in_std)


@pytest.mark.parametrize("sources", [[], ["train"]], ids=["of the document", "of the folder"])
def test_rows_of_the_same_images_are_paired(sources, measured):
    """Their margin is of the differences of each image, not of independent sets."""
    jitter = "ColorJitter(brightness=0.1)"
    _, flipped, drawn = compare(*sources, augment=[FLIP, jitter], workers=1).differences
    none = (0.0, 0.0, 0.0)
    assert (none, none) == (flipped.pair.margin.mean, flipped.pair.margin.std)
    alone = drawn.pair.result.uncertainty.margin
    assert all(a < b for a, b in zip(drawn.pair.margin.mean, alone.mean, strict=True))
    assert drawn.pair.paired.upper_bound


def test_rows_of_other_images_are_not_paired(folders):
    """Two folders have no images in common."""
    baseline, drawn, other = compare("train", "test", augment=[FLIP], workers=1).differences
    assert drawn.pair.paired is not None
    assert (None, None) == (baseline.pair.paired, other.pair.paired)


def test_a_baseline_with_a_pipeline_of_its_own_is_paired(folders):
    """It is measured again beside, with the same seeds; what both draw alike cancels."""
    jitter = "ColorJitter(brightness=0.3)"
    bnstat.compute("train", augment=jitter, workers=1).save("bnstat.json")
    same, inverted = compare(augment=[jitter, INVERT], workers=1).differences[1:]
    none = (0.0, 0.0, 0.0)
    assert (same.mean, same.pair.margin.mean, same.p_values.mean) == (none, none, (1.0, 1.0, 1.0))
    assert inverted.pair.paired.upper_bound
    for baseline in (bnstat.compute("train", augment=jitter, seed=1, workers=1), None):
        if baseline is not None:
            baseline.save("bnstat.json")
            assert compare(augment=[INVERT], workers=1).differences[1].pair.paired is not None
    attributed = compare(augment=[f"{jitter} | {INVERT}"], attribute=True, workers=1).differences
    assert [True, True] == [off.pair.paired is not None for off in attributed[1:]]


TOML = """
[[transforms]]
name = "RandomInvert"
p = {}
"""


def test_a_baseline_whose_pipeline_is_another_now_is_not_paired(folders):
    """The file's figures stand, and say nothing of single images."""
    (folders / "p.toml").write_text(TOML.format(1.0))
    bnstat.compute("train", augment="p.toml", workers=1).save("bnstat.json")
    assert compare(augment=[FLIP], workers=1).differences[1].pair.paired is not None
    (folders / "p.toml").write_text(TOML.format(0.0))
    assert compare(augment=[FLIP], workers=1).differences[1].pair.paired is None
    (folders / "p.toml").unlink()
    assert compare(augment=[FLIP], workers=1).differences[1].pair.paired is None


def test_images_that_a_pipeline_fails_for_leave_the_others_paired(folders):
    """The rows have other images; what they share is paired."""
    crop = "RandomCrop(13)"
    (off,) = compare("train", augment=[crop], workers=1).differences[1:]
    assert 1 == len(off.pair.result.source.failures)
    assert off.pair.paired is not None


def test_sets_that_share_images_are_compared_by_what_they_do_not_share(folders):
    """A copy with one image more: the others are in both, and cancel; documents tell it, too."""
    shutil.copytree("train", "more")
    Image.new("RGB", (20, 14), (90, 140, 120)).save("more/new.png")
    for folder in ("train", "more"):
        bnstat.compute(folder, workers=1).save(f"{folder}.json")
    fresh = compare("train", "more", workers=1)
    read = compare("train.json", "more.json")
    assert fresh.differences == read.differences
    images = read.rows[0].result.source.images
    assert [None, images] == [row["shared_images"] for row in read.to_dict()["rows"]]
    one, other = (np.array(r.result.uncertainty.superpopulation.mean) for r in read.rows)
    errors = np.square(one) + np.square(other) - 2 * np.sqrt(images / (images + 1)) * one * other
    z = np.abs(read.differences[1].mean) / np.sqrt(errors)
    assert [2 * NormalDist().cdf(-each) for each in z] == pytest.approx(
        read.differences[1].pair.p_values().mean
    )
    assert 0 == compare("train", "test", workers=1).differences[1].pair.shared_images
