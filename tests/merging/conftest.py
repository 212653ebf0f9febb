"""A folder of 8-bit, 16-bit, broken and other files, measured whole and in shards."""

import random
import shutil

import numpy as np
import pytest
from PIL import Image

import bnstat

OF = 4


@pytest.fixture(scope="session")
def folder(photos, tmp_path_factory):
    """`photos`, and with them gray 16-bit images, two that are broken, and many small ones."""
    folder = tmp_path_factory.mktemp("merging") / "data"
    shutil.copytree(photos, folder)
    rng = np.random.default_rng(5)
    for i in range(24):
        size = (*rng.integers(1, 40, 2), 3)
        Image.fromarray(rng.integers(0, 256, size).astype(np.uint8)).save(folder / f"{i}.png")
    (folder / "broken.jpg").write_bytes(b"no image")
    (folder / "z.png").touch()
    return folder


@pytest.fixture(scope="session")
def deep(folder, tmp_path_factory):
    """`folder` with some 16-bit images among them."""
    deep = tmp_path_factory.mktemp("merging") / "deep"
    shutil.copytree(folder, deep)
    rng = np.random.default_rng(6)
    for i in range(5):
        Image.fromarray(rng.integers(0, 65536, (9, 5 + i)).astype(np.uint16)).save(
            deep / f"deep{i}.png"
        )
    return deep


@pytest.fixture(scope="session")
def floats(deep, tmp_path_factory):
    """`deep` with some float images among them, far from 0."""
    floats = tmp_path_factory.mktemp("merging") / "floats"
    shutil.copytree(deep, floats)
    rng = np.random.default_rng(7)
    for i in range(5):
        Image.fromarray((1000 + rng.random((9, 5 + i))).astype(np.float32)).save(
            floats / f"float{i}.tiff"
        )
    return floats


@pytest.fixture(scope="session")
def measured():
    """Measure a folder whole and in shards, which come in an order of their own."""

    def measure(folder, of=OF, **settings):
        whole = bnstat.compute(folder, workers=1, **settings)
        shards = [
            bnstat.compute(folder, shard=(i + 1, of), workers=1, **settings) for i in range(of)
        ]
        random.Random(8).shuffle(shards)
        return whole, shards

    return measure
