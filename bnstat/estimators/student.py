"""Quantiles of Student's t distribution, from the standard library alone.

Abramowitz and Stegun, *Handbook of Mathematical Functions*, 1964, section 26.7.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

# Above, the expansion's error is below 1e-9; below, the exact sum is short.
_MANY = 200


@cache
def t_quantile(probability: float, freedom: int) -> float:
    """Return the value that a t variable of so many degrees of freedom stays below.

    Parameters
    ----------
    probability
        In [0.5, 1).
    freedom
        Degrees of freedom, at least 1.

    Examples
    --------
    >>> round(t_quantile(0.975, 10), 6), round(t_quantile(0.975, 1000), 6)
    (2.228139, 1.962339)
    """
    if freedom >= _MANY:
        return _expansion(NormalDist().inv_cdf(probability), freedom)
    low, high = 0.0, 1.0
    while _two_sided(high, freedom) < 2 * probability - 1:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        if _two_sided(middle, freedom) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return high


def two_sided(t: float, freedom: int) -> float:
    """Return the probability that a t variable is at least `t` away from 0.

    >>> round(two_sided(2.228139, 10), 6), round(two_sided(1.962339, 1000), 5)
    (0.05, 0.05)
    """
    if freedom < _MANY:
        return max(0.0, 1.0 - _two_sided(t, freedom))
    # Equation 26.7.8.
    normal = t * (1.0 - 1.0 / (4 * freedom)) / math.sqrt(1.0 + t * t / (2 * freedom))
    return 2.0 * NormalDist().cdf(-normal)


def _two_sided(t: float, freedom: int) -> float:
    """Return P(|T| < t), by equations 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term = total = cosine if odd else 1.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if freedom > 1 else 0.0))


def _expansion(x: float, freedom: float) -> float:
    """Return the quantile from the normal one, by equation 26.7.5."""
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + math.fsum(term / freedom**power for power, term in enumerate(terms, start=1))
