"""A mask through the same draw as its image, so that pixels which a transform fills in are known.

torchvision's v2 transforms draw their parameters once for all inputs of a call, and the image comes
out as it would alone (https://docs.pytorch.org/vision/stable/transforms.html). Its own masks would
not do: they are filled with the spec's `fill`, padded by reflection, and moved by the kernels for
tensors, which differ from Pillow's in some pixels at the border. The masks here are types of their
own, for which v2 calls the kernels registered below: fill is always 0, interpolation nearest, and
the kernel is that of the image.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.errors import SpecError

Mask = NDArray[np.bool_]

# Functionals of torchvision.transforms.v2.functional that move pixels, with what a mask is given
# instead of the image's own arguments; "nearest" stands for the interpolation of that name.
_MOVING: dict[str, dict[str, Any]] = {
    "affine": {"fill": 0, "interpolation": "nearest"},
    "center_crop": {},
    "crop": {},
    "elastic": {"fill": 0, "interpolation": "nearest"},
    "horizontal_flip": {},
    "pad": {"fill": 0, "padding_mode": "constant"},
    "perspective": {"fill": 0, "interpolation": "nearest"},
    "resize": {"interpolation": "nearest"},
    "resized_crop": {"interpolation": "nearest"},
    "rotate": {"fill": 0, "interpolation": "nearest"},
    "vertical_flip": {},
}
# They choose among operations by themselves and refuse masks, or return no single image.
_REFUSING = (
    *("AutoAugment", "AugMix", "RandAugment", "TrivialAugmentWide"),
    *("FiveCrop", "TenCrop", "CutMix", "MixUp", "Lambda", "LinearTransformation"),
)
# They make each sample of several channels: one that does not count spoils the pixel.
_MIXING = (
    *("ColorJitter", "Grayscale", "RandomGrayscale", "RandomPhotometricDistort"),
    *("RandomChannelPermutation", "RGB"),
)


class Drawn(NamedTuple):
    """What a stage returns, and which of its samples count: bool (1 or C, H, W), None for all."""

    output: Any
    mask: Mask | None = None


def draw_with_mask(
    stages: Sequence[Callable[[Any], Any]], image: Image.Image, mask: Mask
) -> Iterator[Drawn]:
    """Yield what stages, each in turn, make of an image and its mask, bool (1 or C, H, W).

    `check_takes_masks` has found nothing against the stages.
    """
    output: Any = image
    for stage in stages:
        if any(type(each).__name__ in _MIXING for each in _within(stage)):
            mask = np.logical_and.reduce(mask, axis=0, keepdims=True)
        output, mask = _through(stage, output, mask)
        yield Drawn(output, mask)


def check_takes_masks(stage: Any, name: str) -> None:
    """Find out, before any image is read, that a transform does not take a mask with its image.

    Raises SpecError if it is one of v2's that refuse masks, a v1 transform, or a callable that does
    not say by its parameters `image` and `mask` that it takes both.
    """
    from bnstat.transforms import v2

    for transform in _within(stage):
        kind, is_v2 = type(transform).__name__, isinstance(transform, v2.Transform | v2.Compose)
        if not is_v2 and not _takes_both(transform):
            raise SpecError(
                f"{name} cannot leave pixels out: {kind} takes no mask beside the image; use "
                "transforms of torchvision.transforms.v2, or a callable with image= and mask="
            )
        if is_v2 and kind in _REFUSING:
            raise SpecError(
                f"{name} cannot leave pixels out: {kind} takes no mask; leave out --exclude-fill "
                "and other selections, or measure without it"
            )


def _within(transform: Any) -> Iterator[Any]:
    """Yield the transforms that a container holds, or the transform itself."""
    inner = getattr(transform, "transforms", None)
    if inner is None or _takes_both(transform):
        yield transform
    else:
        yield from chain.from_iterable(map(_within, inner))


def _takes_both(transform: Any) -> bool:
    from torch import nn

    call = transform.forward if isinstance(transform, nn.Module) else transform
    try:
        parameters = inspect.signature(call).parameters
    except (TypeError, ValueError):
        return False
    return {"image", "mask"} <= parameters.keys()


def _through(stage: Any, image: Any, mask: Mask) -> tuple[Any, Mask]:
    """Return image and mask after one transform, drawn once for both."""
    import torch

    if _takes_both(stage):
        return _called(stage, image, mask)
    of_pillow, of_tensor = _mask_types()
    for each in _transforms_in(stage):
        kind = of_pillow if isinstance(image, Image.Image) else of_tensor
        own: Any = torch.from_numpy(mask.astype(np.uint8)).as_subclass(kind)
        with warnings.catch_warnings():
            # RandomErasing warns that it passes masks through; the kernel below erases them too.
            warnings.filterwarnings("ignore", message=".*is currently passing through inputs")
            image, moved = each(image, own)
        mask = np.asarray(moved.cpu()).astype(bool)
    return image, mask


def _transforms_in(stage: Any) -> Iterator[Any]:
    """Yield a Compose's transforms one by one, as an image may become a tensor between them."""
    from bnstat.transforms import v2

    if isinstance(stage, v2.Compose):
        yield from chain.from_iterable(map(_transforms_in, stage.transforms))
    else:
        yield stage


