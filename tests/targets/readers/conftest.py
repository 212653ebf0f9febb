"""Results of real images, written by the command line, for the libraries that read them."""

import difflib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.cli.app import app
from bnstat.result import Stats

# All is read from folders here; what is imported asks nobody for news.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

HEIGHT, WIDTH = 40, 30
CHANNELS = {"RGB": 3, "L": 1, "RGBA": 4}


@dataclass(frozen=True)
class Result:
    """A measured folder.

    image: the file of one of its images; pixels: that as uint8 of shape (H, W, C).
    """

    document: Path
    stats: Stats
    image: Path
    pixels: np.ndarray

    def normalized(self, method="two-pass"):
        """Return (x/255 - mean) / std of the image, in float64, of shape (C, H, W)."""
        estimate = self.stats.methods[method]
        mean, std = np.array(estimate.mean), np.array(estimate.std)
        return ((self.pixels / 255 - mean) / std).transpose(2, 0, 1)

    def agrees(self, found, method="two-pass"):
        """Say whether a reader's normalized image, of shape (C, H, W), is that within 1e-5."""
        wanted = self.normalized(method)
        assert np.shape(found) == wanted.shape
        return np.abs(np.asarray(found, dtype=np.float64) - wanted).max() < 1e-5


@pytest.fixture(scope="session")
def measured(tmp_path_factory):
    """Measure random images of a mode, through a pipeline or none; return the Result."""

    @cache
    def measure(mode="RGB", augment=None):
        folder = tmp_path_factory.mktemp("measured")
        (folder / "data").mkdir()
        rng = np.random.default_rng(23)
        for i in range(4):
            pixels = rng.integers(0, 256 - 40 * i, (HEIGHT, WIDTH, CHANNELS[mode]), dtype=np.uint8)
            Image.fromarray(pixels.squeeze()).save(folder / "data" / f"{i}.png")
        stats = bnstat.compute(folder / "data", mode=mode, augment=augment, workers=1)
        stats.save(folder / "bnstat.json")
        return Result(folder / "bnstat.json", stats, folder / "data" / "3.png", pixels)

    return measure


@pytest.fixture
def export(tmp_path):
    """Run `bnstat export` on a Result; return the file that it has written."""

    def run(result, name, *options):
        folder = tmp_path / "-".join([name, *map(str, options), result.stats.mode]).replace("/", "")
        call = ["export", str(result.document), "--format", name, *options, "-o", f"{folder}/"]
        app.main(call, standalone_mode=False)
        [written] = folder.iterdir()
        return written

    return run


@pytest.fixture
def update():
    """Run `bnstat export --update` on a Result and a text; return the lines that are new in it."""

    def run(result, name, file, before, *options):
        file.write_text(before)
        call = ["export", str(result.document), "--format", name, *options, "--update", str(file)]
        app.main(call, standalone_mode=False)
        difference = difflib.ndiff(before.splitlines(), file.read_text().splitlines())
        return [line[2:] for line in difference if line.startswith("+ ")]

    return run
