"""Masks with the labels that are stored, and what is doubtful of a mask."""

import numpy as np
import pytest
from PIL import Image

import bnstat

LABELS = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)


def counted(folder, mask, **settings):
    Image.new("L", (4, 2), 9).save(folder / "a.png")
    stats = bnstat.compute(
        folder / "a.png", masks=str(folder / mask), workers=1, mode="L", **settings
    )
    return stats.count[0], [warning.code for warning in stats.warnings]


def white_is_zero(path, labels, bits):
    """Write a TIFF in which 0 is white, of so many bits."""
    from PIL import TiffImagePlugin

    image = Image.fromarray(labels)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    image.save(path, tiffinfo=tags)
    with Image.open(path) as saved:
        offset = saved.tile[0].offset
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[4:8], "little")
    for entry in range(start + 2, start + 2 + 12 * data[start], 12):
        tag = int.from_bytes(data[entry : entry + 2], "little")
        if tag == 262:
            data[entry + 8] = 0
        if tag == 258:
            data[entry + 8] = bits
    if bits == 4:
        packed = (labels[:, 0::2] << 4 | labels[:, 1::2]).tobytes()
        data[offset : offset + len(packed)] = packed
    path.write_bytes(data)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_labels_of_few_bits(bits, tmp_path):
    """Pillow spreads 4 bits over 0 to 255; the label is what the file has."""
    Image.fromarray(LABELS).save(tmp_path / "m.png", bits=bits)
    with Image.open(tmp_path / "m.png") as image:
        stored = image.tile[0].args
    if stored in ("L;2", "L;4"):  # Pillow writes what is scaled to so many bits
        scale = 255 // (2**bits - 1)
        Image.fromarray(LABELS * scale).save(tmp_path / "m.png", bits=bits)
    assert (4, []) == counted(tmp_path, "m.png", mask_ignore=[0, 2])
    assert (2, []) == counted(tmp_path, "m.png", mask_values=[3])


@pytest.mark.parametrize("bits", [4, 8])
def test_labels_of_a_tiff_in_which_0_is_white(bits, tmp_path):
    """Pillow inverts it, as is right for pictures."""
    white_is_zero(tmp_path / "m.tif", LABELS, bits)
    assert (4, []) == counted(tmp_path, "m.tif", mask_ignore=[0, 2])


def test_masks_in_jpeg_get_a_line(tmp_path):
    """Their values change beside edges; --mask-values answers it."""
    labels = np.zeros((2, 4), np.uint8)
    labels[:, :2] = 255
    Image.fromarray(labels).save(tmp_path / "m.jpg")
    assert ["lossy-masks"] == counted(tmp_path, "m.jpg")[1]
    assert [] == counted(tmp_path, "m.jpg", mask_values=[255])[1]
    Image.fromarray(labels).save(tmp_path / "m.png")
    assert (4, []) == counted(tmp_path, "m.png")


@pytest.mark.parametrize(("orientation", "expected"), [(1, []), (3, ["orientation"])])
def test_an_orientation_with_masks_gets_a_line(orientation, expected, tmp_path):
    """The image is measured as it is stored, and so must its mask be."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("L", (4, 2), 9).save(tmp_path / "a.jpg", exif=exif)
    Image.fromarray(LABELS).save(tmp_path / "m.png")
    named = {"masks": str(tmp_path / "m.png"), "workers": 1, "mode": "L"}
    stats = bnstat.compute(tmp_path / "a.jpg", **named)
    assert expected == [warning.code for warning in stats.warnings]
    assert [] == [w.code for w in bnstat.compute(tmp_path / "a.jpg", workers=1, mode="L").warnings]


def test_a_mask_that_is_upright_of_an_image_that_is_not(tmp_path):
    """The failure says why the sizes differ."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (4, 2), 9).save(tmp_path / "a.jpg", exif=exif)
    Image.new("L", (2, 4), 1).save(tmp_path / "m.png")
    with pytest.raises(bnstat.MeasureError) as caught:
        bnstat.compute(tmp_path / "a.jpg", masks=str(tmp_path / "m.png"), workers=1)
    assert "EXIF orientation 6 is not applied" in str(caught.value.failures)
