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


def bands(*sources, **settings):
    return bnstat.compute(*sources, mode="bands", workers=1, **settings)


def told(stats):
    return {warning.code: warning.text for warning in stats.warnings}


@pytest.mark.parametrize("by", ["value", "mask in the file", "mask beside it"])
def test_samples_that_the_file_declares_as_no_data(tmp_path, by):
    """By GDAL_NODATA, a mask in the file or a .msk: a line, and `--nodata auto` heeds it."""
    samples = noise() // 2
    samples[0, :5] = 200
    path = tmp_path / "a.tif"
    write(path, samples, nodata=200 if by == "value" else None)
    counts = np.where(samples[0] == 200, 0, 255).astype(np.uint8)
    if by == "mask in the file":
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
            file.write_mask(counts)
    elif by == "mask beside it":
        write(tmp_path / "a.tif.msk", counts[np.newaxis])
    stats = bands(path)
    declared = "200" if by == "value" else "a mask"
    assert told(stats)["nodata"] == (
        "1 image with samples that the file declares as no data, which counted, such as a.tif "
        f"({declared}); --nodata auto leaves them out"
    )
    assert stats.mean == (pytest.approx(samples.mean() / 255),)
    chosen = bands(path, nodata="auto")
    assert {} == told(chosen) == told(bands(path, nodata=None))
    assert chosen.mean == (pytest.approx(samples[0, 5:].mean() / 255),)


def test_a_declared_value_that_is_not_there(tmp_path):
    """Nothing is said of it, nor of a mask that lets all count."""
    write(tmp_path / "a.tif", noise(), nodata=0)
    write(tmp_path / "b.tif", noise())
    write(tmp_path / "b.tif.msk", np.full((1, 20, 16), 255, np.uint8))
    assert {} == told(bands(tmp_path))


def test_a_band_that_is_taken_as_alpha(tmp_path):
    """Which leaves pixels out, be it near-infrared."""
    samples = noise(4)
    samples[3, :10] = 0
    path = write(tmp_path / "a.tif", samples, photometric="rgb", alpha="yes")
    assert {} == told(bands(path))
    assert told(bands(path, nodata="auto"))["alpha-band"] == (
        "1 image with a band taken as alpha, such as a.tif (band 4 left out 160 pixels); if that "
        "is no alpha, leave out --nodata auto and --alpha exclude"
    )
    write(path, noise(4), photometric="rgb", alpha="yes")
    assert {} == told(bands(path, nodata="auto"))


def test_indices_of_a_palette(tmp_path):
    """A line, where bands are measured; gray of one bit is none."""
    Image.fromarray(noise()[0] % 3).convert("P").save(tmp_path / "p.tif")
    assert told(bands(tmp_path / "p.tif"))["palette-indices"].startswith("1 image whose samples")
    Image.new("1", (4, 4), 1).save(tmp_path / "one.tif")
    assert {} == told(bands(tmp_path / "one.tif"))


SCALED = {"a.tif": (1e-4, -0.1), "b.tif": (1e-4, -0.1), "c.tif": (1e-4, 0.0)}


@pytest.fixture
def reflectance(tmp_path):
    """The same reflectance, stored with an offset and without."""
    for name, (scale, offset) in SCALED.items():
        stored = ((np.linspace(0.1, 0.4, 320).reshape(1, 20, 16) - offset) / scale).round()
        write(tmp_path / name, stored.astype(np.uint16))
        with rasterio.open(tmp_path / name, "r+") as file:
            file.scales, file.offsets = (scale,), (offset,)
    return tmp_path