def _called(stage: Any, image: Any, mask: Mask) -> tuple[Any, Mask]:
    """Call a transform of the user's with image= and mask=, arrays where albumentations wants."""
    plane = np.ascontiguousarray(np.moveaxis(mask, 0, -1)).astype(np.uint8)
    found = stage(image=image, mask=plane[..., 0] if plane.shape[2] == 1 else plane)
    output, moved = (found["image"], found["mask"]) if isinstance(found, dict) else found
    moved = np.atleast_3d(np.asarray(moved))
    return output, np.moveaxis(moved, -1, 0).astype(bool)


@cache
def _mask_types() -> tuple[type, type]:
    """Return the types of a PIL image's and of a tensor's mask, known to v2."""
    from bnstat.transforms import tv_tensors, v2

    class PillowMask(tv_tensors.Mask):  # type: ignore[misc]
        """The mask of a PIL image: uint8 of shape (planes, H, W)."""

    class TensorMask(tv_tensors.Mask):  # type: ignore[misc]
        """The mask of a tensor: uint8 of shape (planes, H, W)."""

    functional = v2.functional
    for kind in (PillowMask, TensorMask):
        for name, instead in _MOVING.items():
            kernel = _kernel(getattr(functional, name), instead, of_pillow=kind is PillowMask)
            functional.register_kernel(getattr(functional, name), kind)(kernel)
        functional.register_kernel(functional.erase, kind)(_erase)
    return PillowMask, TensorMask


def _kernel(functional: Any, instead: dict[str, Any], *, of_pillow: bool) -> Callable[..., Any]:
    """Return the kernel of a mask, which calls the functional as its image does."""

    def kernel(mask: Any, *args: Any, **kwargs: Any) -> Any:
        import torch

        plain, changed = mask.as_subclass(torch.Tensor), _nearest(kwargs, instead)
        if of_pillow:
            images = (Image.fromarray(plane) for plane in plain.numpy())
            planes = [np.asarray(functional(image, *args, **changed)) for image in images]
            moved = torch.from_numpy(np.stack(planes))
        else:
            moved = functional(plain, *args, **changed)
        return moved.as_subclass(type(mask))

    return kernel


def _nearest(arguments: dict[str, Any], instead: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of an image's kernel as those of its mask's."""
    from bnstat.transforms import v2

    changed = arguments | instead
    if "interpolation" in instead:
        modes = v2.InterpolationMode
        exact = arguments.get("interpolation") == modes.NEAREST_EXACT
        changed["interpolation"] = modes.NEAREST_EXACT if exact else modes.NEAREST
    return changed


def _erase(mask: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Any:
    """Leave out what RandomErasing erases."""
    import torch

    erased = mask.as_subclass(torch.Tensor).clone()
    erased[..., i : i + h, j : j + w] = 0
    return erased.as_subclass(type(mask))
