"""A measured folder of images."""

import numpy as np
import pytest
from PIL import Image

import bnstat


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Nine RGB images of unequal sizes, each with a light of its own."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(19)
    for i in range(9):
        height, width = rng.integers(5, 40, 2)
        light = rng.integers(0, 180, 3)
        pixels = light + rng.integers(0, 76, (height, width, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="session")
def stats(folder):
    """What compute found in it."""
    return bnstat.compute(folder, batch_size=2, workers=1)


@pytest.fixture(scope="session")
def pixels(folder):
    """Each image as uint8 of shape (H, W, 3), by another road than bnstat's."""
    return [np.array(Image.open(path)) for path in sorted(folder.iterdir())]
