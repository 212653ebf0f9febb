"""PNG files in which single bits have changed: none is measured with other pixels than it had."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bnstat.decode.decoding import load, strict_pillow


def histogram(data):
    """Return what is measured of a file's pixels; None if it is a failure."""
    try:
        image, _ = load(BytesIO(data))
    except Exception:
        return None
    with image:
        return image.mode, image.size, image.tobytes(), image.getpalette("RGBA")


def photo(**options):
    """Return a PNG in several chunks of pixels, drawn and saved by Pillow."""
    noise = np.random.default_rng(2).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(noise).resize((160, 120)).save(file, "PNG", **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def pngs(making):
    """PNG files of all color types and depths, of several compressions, and in icons."""
    images, _ = making["whole"].images()
    kinds = {name: data for name, data in images.items() if b"IDAT" in data}
    for level in (0, 1, 9):
        kinds[f"level {level}"] = photo(compress_level=level)
    return kinds


@pytest.mark.parametrize("flips", [4_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_no_changed_bit_changes_what_is_measured(pngs, flips):
    """One bit of a file is changed, anywhere: it fails, or has the pixels that it had."""
    rng = np.random.default_rng(11)
    failed, unchanged, changed = 0, 0, []
    with strict_pillow(10**6):
        for name, data in pngs.items():
            whole = histogram(data)
            assert whole is not None, name
            for bit in rng.integers(0, 8 * len(data), -(-flips // len(pngs))).tolist():
                flipped = bytearray(data)
                flipped[bit // 8] ^= 1 << bit % 8
                found = histogram(bytes(flipped))
                failed += found is None
                unchanged += found == whole
                if found not in (None, whole):
                    changed.append((name, bit))
    assert [] == changed
    assert failed > 0.7 * flips and unchanged > 0
