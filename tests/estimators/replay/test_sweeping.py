"""Sweeping a source: one scan, and the settings of the result that it holds itself against."""

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import sweep
from bnstat.errors import BnstatError, MeasureError

ONE = {"batch_sizes": (4,), "momenta": (0.1,), "orders": ("shuffled",), "repeats": 1, "workers": 1}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder of nine images of different sizes, data, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    rng = np.random.default_rng(2)
    for i in range(9):
        pixels = rng.integers(0, 150, 3) + rng.integers(0, 100, (12 + i, 20, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "data" / f"{i}.png")
    return tmp_path


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"seed": 7, "epochs": 3},
        {"augment": "RandomCrop(8)", "seed": 7, "epochs": 3},
        {"augment": "RandomCrop(8) | ToImage | ToDtype(float32, scale=True)", "mode": "L"},
    ],
    ids=str,
)
@pytest.mark.parametrize("momentum", [0.1, None])
def test_agrees_with_compute(settings, momentum, data):
    """For the same schedule and seed, a cell is as far off as compute's batchnorm."""
    found = sweep("data", **ONE | {"momenta": (momentum,)} | settings)
    stats = found.stats
    direct = bnstat.compute("data", batch_size=4, momentum=momentum, workers=1, **settings)
    assert (direct.methods["two-pass"], direct.sum) == (stats.methods["two-pass"], stats.sum)
    (cell,) = found.cells
    batchnorm = direct.methods["batchnorm"]
    assert (batchnorm.batches, batchnorm.start_weight) == (cell.batches, cell.start_weight)
    for off, figure in ((cell.mean, "mean"), (cell.std, "std")):
        away = np.abs(np.subtract(getattr(batchnorm, figure), getattr(direct, figure)))
        assert pytest.approx(away.max(), abs=1e-14) == off.largest
        assert pytest.approx(away.max(), abs=1e-14) == off.rms


def test_each_image_is_drawn_once_an_epoch_for_the_whole_grid(data):
    """The grid is replayed from one scan: the pipeline runs once for each image and epoch."""
    import sys

    (data / "counting.py").write_text(
        "calls = []\ndef T(image):\n    calls.append(1)\n    return image"
    )
    found = sweep("data", augment="counting:T", epochs=2, repeats=5, workers=1)
    calls = len(sys.modules.pop("counting").calls)
    sys.path.remove(str(data))
    assert (18, 18) == (len(found.cells), calls)


def test_settings_come_from_the_document(data):
    """A result's images are measured again as they were: mode, seed, epochs and pipeline."""
    made = bnstat.compute("data", augment="RandomCrop(8)", mode="L", seed=4, epochs=2, workers=1)
    made.save("bnstat.json")
    stats = sweep("bnstat.json", **ONE).stats
    assert (made.sum, made.pipeline, made.mode) == (stats.sum, stats.pipeline, stats.mode)
    augmented = {"augment": "CenterCrop(8)", "mode": "RGB", "seed": 0, "epochs": 1}
    other = sweep("bnstat.json", **augmented, **ONE).stats
    direct = bnstat.compute("data", augment="CenterCrop(8)", workers=1)
    assert (direct.sum, direct.pipeline) == (other.sum, other.pipeline)


def test_document_of_normalized_images_is_measured_as_it_was(data):
    """A result measured after its Normalize is measured after it again."""
    spec = "ToImage | ToDtype(float64, scale=True) | Normalize([0.5], [0.5])"
    made = bnstat.compute("data", augment=spec, keep_normalize=True, workers=1)
    made.save("bnstat.json")
    assert made.exact.mean == sweep("bnstat.json", **ONE).stats.exact.mean


def test_batches_of_a_single_sample(tmp_path):
    """Where BatchNorm2d raises, so does the sweep, and says what to do."""
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "b.png")
    with pytest.raises(MeasureError) as error:
        sweep(tmp_path, **ONE | {"batch_sizes": (1,)})
    assert str(error.value) == (
        "a batch has one sample per channel, where BatchNorm2d raises; take larger batches"
    )
    assert 1 == len(sweep(tmp_path, **ONE | {"batch_sizes": (2,)}).cells)


def test_no_document(tmp_path, monkeypatch):
    """A missing result says how to make one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BnstatError) as error:
        sweep("bnstat.json")
    assert "no result document bnstat.json; make one: bnstat compute FOLDER" == str(error.value)
