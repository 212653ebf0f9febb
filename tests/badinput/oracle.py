"""What a file holds, decoded once more in another way: Pillow to numpy, and numpy's sums."""

import logging
import warnings
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from PIL import Image, ImageFile


def figures(data):
    """Return scale, samples, Σx and Σx² of each channel of a file's bytes, in RGB.

    Integers are exact. Of floats, Σx² is the sum of squares about the mean. Gray that is deeper
    than 8 bits stands for each channel.
    """
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with _silence():
        image = Image.open(BytesIO(data))
        form = image.format
        image.load()
        if image.mode == "F":
            return 1, *_of_floats(np.asarray(image, dtype=np.float64))
        if image.mode.startswith("I;16") or (image.mode == "I" and form == "PPM"):
            gray = np.asarray(image).reshape(1, -1)
            return 65535, *_of_integers(gray.repeat(3, axis=0))
        return 255, *_of_integers(np.asarray(image.convert("RGB")).reshape(-1, 3).T)


@contextmanager
def _silence():
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _of_integers(channels):
    counts = [np.bincount(channel, minlength=1) for channel in channels.astype(np.int64)]
    values = [np.arange(len(count)) for count in counts]
    sums = [int(v @ count) for v, count in zip(values, counts, strict=True)]
    squares = [int(v * v @ count) for v, count in zip(values, counts, strict=True)]
    return channels.shape[1], sums, squares


def _of_floats(pixels):
    mean = pixels.mean()
    return pixels.size, [mean] * 3, [float(((pixels - mean) ** 2).sum())] * 3


def agree(one, other):
    """Whether two files' figures are the same: integers exactly, floats but for rounding."""
    if one[:2] != other[:2]:
        return False
    if one[0] != 1:
        return one[2:] == other[2:]
    scale = max(map(abs, one[2]), default=0.0)
    return all(
        np.allclose(a, b, rtol=1e-9, atol=1e-9 * max(scale, 1e-300))
        for a, b in zip(one[2:], other[2:], strict=True)
    )
