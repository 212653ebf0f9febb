"""Images of one size, and modules of the user's own."""

import random
import sys
from itertools import count

import numpy as np
import pytest
from PIL import Image

_NUMBERS = count()


def draw(folder, sizes, seed=7):
    """Save an image of each size, (width, height), with a light of its own; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for i, (width, height) in enumerate(sizes):
        light = rng.integers(0, 190, 3)
        pixels = light + rng.integers(0, 66, (height, width, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture(scope="session")
def tiles(tmp_path_factory):
    """A folder of ten RGB images of 20 × 16 pixels; not to be changed."""
    return draw(tmp_path_factory.mktemp("tiles") / "tiles", [(20, 16)] * 10)


@pytest.fixture(scope="session")
def varied(tmp_path_factory):
    """A folder of eight RGB images of different sizes; not to be changed."""
    sizes = [(30 + 5 * i, 41 - 3 * i) for i in range(8)]
    return draw(tmp_path_factory.mktemp("varied") / "varied", sizes)


@pytest.fixture
def photo():
    """An RGB image of 40 × 30 pixels with all values from 0 to 255."""
    rng = np.random.default_rng(5)
    return Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module of the user's own into the current folder; return its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(text):
        name = f"own_transforms_{next(_NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    yield write
    for name in [name for name in sys.modules if name.startswith("own_transforms_")]:
        del sys.modules[name]


@pytest.fixture
def generators():
    """Return the states of the generators that a pipeline may draw from."""
    import torch

    def states():
        _, keys, *rest = np.random.get_state()
        return random.getstate(), keys.tolist(), rest, torch.get_rng_state().tolist()

    return states
