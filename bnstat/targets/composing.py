"""Figures of images that a pipeline has normalized, as those of the images before that.

With y = (x − m)/s, the mean of x is m + s · mean(y) and its std s · std(y): to normalize x with
these is to normalize y with its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bnstat.result import Estimate, Stats
from bnstat.targets.geometry import call

# Transforms that may stand behind a Normalize, as they change no value.
_TYPES_ONLY = ("ToPureTensor", "ToTensorV2")


def before_normalize(stats: Stats) -> Stats:
    """Return a result as one of the images before the Normalize that ends its pipeline.

    Where it has none there, or several, the result is returned as it is.
    """
    applied = [t for t in stats.pipeline.transforms if t.partition("(")[0] not in _TYPES_ONLY]
    names = [transform.partition("(")[0] for transform in applied]
    if names.count("Normalize") != 1 or names[-1] != "Normalize":
        return stats
    constants = _constants(applied[-1], len(stats.channels))
    if constants is None:
        return stats
    methods = {name: each and _moved(each, *constants) for name, each in stats.methods.items()}
    pipeline = replace(stats.pipeline, transforms=tuple(applied[:-1]), before_normalize=True)
    return replace(stats, methods=methods, pipeline=pipeline, pooled=None, conventions={})


def _constants(transform: str, channels: int) -> tuple[Sequence[float], Sequence[float]] | None:
    """Return mean and std of a Normalize, one a channel; None if they are not to be read."""
    _, arguments = call(transform, "mean", "std")
    try:
        mean, std = ([float(v) for v in arguments[name]] for name in ("mean", "std"))
    except (KeyError, TypeError, ValueError):
        return None
    each = [values * channels if len(values) == 1 else values for values in (mean, std)]
    return (each[0], each[1]) if len(each[0]) == len(each[1]) == channels else None


def _moved(estimate: Estimate, mean: Sequence[float], std: Sequence[float]) -> Estimate:
    means = zip(mean, std, estimate.mean, strict=True)
    variances = zip(std, estimate.var, strict=True)
    return replace(
        estimate,
        mean=tuple(m + s * own for m, s, own in means),
        var=tuple(s * s * own for s, own in variances),
    )
