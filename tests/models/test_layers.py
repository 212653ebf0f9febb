"""Moments of what a layer is given."""

import numpy as np
import torch

from bnstat.models.layers import pooled


def test_overflow_is_silent():
    """Until its pass comes, a deep layer may be given infinite values and NaN: nobody is warned."""
    samples = torch.ones(2, 3, 4)
    samples[0, 1], samples[1, 1] = torch.inf, -torch.inf
    samples[:, 2] = 3e38
    found = pooled(samples)
    both = found.merged(pooled(samples))

    assert np.isfinite(both.mean).tolist() == [True, False, False]
    assert (both.n, both.mean[0], both.m2[0]) == (16, 1.0, 0.0)


def test_empty_and_single_samples():
    """A single sample has no variance; half precision is summed as float64."""
    one = pooled(torch.tensor([[2.0, 3.0]], dtype=torch.float16))

    assert (one.n, one.mean.tolist(), one.m2.tolist()) == (1, [2.0, 3.0], [0.0, 0.0])
    assert np.isnan(one.unbiased).all()
