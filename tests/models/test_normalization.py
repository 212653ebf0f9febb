"""The normalization built into a model: exact to the border, where what is published is not."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from bnstat.models.folding import InputFormat, fold
from bnstat.models.program_files import as_given

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
IMAGES = torch.randint(0, 256, (2, 3, 19, 17), dtype=torch.uint8, generator=torch.manual_seed(1))


def normalized(images, wanted):
    """Return (image/255 - mean) / std in float64, by hand."""
    mean, std = (
        torch.tensor(v, dtype=torch.float64).view(1, -1, 1, 1) for v in (wanted.mean, wanted.std)
    )
    return (images.double() / 255 - mean) / std


def expected(model, images, wanted):
    with torch.no_grad():
        return model.double()(normalized(images, wanted))


def folded_output(folded, images, wanted):
    with torch.no_grad():
        return folded.program.module()(as_given(images, wanted))


def off(found, wanted):
    """Return the largest difference of the largest value: overall, and of the outermost ring."""
    difference = (found - wanted).abs() / wanted.abs().max()
    inner = difference[..., 1:-1, 1:-1]
    ring = difference.clone()
    ring[..., 1:-1, 1:-1] = 0
    return float(inner.max()), float(ring.max())


def random_norm(norm):
    norm.running_mean.normal_(0, 0.5)
    norm.running_var.uniform_(0.3, 3)
    nn.init.normal_(norm.weight, 1, 0.3)
    nn.init.normal_(norm.bias)
    return norm


@st.composite
def models(draw):
    """Return a convolution of any kind, with a BatchNorm behind it or none, and a second layer."""
    torch.manual_seed(draw(st.integers(0, 1000)))
    conv = nn.Conv2d(
        3,
        6,
        draw(st.sampled_from([1, 3, (3, 2), 5])),
        stride=draw(st.integers(1, 3)),
        padding=draw(st.integers(0, 2)),
        dilation=draw(st.integers(1, 2)),
        groups=draw(st.sampled_from([1, 3])),
        bias=draw(st.booleans()),
        padding_mode=draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
    )
    norm = [random_norm(nn.BatchNorm2d(6))] if draw(st.booleans()) else []
    return nn.Sequential(conv, *norm, nn.ReLU(), nn.Conv2d(6, 4, 1)).eval()


@settings(max_examples=5)
@given(models(), st.booleans(), st.booleans())
def test_it_is_exact_to_the_border(model, uint8, channels_last):
    """Whatever the padding, stride, dilation, groups, bias and BatchNorm: to 1e-5 of float64."""
    check(model, uint8, channels_last)


@pytest.mark.long
@settings(max_examples=60)
@given(models(), st.booleans(), st.booleans())
def test_it_is_exact_to_the_border_of_many(model, uint8, channels_last):
    """The same, of more of them."""
    check(model, uint8, channels_last)


def check(model, uint8, channels_last):
    wanted = InputFormat(**IMAGENET, uint8=uint8, channels_last=channels_last)
    folded = fold(model, wanted)
    found = folded_output(folded, IMAGES, wanted)
    conv, norms = model[0], [each for each in model if isinstance(each, nn.BatchNorm2d)]
    zeros = conv.padding_mode == "zeros" and any(conv.padding)

    assert max(off(found, expected(model, IMAGES, wanted))) < 1e-5
    assert folded.kept == ()
    assert len(folded.folded) == len(norms)
    assert folded.normalization == (
        "normalization: 1/std in 0, the mean in front of its zero padding"
        if zeros
        else "normalization: all of it in 0, which pads with no zeros"
    )


def naive_fold(conv, mean, std):
    """Return the convolution with all of the normalization in weights and bias, as is published."""
    mean, std = torch.tensor(mean), torch.tensor(std)
    naive = nn.Conv2d(3, conv.out_channels, conv.kernel_size, padding=conv.padding, bias=True)
    with torch.no_grad():
        naive.weight.copy_(conv.weight / std.view(1, -1, 1, 1))
        naive.bias.copy_(-(conv.weight * (mean / std).view(1, -1, 1, 1)).sum((1, 2, 3)))
    return naive


def test_the_published_fold_is_wrong_at_the_border():
    """It agrees inside, and is off by weight * mean / std for each tap outside the image."""
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    wanted = InputFormat(**IMAGENET)
    naive = naive_fold(conv, **IMAGENET)
    folded = fold(conv, wanted)
    reference = expected(conv, IMAGES, wanted)
    with torch.no_grad():
        inside, ring = off(naive(IMAGES.float() / 255), reference)

    assert inside < 1e-5
    assert ring > 0.1
    assert max(off(folded_output(folded, IMAGES, wanted), reference)) < 1e-5


class Padded(nn.Module):
    """A convolution behind a padding of its own, and a mean over the image."""

    def __init__(self, pad):
        super().__init__()
        self.pad, self.conv = pad, nn.Conv2d(3, 4, 3)

    def forward(self, images):
        return self.conv(self.pad(images))


@pytest.mark.parametrize(
    ("pad", "where"),
    [
        (nn.ZeroPad2d(1), "1/std in conv, the mean in front of its zero padding"),
        (nn.ReflectionPad2d(2), "all of it in conv, which pads with no zeros"),
        (nn.ReplicationPad2d((1, 2, 0, 1)), "all of it in conv, which pads with no zeros"),
        (
            nn.ConstantPad2d(1, 0.5),
            "in front of the model, as other than convolutions take the images",
        ),
        (nn.Identity(), "all of it in conv, which pads with no zeros"),
        (nn.Hardtanh(), "in front of the model, as other than convolutions take the images"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_layers_in_front_of_the_convolution(pad, where):
    """Padding by a layer of its own counts as the convolution's; anything else is left alone."""
    model, wanted = Padded(pad).eval(), InputFormat(**IMAGENET, uint8=True)
    folded = fold(model, wanted)
    found = folded_output(folded, IMAGES, wanted)

    assert folded.normalization == f"normalization: {where}"
    assert max(off(found, expected(model, IMAGES, wanted))) < 1e-5


