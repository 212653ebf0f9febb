"""What an image is like: its size, its mode, and the bits of a sample in its file."""

import numpy as np
import pytest
from PIL import Image

from bnstat.decode.modes import appearance, with_bits


@pytest.mark.parametrize(
    ("image", "deep", "expected"),
    [
        (Image.new("RGB", (3, 2)), False, (3, 2, "RGB", 8, "")),
        (Image.new("RGB", (3, 2)), True, (3, 2, "RGB", 16, "")),
        (Image.new("1", (3, 2)), False, (3, 2, "1", 1, "")),
        (Image.new("F", (3, 2)), True, (3, 2, "F", 32, "")),
        (Image.fromarray(np.zeros((2, 3), np.uint16)), True, (3, 2, "I;16", 16, "")),
        (with_bits(Image.fromarray(np.zeros((2, 3), np.uint16)), 12), True, (3, 2, "I;16", 12, "")),
    ],
    ids=["rgb", "deep rgb", "bits", "floats", "16 bits", "12 bits"],
)
def test_it_is_that_of_the_file(image, deep, expected):
    """Pillow gives 8 bits of a deep colour; its file has 16."""
    assert appearance(image, deep=deep) == expected
