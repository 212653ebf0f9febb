"""What a pipeline may return, and what becomes of it."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import tv_tensors

from bnstat.decode.modes import UnmeasurableError
from bnstat.moments import NotFiniteError

RNG = np.random.default_rng(4)
BYTES = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
WORDS = RNG.integers(0, 65536, (5, 7, 3), dtype=np.uint16)
FLOATS = RNG.normal(0.4, 2.0, (5, 7, 3))


def planes(array):
    """Return (C, H, W) of (H, W, C)."""
    return np.moveaxis(array, -1, 0).copy()


INTEGERS = {
    "PIL RGB": (Image.fromarray(BYTES), BYTES, "RGB", 255),
    "PIL L": (Image.fromarray(BYTES[..., 0]), BYTES[..., :1], "L", 255),
    "PIL LA": (Image.fromarray(BYTES[..., :2], "LA"), BYTES[..., :2], "LA", 255),
    "PIL HSV": (Image.fromarray(BYTES, "HSV"), BYTES, "HSV", 255),
    "PIL 1": (Image.fromarray(BYTES[..., 0] > 99), 255 * (BYTES[..., :1] > 99), "L", 255),
    "PIL I;16": (Image.fromarray(WORDS[..., 0]), WORDS[..., :1], "L", 65535),
    "uint8 tensor": (torch.from_numpy(planes(BYTES)), BYTES, "RGB", 255),
    "uint8 image": (tv_tensors.Image(planes(BYTES)), BYTES, "RGB", 255),
    "uint8 tensor of one channel": (
        torch.from_numpy(BYTES[None, ..., 0]),
        BYTES[..., :1],
        "L",
        255,
    ),
    "uint16 tensor": (torch.from_numpy(planes(WORDS)), WORDS, "RGB", 65535),
    "uint8 array": (BYTES, BYTES, "RGB", 255),
    "uint8 array, not contiguous": (BYTES[::-1, ::-2], BYTES[::-1, ::-2], "RGB", 255),
    "uint8 array (H, W)": (BYTES[..., 1], BYTES[..., 1:2], "L", 255),
    "uint16 array": (WORDS, WORDS, "RGB", 65535),
}


@pytest.mark.parametrize("name", INTEGERS)
def test_integer_samples_are_kept_exactly(name, kept):
    """8- and 16-bit samples are kept as exact sums, in the unit of their depth."""
    output, samples, mode, scale = INTEGERS[name]
    part = kept(output)
    whole = samples.reshape(-1, samples.shape[2]).astype(object)
    assert (tuple(mode), scale) == part.kind[1:]
    assert [[len(whole)] * len(mode)] == part.table.n.tolist()
    assert [whole.sum(axis=0).tolist()] == part.table.sum_or_mean.tolist()
    assert [(whole**2).sum(axis=0).tolist()] == part.table.sumsq_or_m2.tolist()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_float_tensors_are_measured_in_float64(dtype, kept):
    """A float tensor's mean and squared deviations are those of its own values in float64."""
    tensor = torch.from_numpy(planes(FLOATS)).to(getattr(torch, dtype))
    part = kept(tensor)
    values = tensor.double().numpy().reshape(3, -1)
    assert (("R", "G", "B"), 1) == part.kind[1:]
    assert pytest.approx(values.mean(axis=1), rel=1e-14) == part.table.sum_or_mean[0]
    assert pytest.approx(35 * values.var(axis=1), rel=1e-13) == part.table.sumsq_or_m2[0]


def test_other_floats(kept):
    """Float arrays, float PIL images and tensors that need a gradient are measured too."""
    gray = FLOATS[..., 0].astype(np.float32)
    for output in (gray, Image.fromarray(gray), torch.tensor(gray[None], requires_grad=True)):
        part = kept(output)
        assert (("L",), 1) == part.kind[1:]
        assert (
            pytest.approx(gray.astype(np.float64).mean(), rel=1e-14) == part.table.sum_or_mean[0, 0]
        )


def test_more_channels_than_pillow_has_are_numbered(kept):
    """Channels without names of their own are C0, C1 and so on."""
    part = kept(torch.zeros(6, 4, 4))
    assert ("C0", "C1", "C2", "C3", "C4", "C5") == part.kind.channels


UNMEASURABLE = {
    "int64": (torch.zeros(3, 4, 4, dtype=torch.int64), "became int64 samples"),
    "int16": (np.zeros((4, 4, 3), np.int16), "became int16 samples"),
    "bool": (torch.zeros(3, 4, 4, dtype=torch.bool), "became bool samples"),
    "batch": (torch.zeros(1, 3, 4, 4), r"became samples of shape \(1, 3, 4, 4\)"),
    "matrix": (torch.zeros(4, 4), r"became samples of shape \(4, 4\)"),
    "vector": (torch.zeros(4), r"became samples of shape \(4,\)"),
    "array of a batch": (np.zeros((1, 4, 4, 3)), r"became samples of shape \(1, 4, 4, 3\)"),
    "array of a row": (np.zeros(12, np.uint8), r"became samples of shape \(12,\)"),
    "no pixels": (torch.zeros(3, 0, 4), r"became samples of shape \(3, 0, 4\)"),
    "array without pixels": (np.zeros((0, 4, 3), np.uint8), r"became samples of shape \(0, 4, 3\)"),
    "PIL without pixels": (Image.new("RGB", (0, 4)), "no pixels"),
    "PIL I": (Image.new("I", (4, 4)), "32-bit integers have no known scale"),
    "tuple": ((Image.new("RGB", (4, 4)), 1), "became a tuple, not an image or a tensor"),
    "dict": ({"image": BYTES}, "became a dict, not an image or a tensor"),
    "None": (None, "became a NoneType, not an image or a tensor"),
    "float": (0.5, "became a float, not an image or a tensor"),
    "path": ("a.png", "became a str, not an image or a tensor"),
}


@pytest.mark.parametrize("name", UNMEASURABLE)
def test_other_outputs_are_failures(name, kept):
    """What has no known scale or is no image cannot be measured, and the reason says what it is."""
    output, says = UNMEASURABLE[name]
    with pytest.raises(UnmeasurableError, match=says):
        kept(output)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("make", [torch.from_numpy, np.asarray], ids=["tensor", "array"])
def test_nan_and_infinity_are_failures(value, make, kept):
    """One sample that is not finite fails the image."""
    samples = FLOATS.copy()
    samples[2, 3, 1] = value
    with pytest.raises(NotFiniteError):
        kept(make(samples))
