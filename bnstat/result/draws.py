"""Whether a pipeline draws at random, told from the names of its transforms."""

from __future__ import annotations

from collections.abc import Sequence

# Transforms of torchvision.transforms.v2 that do the same to an image each time. Others may draw at
# random, and so may a user's own.
DETERMINISTIC = frozenset(
    (
        *("CenterCrop", "ConvertImageDtype", "FiveCrop", "Grayscale", "Identity"),
        *("LinearTransformation", "Normalize", "PILToTensor", "Pad", "RGB", "Resize", "TenCrop"),
        *("ToDtype", "ToImage", "ToPILImage", "ToPureTensor", "ToTensor"),
    )
)


def draws_at_random(transforms: Sequence[str]) -> bool:
    """Whether a pipeline, as canonical spec text, may make something else of an image each time.

    >>> draws_at_random(["Resize(256)", "CenterCrop(224)"])
    False
    >>> draws_at_random(["RandomCrop(224)"])
    True
    """
    return any(transform.partition("(")[0] not in DETERMINISTIC for transform in transforms)
