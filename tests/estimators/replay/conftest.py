"""Records without images: float moments of one or three channels."""

import numpy as np
import pytest

from bnstat.moments import Kind, Records
from bnstat.moments.chunk_counts import ChunkMoments
from bnstat.moments.table import MomentsTable


@pytest.fixture(scope="session")
def records_of():
    """Make records of (N,) samples an image and (N, C) means and variances, keys in this order."""

    def make(n, mean, var):
        kind = Kind("RGB", tuple("RGB"[: mean.shape[1]]), 1)
        keys = [f"{i:07d}".encode() for i in range(len(n))]
        table = MomentsTable(
            1, np.repeat(n[:, np.newaxis], mean.shape[1], axis=1), mean, var * n[:, np.newaxis]
        )
        records = Records()
        records.extend(keys, ChunkMoments(kind, list(range(len(n))), table, None))
        return records

    return make


@pytest.fixture(scope="session")
def equal(records_of):
    """Sixty images of 1,000 samples, each with a light of its own, in one channel."""
    rng = np.random.default_rng(3)
    light, contrast = rng.beta(2, 3, (60, 1)), rng.uniform(0.005, 0.03, (60, 1))
    return records_of(np.full(60, 1000), light, contrast)


@pytest.fixture(scope="session")
def unequal(records_of):
    """Ninety images of 500 to 2,000 samples; the larger are the lighter, in one channel."""
    rng = np.random.default_rng(4)
    n = rng.integers(500, 2001, 90)
    light = 0.2 * rng.beta(2, 3, (90, 1)) + 0.3 * n[:, np.newaxis] / 2000
    return records_of(n, light, rng.uniform(0.005, 0.03, (90, 1)))
