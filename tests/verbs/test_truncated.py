"""Images that are cut off: failures, or counted as a lenient loader reads them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFile

import bnstat

END = b"\xff\xd9"


def noise(shape=(96, 128, 3)):
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, shape).astype(np.uint8))


def encoded(form, **options):
    file = BytesIO()
    noise(options.pop("shape", (96, 128, 3))).save(file, form, **options)
    return file.getvalue()


def failure(path, data, **settings):
    """Return why data fail; None if they are measured."""
    path.write_bytes(data)
    noise().save(path.parent / "whole.png")
    failures = bnstat.compute(path.parent, workers=1, **settings).source.failures
    return failures[0].reason if failures else None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subsampling": 0},
        {"restart_marker_rows": 1},
        {"shape": (96, 128)},
        {"progressive": True},
    ],
)
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_jpeg_that_was_cut_and_ended_is_a_failure(options, share, tmp_path):
    """libjpeg makes gray of what is missing, and only warns."""
    data = encoded("JPEG", **options)
    assert failure(tmp_path / "a.jpg", data) is None
    said = failure(tmp_path / "a.jpg", data[: int(len(data) * share)] + END)
    assert "is cut off: " in said


def test_the_first_scan_alone_is_a_failure(tmp_path):
    """Of a progressive image, which looks whole, and is blurred."""
    data = encoded("JPEG", progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    table = data.rindex(b"\xff\xc4", 0, second)
    assert "is cut off: its last scans are missing" == (
        failure(tmp_path / "a.jpg", data[:table] + END)
    )


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_that_ends_in_gray_is_whole(options, tmp_path):
    """The gray that libjpeg would put in the place of missing data."""
    pixels = np.array(noise())
    pixels[16:] = 128
    Image.fromarray(pixels).save(tmp_path / "a.jpg", **options)
    assert () == bnstat.compute(tmp_path, workers=1).source.failures


@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("BMP", "a.bmp")])
def test_cut_off_images_are_measured_on_demand(form, name, tmp_path):
    """As PIL reads them with LOAD_TRUNCATED_IMAGES; the document tells how many."""
    data = encoded(form)[:-1500]
    assert "truncated" in failure(tmp_path / name, data).lower()
    (tmp_path / "whole.png").unlink()
    stats = bnstat.compute(tmp_path, workers=1, truncated="load")
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        expected = np.asarray(Image.open(tmp_path / name)).sum(axis=(0, 1))
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    assert tuple(expected) == stats.sum
    assert (1, ()) == (stats.source.truncated_images, stats.warnings)
    assert bnstat.Stats.from_json(stats.to_json()) == stats
    assert '"truncated": 1' in stats.to_json()


def test_an_ended_jpeg_is_measured_on_demand(tmp_path):
    """With the gray in the place of what is missing."""
    data = encoded("JPEG")
    assert failure(tmp_path / "a.jpg", data[: len(data) // 2] + END, truncated="load") is None


def test_a_wrong_checksum_stays_a_failure(tmp_path):
    """Also of an image that is cut off."""
    data = bytearray(encoded("PNG"))
    data[data.index(b"IDAT") + 50] ^= 1
    assert "checksum" in failure(tmp_path / "a.png", bytes(data), truncated="load")


def test_results_that_differ_are_not_merged(tmp_path):
    """Images that are failures in one count in the other."""
    noise().save(tmp_path / "a.png")
    one, two = (bnstat.compute(tmp_path, workers=1, truncated=t) for t in ("fail", "load"))
    assert 0 == two.source.truncated_images
    with pytest.raises(bnstat.MergeError, match="they differ in truncated"):
        bnstat.merge(one, two)


@pytest.mark.parametrize("block", [0, -1])
def test_a_jpeg_in_a_tiff_that_was_cut_and_ended_is_a_failure(block, tmp_path):
    """Of its strips one lacks data; libtiff does not say so."""
    noise((256, 300, 3)).save(tmp_path / "a.tif", compression="jpeg", quality=90)
    with Image.open(tmp_path / "a.tif") as image:
        assert len(image.tag_v2[273]) > 1
        start, size = image.tag_v2[273][block], image.tag_v2[279][block]
    data = bytearray((tmp_path / "a.tif").read_bytes())
    assert failure(tmp_path / "a.tif", bytes(data)) is None
    data[start + size // 2 : start + size] = END + bytes(size - size // 2 - 2)
    assert "is cut off: data of one of its JPEG blocks end too early" == (
        failure(tmp_path / "a.tif", bytes(data))
    )
