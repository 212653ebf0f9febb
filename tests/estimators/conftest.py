"""Records of images that tests give as arrays."""

import numpy as np
import pytest

from bnstat.moments import ChunkCounts, Kind, Records, moments_of_floats


def add(accumulator, row, samples):
    """Add one image: samples of shape (C, n), uint8, uint16 or float64."""
    channels = tuple("RGBA"[: len(samples)])
    if samples.dtype == np.uint8:
        counts = [np.bincount(channel, minlength=256) for channel in samples]
        accumulator.add_8_bit(row, Kind("RGB", channels, 255), np.concatenate(counts).tolist())
    elif samples.dtype == np.uint16:
        counts = [np.bincount(channel, minlength=65536) for channel in samples]
        accumulator.add_16_bit(row, Kind("RGB", channels, 65535), np.stack(counts))
    else:
        moments = moments_of_floats(lambda: iter([samples]))
        accumulator.add_floats(row, Kind("RGB", channels, 1), moments)


@pytest.fixture(scope="session")
def records_of():
    """Return what makes the records of a list of images; of several, drawn epoch by epoch."""

    def make(*epochs, into=None):
        records, accumulator = Records(len(epochs)) if into is None else into, ChunkCounts()
        for row, draws in enumerate(zip(*epochs, strict=True)):
            for image in draws:
                add(accumulator, row, image.reshape(len(image), -1))
        keys = [f"{row:06d}".encode() for row in range(len(epochs[0]))]
        for part in accumulator.moments():
            records.extend(keys, part)
        return records

    return make


@pytest.fixture
def frames():
    """23 RGB images of 5 × 4 pixels, each with a light of its own."""
    rng = np.random.default_rng(7)
    light = rng.integers(0, 200, (23, 3, 1, 1))
    return (light + rng.integers(0, 56, (23, 3, 5, 4))).astype(np.uint8)


@pytest.fixture
def crops():
    """17 RGB images of 1 to 40 pixels, each with a light of its own."""
    rng = np.random.default_rng(8)
    sizes = rng.integers(1, 41, 17)
    return [
        (rng.integers(0, 200, (3, 1)) + rng.integers(0, 56, (3, n))).astype(np.uint8) for n in sizes
    ]