def test_scale_and_offset(reflectance):
    """A line where files declare any, a louder one where they differ; --unscale applies them."""
    assert told(bands(reflectance / "a.tif", reflectance / "b.tif"))["scaled"] == (
        f"2 images that declare a scale and an offset, which are not applied, such as "
        f"{reflectance}/a.tif (scale 0.0001, offset -0.1); --mode bands --unscale applies them"
    )
    mixed = bands(reflectance)
    assert told(mixed)["scales-differ"].startswith("3 images that declare different scales")
    stats = bands(reflectance, unscale=True)
    assert {} == told(stats)
    assert (1, True) == (stats.scale, stats.unscale)
    assert stats.mean == (pytest.approx(0.25, abs=1e-5),)
    assert stats == bnstat.Stats.from_json(stats.to_json())
    with pytest.raises(bnstat.BnstatError, match="they differ in unscale, True and False"):
        bnstat.merge(stats, mixed)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mode": "RGB"}, "--unscale is of rasters: add --mode bands"),
        ({"mode": "bands", "max_value": 10}, "--unscale does not go with --max-value"),
    ],
)
def test_what_unscaling_does_not_go_with(reflectance, settings, reason):
    """Said before anything is read."""
    with pytest.raises(bnstat.BnstatError, match=reason):
        bnstat.compute(reflectance, unscale=True, **settings)


def floats(*extremes, number=1):
    samples = np.random.default_rng(0).normal(100, 5, (1, 20, 16)).astype(np.float32)
    for i, value in enumerate(extremes):
        samples[0, i, : number + 1] = value
        samples[0, i, number:] = 100
    return samples


OUTLIERS = [
    ((-9999,), 2, "-9999.0"),
    ((9999,), 2, "9999.0"),
    ((-3.4e38,), 1, "-3.4e+38"),
    ((2e30,), 1, "2e+30"),
    ((-9999,), 1, None),
    ((60,), 2, None),
    ((), 1, None),
]


@pytest.mark.parametrize(("extremes", "number", "value"), OUTLIERS)
@pytest.mark.parametrize("mode", ["bands", "native"])
def test_float_values_far_from_all_others(tmp_path, extremes, number, value, mode):
    """A repeated extreme beyond the range of the others, or one of no size that is measured."""
    samples = floats(*extremes, number=number)
    if mode == "bands":
        write(tmp_path / "a.tif", samples)
    else:
        Image.fromarray(samples[0]).save(tmp_path / "a.tif")
    stats = bnstat.compute(tmp_path, mode=mode, workers=1)
    text = told(stats).get("float-outlier")
    expected = "1 image with a float value far from all others, such as a.tif ({})"
    assert text == (value and f"{expected.replace('{}', value)}; --nodata VALUE leaves it out")
    if value:
        again = bnstat.compute(tmp_path, mode=mode, nodata=value, workers=1)
        assert {} == told(again) and 95 < again.mean[0] < 105


def test_floats_that_are_black_and_white(tmp_path):
    """Of two values none is far from the others."""
    write(tmp_path / "a.tif", (noise() % 2).astype(np.float32))
    assert {} == told(bands(tmp_path))


@pytest.mark.parametrize("bits", [1, 2, 4, 5, 7, 12, 15])
def test_bits_that_the_file_declares(tmp_path, bits):
    """Samples are divided by the largest value of the file's bits, as in other modes."""
    dtype = np.uint8 if bits <= 8 else np.uint16
    samples = np.random.default_rng(bits).integers(0, 2**bits, (1, 20, 16)).astype(dtype)
    path = write(tmp_path / "a.tif", samples, nbits=bits)
    stats = bands(path)
    assert stats.mean == (pytest.approx(samples.mean() / (2**bits - 1), rel=1e-12),)
    assert stats.std == (pytest.approx(samples.std() / (2**bits - 1), rel=1e-12),)
    assert (bits in (1, 2, 4)) == (stats.sum is not None)
    assert bands(path, max_value=1).mean == (pytest.approx(samples.mean(), rel=1e-12),)
    assert bands(path, nodata=0).mean == (
        pytest.approx(samples[samples > 0].mean() / (2**bits - 1), rel=1e-12),
    )
    if bits in (1, 2, 4, 12):
        assert bnstat.compute(path, mode="L", workers=1).mean == (pytest.approx(stats.mean[0]),)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize("mode", ["L", "bands"])
