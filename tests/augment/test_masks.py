"""A mask moves with its image, pixel by pixel, and what a transform fills in never counts."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms as v1
from torchvision.transforms import v2

from bnstat.augment.masks import check_takes_masks, draw_with_mask
from bnstat.errors import SpecError

NEAREST = v2.InterpolationMode.NEAREST
COLOR = (200, 90, 30)
MOVING = {
    "rotation": v2.RandomRotation(30),
    "rotation, expanded": v2.RandomRotation(30, expand=True, fill=(1, 2, 3)),
    "rotation, filled with 1": v2.RandomRotation(30, fill=1),
    "affine": v2.RandomAffine(20, (0.2, 0.2), (0.7, 1.2), 10),
    "perspective": v2.RandomPerspective(p=1.0, interpolation=NEAREST),
    "pad": v2.Pad(7, fill=(1, 2, 3)),
    "pad, reflected": v2.Pad(7, padding_mode="reflect"),
    "pad, symmetric": v2.Pad(7, padding_mode="symmetric"),
    "pad, edge": v2.Pad(7, padding_mode="edge"),
    "crop with padding": v2.RandomCrop(60, padding=12, fill=9, padding_mode="edge"),
    "crop, padded if needed": v2.RandomCrop(90, pad_if_needed=True),
    "center crop of more": v2.CenterCrop(150),
    "zoom out": v2.RandomZoomOut(fill={"others": 7}, p=1.0),
    "elastic": v2.ElasticTransform(interpolation=NEAREST, fill=5),
    "flips": v2.Compose([v2.RandomHorizontalFlip(0.5), v2.RandomVerticalFlip(0.5)]),
    "resized crop": v2.RandomResizedCrop(64, interpolation=NEAREST),
    "resize": v2.Resize(50, interpolation=NEAREST),
    "resize, nearest exact": v2.Resize(50, interpolation=v2.InterpolationMode.NEAREST_EXACT),
    "chosen at random": v2.RandomChoice([v2.RandomRotation(30), v2.Pad(5)]),
    "applied at random": v2.RandomApply([v2.RandomRotation(30), v2.Pad(5)], p=0.5),
}
IN_PLACE = {
    "jitter": v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
    "blur": v2.GaussianBlur(5),
    "JPEG": v2.JPEG((30, 60)),
    "grayscale": v2.Grayscale(3),
    "solarize": v2.RandomSolarize(128, p=1.0),
}


def speckled(width=81, height=63):
    """Return an image of one colour where its mask is set, and of another elsewhere."""
    mask = np.random.default_rng(3).random((height, width)) < 0.7
    pixels = np.where(mask[..., np.newaxis], np.uint8(COLOR), np.uint8((3, 4, 5)))
    return Image.fromarray(pixels), mask[np.newaxis]


def pixels(output):
    """Return an output's samples, shape (H, W, C)."""
    if isinstance(output, Image.Image):
        return np.asarray(output)
    return output.permute(1, 2, 0).numpy()


def draw(stages, image, mask, seed):
    torch.manual_seed(seed)
    return list(draw_with_mask(stages, image, mask))[-1]


@pytest.mark.parametrize("of", ["PIL image", "tensor"])
@pytest.mark.parametrize("transform", MOVING.values(), ids=MOVING)
def test_only_pixels_of_the_mask_count(transform, of):
    """With nearest interpolation all that counts has the colour that the mask was set for."""
    image, mask = speckled()
    stages = [transform] if of == "PIL image" else [v2.PILToTensor(), transform]
    for seed in range(8):
        output, moved = draw(stages, image, mask, seed)
        shown = pixels(output)
        assert shown.shape[:2] == moved.shape[1:]
        assert moved.any()
        assert (shown[moved[0]] == COLOR).all()


@pytest.mark.parametrize("transform", [*MOVING.values(), *IN_PLACE.values()])
def test_image_is_drawn_as_it_is_alone(transform):
    """The same seed gives the same image with a mask and without."""
    image, mask = speckled()
    for seed in range(4):
        output, _ = draw([transform], image, mask, seed)
        torch.manual_seed(seed)
        assert (pixels(transform(image)) == pixels(output)).all()


@pytest.mark.parametrize("transform", IN_PLACE.values(), ids=IN_PLACE)
def test_mask_stays_where_pixels_do(transform):
    """What changes colours changes no mask."""
    image, mask = speckled()
    assert (mask == draw([transform], image, mask, 0).mask).all()


def test_erased_pixels_do_not_count():
    """RandomErasing passes masks through, with a warning; here what it erases is left out."""
    image, mask = speckled()
    erase = v2.RandomErasing(p=1.0, value=0)
    output, moved = draw([v2.PILToTensor(), erase], image, mask, 1)
    assert 0 < (~moved[0] & mask[0]).sum()
    assert {COLOR} == set(map(tuple, pixels(output)[moved[0]].tolist()))


def test_channels_have_masks_of_their_own_until_they_are_mixed():
    """A mask of three planes moves as three; behind a grayscale a pixel counts if all three do."""
    image, mask = speckled()
    three = np.concatenate([mask, ~mask, np.ones_like(mask)])
    flip = v2.RandomHorizontalFlip(1.0)
    assert (three[:, :, ::-1] == draw([flip], image, three, 0).mask).all()
    assert not draw([flip, v2.Grayscale(3)], image, three, 0).mask.any()


class Both:
    """A transform of a user's own, which takes both."""

    def __init__(self, as_dict):
        self.as_dict = as_dict

    def __call__(self, image, mask):
        image, mask = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), mask[:, ::-1]
        return {"image": image, "mask": mask} if self.as_dict else (image, mask)


@pytest.mark.parametrize("as_dict", [True, False])
def test_callable_with_image_and_mask_is_called_with_both(as_dict):
    """It returns a dict, as albumentations does, or a pair."""
    image, mask = speckled()
    check_takes_masks(Both(as_dict), "mine:both")
    assert (mask[:, :, ::-1] == draw([Both(as_dict)], image, mask, 0).mask).all()


@pytest.mark.parametrize("name", ["RandAugment", "TrivialAugmentWide", "AugMix", "AutoAugment"])
def test_transforms_that_refuse_masks_are_refused_beforehand(name):
    """Also deep within containers; the message names what refuses."""
    inner = v2.RandomApply([getattr(v2, name)()])
    with pytest.raises(SpecError) as error:
        check_takes_masks(v2.Compose([v2.Pad(2), inner]), "mine:train")
    assert (
        f"mine:train cannot leave pixels out: {name} takes no mask; leave out --exclude-fill and "
        "other selections, or measure without it"
    ) == str(error.value)


@pytest.mark.parametrize("transform", [v1.RandomRotation(30), lambda image: image])
def test_what_does_not_say_that_it_takes_a_mask_is_refused(transform):
    """Transforms of v1, and callables on an image alone."""
    with pytest.raises(SpecError, match="takes no mask beside the image"):
        check_takes_masks(transform, "mine:train")
