"""Constants from elsewhere: well-known ones by name, of other tools' files, and typed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bnstat.errors import SourceError
from bnstat.result import Floats
from bnstat.show import constant_files


@dataclass(frozen=True)
class Constants:
    """Constants from elsewhere: mean and std per channel in [0, 1], and what is known of them."""

    name: str
    mean: Floats
    std: Floats
    source: str
    convention: str


CONSTANTS = {
    constants.name: constants
    for constants in (
        Constants(
            "imagenet",
            (0.485, 0.456, 0.406),
            (0.229, 0.224, 0.225),
            "https://github.com/pytorch/vision/issues/1439",
            "most likely the mean of the images' stds, of a sample, resized and cropped",
        ),
        Constants(
            "clip",
            (0.48145466, 0.4578275, 0.40821073),
            (0.26862954, 0.26130258, 0.27577711),
            "https://github.com/openai/CLIP/blob/main/clip/clip.py",
            "not said; of its own training set, of the size of a pooled one",
        ),
        Constants(
            "inception",
            (0.5, 0.5, 0.5),
            (0.5, 0.5, 0.5),
            "https://github.com/huggingface/pytorch-image-models/blob/main/timm/data/constants.py",
            "none: it maps [0, 1] to [-1, 1]",
        ),
        Constants(
            "cifar10",
            (0.4914, 0.4822, 0.4465),
            (0.2470, 0.2435, 0.2616),
            "https://github.com/kuangliu/pytorch-cifar/issues/19",
            "pooled, of the training set",
        ),
        Constants(
            "mnist",
            (0.1307,),
            (0.3081,),
            "https://github.com/pytorch/examples/blob/main/mnist/main.py",
            "pooled, of the training set",
        ),
    )
}


# No mean or std of images in [0, 1] comes near this, and those in 0-255 are hardly ever below.
_LARGEST = 2.0


def read(text: str) -> Constants:
    """Return typed constants, or those of a file that `bnstat export` or its readers write.

    Typed, they are MEAN/STD with commas, for images in [0, 1]: 0.485,0.456,0.406/0.229,0.224,0.225.
    A name of `CONSTANTS` is one too. Files say in which units they are.

    Raises
    ------
    SourceError
        If it is none of these, or has no constants, or none for images in [0, 1] or 0-255.

    Examples
    --------
    >>> read("0.5/0.25").std
    (0.25,)
    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    mean, _, std = text.partition("/")
    try:
        typed = [tuple(map(float, numbers.split(","))) for numbers in (mean, std)]
    except ValueError:
        found = constant_files.read(Path(text))
        return _checked(text, found.mean, found.std, text)
    return _checked(text, typed[0], typed[1], "typed")


def _checked(name: str, mean: Sequence[float], std: Sequence[float], source: str) -> Constants:
    if len(mean) != len(std):
        raise SourceError(f"{name} has {len(mean)} means and {len(std)} stds")
    if not all(0 < s < float("inf") for s in std) or not all(abs(m) < float("inf") for m in mean):
        raise SourceError(f"{name}: a std must be above 0, and all must be finite")
    if max(*map(abs, mean), *std) > _LARGEST:
        divided = "/".join(",".join(f"{v / 255:.6g}" for v in values) for values in (mean, std))
        raise SourceError(
            f"{name} is not for images in [0, 1]; divided by 255, if it is for 0-255: {divided}"
        )
    return Constants(name, tuple(mean), tuple(std), source, "not said")
