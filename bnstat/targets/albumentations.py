"""albumentations: `A.Normalize` as Python, or as the dictionary that `A.from_dict` reads.

https://albumentations.ai/explore/transform/Normalize/
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.literals import json_file, literal
from bnstat.targets.target import BOTH, Target

_SNIPPET = """\
import albumentations as A

{comment}
normalize = A.Normalize(
    mean={mean},
    std={std},
    max_pixel_value={largest},
)
"""


def render(figures: Figures, *, serialized: bool = False) -> bytes:
    """Return a snippet that runs as pasted, or JSON; both are for 8-bit images of (H, W, C)."""
    mean, std = figures.numbers(figures.mean), figures.numbers(figures.nonzero_std)
    largest = 255.0 / figures.scale  # by which it multiplies mean and std
    if serialized:
        return _serialized(figures, mean, std, largest)
    return _SNIPPET.format(
        comment=figures.comment,
        mean=literal(mean),
        std=literal(std),
        largest=largest,
    ).encode()


def _serialized(figures: Figures, mean: list[float], std: list[float], largest: float) -> bytes:
    transform = {
        "__class_fullname__": "Normalize",
        "mean": mean,
        "std": std,
        "max_pixel_value": largest,
        "normalization": "standard",
        "p": 1.0,
    }
    document = {"transform": transform, "bnstat": figures.provenance}
    return json_file(document)


TARGET = Target(
    name="albumentations",
    writes="A.Normalize as Python; with --serialized, as albumentations' own JSON",
    render=render,
    file="albumentations_normalize.py",
    variants={"serialized": "albumentations_normalize.json"},
    scales=BOTH,
)