class Branches(nn.Module):
    """Images that several layers take; `other` makes it something else than convolutions."""

    def __init__(self, other):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1)
        self.other = other

    def forward(self, images):
        scale = images.mean() if self.other else images.shape[-1]
        return self.one(images) + self.two(images) * scale


@pytest.mark.parametrize(
    ("other", "where"),
    [
        (False, "1/std in one, two, the mean in front of its zero padding"),
        (True, "in front of the model, as other than convolutions take the images"),
    ],
)
def test_images_that_are_taken_more_than_once(other, where):
    """By convolutions alone, or by others too; their size is no pixel."""
    model, wanted = Branches(other).eval(), InputFormat(**IMAGENET)
    folded = fold(model, wanted)
    found = folded_output(folded, IMAGES, wanted)

    assert folded.normalization == f"normalization: {where}"
    assert max(off(found, expected(model, IMAGES, wanted))) < 1e-5


def test_a_convolution_that_is_used_twice_stays():
    """Elsewhere it does not get images."""

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, images):
            return self.conv(self.conv(images))

    model, wanted = Twice().eval(), InputFormat(**IMAGENET)
    folded = fold(model, wanted)

    assert "in front of the model" in folded.normalization
    assert max(off(folded_output(folded, IMAGES, wanted), expected(model, IMAGES, wanted))) < 1e-5


def test_gray_images():
    """One channel."""
    images = IMAGES[:, :1]
    model, wanted = nn.Conv2d(1, 4, 3, padding=1).eval(), InputFormat((0.3,), (0.2,), uint8=True)
    found = folded_output(fold(model, wanted), images, wanted)

    assert max(off(found, expected(model, images, wanted))) < 1e-5


def test_the_model_stays_as_it_is():
    """A fold is of a copy."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), random_norm(nn.BatchNorm2d(4))).eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fold(model, InputFormat(**IMAGENET))

    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_batch_height_and_width_are_free():
    """One image of another size, and one as small as the kernel."""
    wanted = InputFormat(**IMAGENET)
    model = nn.Conv2d(3, 4, 3, padding=1).eval()
    program = fold(model, wanted).program.module()

    assert program(torch.rand(1, 3, 50, 31)).shape == (1, 4, 50, 31)
    assert program(torch.rand(5, 3, 3, 8)).shape == (5, 4, 3, 8)
