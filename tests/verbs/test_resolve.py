"""What is named: for each verb, what is measured again is what was measured."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

import bnstat
from bnstat.errors import SourceError
from bnstat.settings import RecalibrateSettings, Settings
from bnstat.verbs.resolve import flat, images_of, plain_images_of, result_of, title_of

NORMALIZED = "RandomCrop(8) | ToImage | ToDtype(float32, scale=True) | Normalize([0.5], [0.25])"
# How a result was measured: settings, and a pipeline.
MEASURED = {
    "normalized": {"mode": "L", "augment": NORMALIZED, "keep_normalize": True, "epochs": 2},
    "before normalize": {"mode": "L", "augment": NORMALIZED, "seed": 3},
    "sample": {"mode": "L", "sample": 12, "seed": 5},
    "selection": {"mode": "L", "nodata": "0"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty small gray images, of which some samples are 0."""
    top = tmp_path_factory.mktemp("named") / "data"
    top.mkdir()
    rng = np.random.default_rng(8)
    for i in range(20):
        pixels = rng.integers(0, 6 * (i + 9), (12, 14)).astype(np.uint8)
        Image.fromarray(pixels).save(top / f"{i:02}.png")
    return top


@pytest.fixture(params=MEASURED)
def measured(request, folder, tmp_path):
    """Return how a result was measured, and its document."""
    stats = bnstat.compute(folder, workers=1, **MEASURED[request.param])
    stats.save(tmp_path / "own.json")
    return MEASURED[request.param], tmp_path / "own.json"


def test_outliers_are_of_what_was_measured(folder, measured):
    """The figures that images are judged by are those of the result."""
    settings, document = measured
    again = bnstat.outliers(document, threshold=0.5, workers=1)
    assert again.found == bnstat.outliers(folder, threshold=0.5, workers=1, **settings).found
    assert again.found


def test_sweep_is_of_what_was_measured(measured):
    """The result that schedules are compared with is the result."""
    settings, document = measured
    stats = bnstat.load(document)
    if "nodata" in settings:
        with pytest.raises(bnstat.MeasureError, match="without a selection"):
            bnstat.sweep(document, workers=1)
        return
    again = bnstat.sweep(document, batch_sizes=[4], repeats=1, workers=1).stats
    assert (stats.count, stats.exact.mean, stats.exact.std) == (
        again.count,
        again.exact.mean,
        again.exact.std,
    )
    assert stats.pipeline == again.pipeline and stats.sample == again.sample


@pytest.mark.parametrize("name", ["sample", "selection"])
def test_compare_measures_a_result_again_as_it_was(folder, name, tmp_path):
    """A plain result whose images have changed is measured again beside pipelines."""
    stats = bnstat.compute(folder, workers=1, **MEASURED[name])
    stats.save(tmp_path / "own.json")
    for path in folder.iterdir():
        os.utime(path)
    rows = bnstat.compare(tmp_path / "own.json", augment="Identity", workers=1).rows
    assert [True, True] == [row.fresh for row in rows]
    for row in rows:
        assert (stats.exact.mean, stats.exact.std) == (row.result.exact.mean, row.result.exact.std)
        assert stats.selection == row.result.selection


def test_compare_takes_a_result_as_it_is(measured):
    """Without pipelines beside it, nothing is measured."""
    _, document = measured
    rows = bnstat.compare(document, document).rows
    assert [False, False] == [row.fresh for row in rows]


def test_recalibrate_draws_what_was_drawn(folder, measured):
    """A model is given the images of the result, drawn as they were, normalized to the end."""
    settings, document = measured
    if "nodata" in settings:
        return
    augment = settings.get("augment")
    stats = None if augment else "none"
    more = {n: v for n, v in settings.items() if n != "keep_normalize"}
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(1))
    again = bnstat.recalibrate(model, document, stats=stats, check=True, workers=1)
    first = bnstat.recalibrate(model, folder, stats=stats, check=True, workers=1, **more)
    assert first.layers == again.layers
    assert first.images == again.images


def test_images_of_a_result_without_its_pipeline(folder, measured):
    """`fold` and thumbnails decode the same images in the same mode."""
    _, document = measured
    stats = bnstat.load(document)
    images = plain_images_of(stats)
    assert images.augment is None and "L" == images.settings["mode"]
    assert stats.source.images == len(list(images.open()))
    assert 20 == len(list(plain_images_of(stats, {"sample": None}).open()))


def test_what_is_given_goes_before_what_is_recorded(folder, measured):
    """Settings and a pipeline that are typed replace those of the result; so does `until`."""
    _, document = measured
    given = {"keep_normalize": False, "mode": "RGB", "seed": 11}
    images = images_of(Settings, [document], given, "Grayscale")
    assert given == {name: images.settings[name] for name in given}
    assert "Grayscale" == images.augment
    assert images_of(Settings, [document], {"until": 0.5}).settings["sample"] is None


def test_a_batch_of_a_model_is_not_that_of_the_schedule(folder, tmp_path):
    """Of a result, `recalibrate` takes how images are measured, not the batches of batchnorm."""
    bnstat.compute(folder, workers=1, batch_size=5).save(tmp_path / "own.json")
    used = images_of(RecalibrateSettings, [tmp_path / "own.json"], {}).settings
    assert 32 == used["batch_size"]


def test_a_result_stands_alone(folder, measured):
    """Beside a result no other source is measured: nothing is left out without a word."""
    _, document = measured
    for named in ([document, folder], [folder, bnstat.load(document)]):
        with pytest.raises(SourceError, match="a result stands for its own images"):
            bnstat.outliers(*named)


def test_names(folder, measured):
    """Lists are flattened; a title is what was typed, or where images are and what was done."""
    _, document = measured
    stats = bnstat.load(document)
    assert ["a", stats, "b"] == flat(["a", [stats, "b"]])
    assert result_of([folder]) is None and stats == result_of([stats])
    assert str(folder) == title_of(folder)
    assert [str(folder), *stats.pipeline.transforms] == title_of(stats).split(" | ")
