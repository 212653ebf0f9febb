"""How alike images of a cluster are, against the analysis of variance in plain formulas."""

import numpy as np
import pytest

from bnstat.estimators import likeness


def test_clusters_of_one_size(records_of):
    """(MSB − MSW)/(MSB + (n − 1)·MSW), and the root of 1 + (n − 1)·correlation or so."""
    rng = np.random.default_rng(1)
    light = rng.uniform(40, 200, (30, 1, 1, 1)) + rng.normal(0, 15, (30, 8, 1, 1))
    images = np.clip(light + rng.normal(0, 5, (30, 8, 1, 40)), 0, 255).astype(np.uint8)
    means = images.mean(axis=(2, 3)) / 255
    between = 8 * means.mean(axis=1).var(ddof=1)
    within = means.var(axis=1, ddof=1).mean()
    found = likeness(records_of(images.reshape(240, 1, 40)), np.repeat(range(30), 8))
    assert found.correlation == pytest.approx((between - within) / (between + 7 * within))
    alone = means.var(ddof=1) / 240
    assert found.factor == pytest.approx(np.sqrt(between / 240 / alone))
    assert found.factor == pytest.approx(np.sqrt(1 + 7 * found.correlation), rel=0.03)


def test_clusters_at_random_tell_nothing(records_of):
    """Of any sizes; equal images are not alike, as nothing varies."""
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (400, 1, 9)).astype(np.uint8)
    found = likeness(records_of(images), rng.integers(0, 20, 400))
    assert abs(found.correlation) < 0.05 and found.factor == pytest.approx(1.0, rel=0.4)
    assert likeness(records_of(np.full((8, 1, 4), 9, np.uint8)), [0, 1] * 4) == (0.0, 1.0)
