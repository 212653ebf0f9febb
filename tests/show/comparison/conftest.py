"""Folders of different light, rows without images, and a count of the files that are opened."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.result import BatchNormEstimate, Estimate
from bnstat.show.changes import ComparedRow

GOLDEN = Path(__file__).parents[2] / "golden" / "stats-v1.json"
_OPENED = []
_hooked = []


def _note(event, arguments):
    if event == "open" and isinstance(arguments[0], str | bytes):
        name = os.fsdecode(arguments[0])
        if name.endswith(".png"):
            _OPENED.append(os.path.basename(name))


@pytest.fixture
def opened():
    """The names of the images that this process has opened since the test began."""
    if not _hooked:  # an audit hook cannot be removed
        _hooked.append(sys.addaudithook(_note))
    _OPENED.clear()
    return _OPENED


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The folders train, test and imagenet, of four images each, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(12)
    for name, light in {"train": 90, "test": 120, "imagenet": 30}.items():
        (tmp_path / name).mkdir()
        for i in range(4):
            pixels = light + rng.integers(0, 100, (12 + i, 20, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name / f"{name}{i}.png")
    return tmp_path


@pytest.fixture
def measured(folders):
    """The folders, and bnstat.json of train."""
    bnstat.compute("train", workers=1, batch_size=2).save("bnstat.json")
    return folders


@pytest.fixture
def row():
    """Make a row of figures that are given, measured by two-pass alone or published."""

    def make(name, mean, std, *, published=False):
        channels = None if published else ("L",) if len(mean) == 1 else tuple("RGB"[: len(mean)])
        methods = {"published" if published else "two-pass": (mean, std)}
        return ComparedRow(
            name, f"from {name}", channels, None if published else (), methods, mean, std
        )

    return make


@pytest.fixture
def result():
    """Make a result of one channel L, std 0.25; batchnorm's figures are given, or it is null."""
    golden = bnstat.load(GOLDEN)

    def make(mean, *, running=None, expected=None, sd=0.01, order="shuffled"):
        exact = Estimate((mean,), (0.0625,))
        methods = {"two-pass": exact, "welford": exact, "batchnorm": None}
        if running is None:
            return replace(golden, channels=("L",), count=(27,), methods=methods)
        methods["batchnorm"] = BatchNormEstimate(
            mean=(running,),
            var=(0.0625,),
            batch_size=64,
            momentum=0.1,
            order=order,
            batches=16,
            start_weight=0.0,
            expected_sd={"mean": (sd,), "var": (sd,)},
            expected=expected and {"mean": (expected,), "var": (0.0625,)},
        )
        within = {"root_mean_image_variance": (0.25,)}
        return replace(golden, channels=("L",), count=(27,), methods=methods, conventions=within)

    return make
