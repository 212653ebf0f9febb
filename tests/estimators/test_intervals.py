"""Student's t, against its density."""

import math

import numpy as np
import pytest

from bnstat.estimators.intervals import t_quantile


def probability_below(value, freedom):
    """Integrate the density by Simpson's rule, in the angle whose tangent is t/√freedom."""
    angles = np.linspace(0.0, math.atan(value / math.sqrt(freedom)), 4001)
    weights = np.ones(4001)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    area = weights @ np.cos(angles) ** (freedom - 1) * angles[1] / 3
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(math.pi) / 2
    return 0.5 + area * math.exp(log_scale)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 11, 50, 199, 200, 201, 1000, 10**5])
@pytest.mark.parametrize("probability", [0.6, 0.9, 0.975, 0.995])
def test_quantile_leaves_its_probability_below(freedom, probability):
    """For odd and even degrees of freedom, by the exact sum and by the expansion."""
    value = t_quantile(probability, freedom)
    assert probability == pytest.approx(probability_below(value, freedom), abs=1e-8)
