"""Published constants by name, with their sources."""

from __future__ import annotations

from dataclasses import dataclass

from bnstat.result import Floats


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
            "not said; of the size of a pooled std",
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