def test_white_that_is_stored_as_zero(tmp_path, bits, mode):
    """It is 1 in all depths and modes, as Pillow shows 8 bits; no data is what is stored."""
    dtype = np.uint8 if bits <= 8 else np.uint16
    samples = np.zeros((1, 20, 16), dtype)
    samples[0, :4] = 2**bits - 1
    samples[0, 4] = 1
    options = {"photometric": "miniswhite"} | ({"nbits": bits} if bits not in (8, 16) else {})
    path = write(tmp_path / "a.tif", samples, **options)

    def mean(**settings):
        return bnstat.compute(path, mode=mode, workers=1, **settings).mean[0]

    if (mode, bits) == ("L", 12):
        return  # Pillow reads none
    if bits == 16:
        assert mean(max_value=2**bits - 1) == pytest.approx(samples.mean() / 65535, rel=1e-12)
        assert mean(max_value=1, nodata=1) == pytest.approx(samples[samples != 1].mean(), rel=1e-12)
    shown = 1 - samples / (2**bits - 1)
    assert mean() == pytest.approx(shown.mean(), rel=1e-12)
    assert mean(nodata=1) == pytest.approx(shown[samples != 1].mean(), rel=1e-12)


def test_declared_no_data_in_other_modes(tmp_path):
    """A value of GDAL's tag, where it is there; `auto` leaves it out."""
    samples = noise() // 2
    write(tmp_path / "a.tif", samples, nodata=200)
    assert {} == told(bnstat.compute(tmp_path, mode="L", workers=1))
    samples[0, :5] = 200
    write(tmp_path / "a.tif", samples, nodata=200)
    stats = bnstat.compute(tmp_path, mode="L", workers=1)
    assert told(stats)["nodata"].endswith("such as a.tif (200); --nodata auto leaves them out")
    assert {} == told(bnstat.compute(tmp_path, mode="L", nodata="auto", workers=1))


@pytest.mark.parametrize("internal", [True, False])
def test_a_mask_that_pillow_does_not_apply(tmp_path, internal):
    """A line, and `--nodata auto` applies it; none where there is only a smaller copy."""
    samples = noise()
    path, counts = write(tmp_path / "a.tif", samples), np.full((20, 16), 255, np.uint8)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2])
    assert {} == told(bnstat.compute(path, mode="L", workers=1))
    counts[:5] = 0
    if internal:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
            file.write_mask(counts)
    else:
        write(tmp_path / "a.tif.msk", counts[np.newaxis])
    text = "1 image with a mask of its own that is not applied, such as a.tif; --nodata auto"
    assert {"mask-ignored": f"{text} applies it"} == told(bnstat.compute(path, mode="L", workers=1))
    stats = bnstat.compute(path, mode="L", nodata="auto", workers=1)
    assert {} == told(stats)
    assert (240,) == stats.count
    assert stats.mean == (pytest.approx(samples[0, 5:].mean() / 255),)


def test_alpha_that_leaves_out_near_infrared(tmp_path):
    """`--alpha exclude` says which band it took, and how many pixels are gone."""
    samples = noise(4)
    samples[3, :10] = 0
    path = write(tmp_path / "a.tif", samples, photometric="rgb", alpha="yes")
    stats = bnstat.compute(path, mode="RGB", alpha="exclude", workers=1)
    assert "(band 4 left out 160 pixels)" in told(stats)["alpha-band"]
    Image.fromarray(np.moveaxis(samples, 0, -1)).save(tmp_path / "a.png")
    assert {} == told(bnstat.compute(tmp_path / "a.png", alpha="exclude", workers=1))


def test_scale_and_offset_in_other_modes(reflectance):
    """The same lines; what applies them is named."""
    mixed = bnstat.compute(reflectance, mode="native", workers=1)
    assert told(mixed)["scales-differ"].endswith("--mode bands --unscale applies them")
    alone = bnstat.compute(reflectance / "a.tif", mode="native", workers=1)
    assert "(scale 0.0001, offset -0.1)" in told(alone)["scaled"]
