"""Warnings of TIFFs and other rasters: each comes where something is wrong, and else does not."""

import numpy as np
import pytest
from PIL import Image

import bnstat

rasterio = pytest.importorskip("rasterio")
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def write(path, samples, window=None, **profile):
    """Write samples (B, H, W) as a GeoTIFF; with `window`, into that of one of 64 by 64."""
    bands, height, width = samples.shape if window is None else (1, 64, 64)
    size = {"width": width, "height": height, "count": bands, "dtype": samples.dtype}
    with rasterio.open(path, "w", driver="GTiff", **size, **profile) as file:
        file.write(samples, window=window)
    return path


def noise(bands=1, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(1, 256, (bands, 20, 16)).astype(dtype)


def texts(*sources, **settings):
    stats = bnstat.compute(*sources, workers=1, mode=settings.pop("mode", "RGB"), **settings)
    return {w.code: w.text for w in stats.warnings}


@pytest.mark.parametrize("bands", [4, 5])
def test_bands_that_are_not_read(tmp_path, bands):
    """Near-infrared beside RGB is left out in default mode, with a line; `--mode RGB` answers."""
    for i in range(2):
        write(tmp_path / f"{i}.tif", noise(bands, seed=i), photometric="rgb", alpha="no")
    assert texts(tmp_path, mode="bands") == texts(tmp_path) == {}
    (warning,) = (w for w in bnstat.compute(tmp_path, workers=2).warnings)
    assert ("bands", 2) == (warning.code, warning.images)
    assert warning.text == (
        f"2 images of more bands than are read, such as 0.tif ({bands} bands); --mode bands reads "
        "all"
    )


def test_colors_and_alpha_are_all_that_is_read(tmp_path):
    """Of gray, colors, palettes and alpha nothing is said."""
    for mode in ("L", "LA", "RGB", "RGBA", "CMYK", "P", "1", "I;16"):
        Image.new(mode, (4, 4), 255 if mode in ("RGBA", "LA") else 1).save(tmp_path / f"{mode}.tif")
    assert "bands" not in {w.code for w in bnstat.compute(tmp_path, workers=1).warnings}


@pytest.mark.parametrize(
    "blocks", [{"tiled": True, "blockxsize": 16, "blockysize": 16}, {"blockysize": 16}]
)
def test_blocks_that_were_never_written(tmp_path, blocks):
    """A sparse file is a failure, for Pillow reads the file's head in their place; GDAL gives 0."""
    window = rasterio.windows.Window(0, 16, 64, 16)
    samples = np.full((1, 16, 64), 200, np.uint8)
    path = write(tmp_path / "a.tif", samples, window, sparse_ok=True, **blocks)
    with pytest.raises(bnstat.NothingMeasuredError) as raised:
        bnstat.compute(path, workers=1)
    reason = "lacks blocks that were never written; --mode bands reads it"
    assert [("a.tif", reason)] == raised.value.failures
    assert bnstat.compute(path, mode="bands", workers=1).mean == (pytest.approx(200 / 255 / 4),)
