"""Bands of rasters, block by block: against numpy, and nothing but the named file."""

import csv
from fractions import Fraction

import numpy as np
import pytest

import bnstat
from bnstat.errors import MeasureError, NothingMeasuredError

rasterio = pytest.importorskip("rasterio")


def write(path, samples, **profile):
    """Write (B, H, W) samples as a GeoTIFF, in small tiles."""
    bands, height, width = samples.shape
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16} if height >= 16 else {}
    names = profile.pop("names", ())
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=bands, dtype=samples.dtype,
        **tiles, **profile,
    ) as file:  # fmt: skip
        file.write(samples)
        for i, name in enumerate(names, start=1):
            file.set_band_description(i, name)
    return path


@pytest.fixture
def rng():
    return np.random.default_rng(4)


DTYPES = ("uint8", "uint16", "int16", "float32", "float64", "uint32", "int8")


def random(rng, dtype, shape=(7, 40, 33)):
    if np.dtype(dtype).kind == "f":
        return rng.normal(300, 20, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, min(info.max, 2**31), shape, endpoint=True).astype(dtype)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
class TestBands:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("workers", [1, 2])
    def test_seven_bands_are_what_numpy_says(self, rng, tmp_path, dtype, workers):
        """Integers of 8 and 16 bits are exact, signed ones too; all others to 12 digits."""
        arrays = [random(rng, dtype), random(rng, dtype, (7, 20, 50))]
        for i, samples in enumerate(arrays):
            write(tmp_path / f"{i}.tif", samples)
        stats = bnstat.compute(tmp_path, mode="bands", workers=workers)
        scale = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
        flat = np.concatenate([a.reshape(7, -1) for a in arrays], axis=1)
        assert (scale, tuple(f"B{i}" for i in range(1, 8))) == (stats.scale, stats.channels)
        assert np.allclose(flat.astype(np.float64).mean(axis=1) / scale, stats.mean, rtol=1e-12)
        assert np.allclose(flat.astype(np.float64).std(axis=1) / scale, stats.std, rtol=1e-12)
        if dtype in ("uint8", "uint16", "int16"):
            whole = flat.astype(np.int64)
            assert tuple(whole.sum(axis=1).tolist()) == stats.sum
            assert tuple((whole**2).sum(axis=1).tolist()) == stats.sum_of_squares
            mean = Fraction(int(whole[0].sum()), whole.shape[1] * scale)
            assert float(mean) == stats.mean[0]
        else:
            assert stats.sum is None
        assert bnstat.Stats.from_json(stats.to_json()) == stats

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_records_of_bands(self, rng, tmp_path, dtype):
        """A row an image: its size, its type, the bits of a sample, and numpy's mean and std."""
        samples = random(rng, dtype, (2, 9, 8))
        write(tmp_path / "a.tif", samples)
        rows = tmp_path / "rows.csv"
        bnstat.compute(tmp_path / "a.tif", mode="bands", workers=1, records=rows)
        with rows.open() as file:
            [row] = csv.DictReader(file)
        found = [row[name] for name in ("width", "height", "mode", "depth")]
        assert ["8", "9", dtype, str(8 * samples.itemsize)] == found
        scale = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
        for band, name in zip(samples.astype(np.float64) / scale, ("B1", "B2"), strict=True):
            assert float(row[f"mean_{name}"]) == pytest.approx(band.mean(), rel=1e-12)
            assert float(row[f"std_{name}"]) == pytest.approx(band.std(), rel=1e-12)

    def test_names_of_bands(self, rng, tmp_path):
        """Bands are called as the file calls them; another list of bands is another mode."""
        for i in range(2):
            write(tmp_path / f"{i}.tif", random(rng, "uint16", (2, 5, 5)), names=("red", "nir"))
        write(tmp_path / "other.tif", random(rng, "uint16", (3, 5, 5)))
        stats = bnstat.compute(tmp_path, mode="bands", workers=1)
        assert ("red", "nir") == stats.channels
        (failure,) = stats.source.failures
        assert "the set's own is bands: red, nir" in failure.reason

    @pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
    def test_nodata_as_typed_and_as_declared(self, rng, tmp_path, dtype):
        """A value is left out band by band, a tuple as whole pixels, auto by what the file says."""
        samples = random(rng, dtype, (3, 30, 30))
        samples[0, :10] = samples[1, 5:12] = samples[2, 9:, :7] = -7 if dtype != "uint16" else 7
        value = samples[0, 0, 0].item()
        write(tmp_path / "a.tif", samples, nodata=value)
        masked = np.ma.masked_equal(samples.astype(np.float64), value)
        scale = 65535 if dtype == "uint16" else 1
        for typed in (value, "auto"):
            stats = bnstat.compute(tmp_path, mode="bands", nodata=typed, workers=1)
            assert tuple(masked.count(axis=(1, 2)).tolist()) == stats.count
            assert np.allclose(masked.mean(axis=(1, 2)) / scale, stats.mean, rtol=1e-12)
            assert np.allclose(masked.std(axis=(1, 2)) / scale, stats.std, rtol=1e-10)
            assert stats.methods["batchnorm"] is None
        whole = bnstat.compute(tmp_path, mode="bands", nodata=(value,) * 3, workers=1)
        all_equal = (samples == value).all(axis=0).sum()
        assert all_equal and (900 - all_equal,) * 3 == whole.count

    def test_nan_is_a_value(self, rng, tmp_path):
        """NaN is a failure, unless it is named as nodata."""
        samples = random(rng, "float32", (2, 9, 9))
        samples[1, :4] = np.nan
        write(tmp_path / "a.tif", samples)
        with pytest.raises(NothingMeasuredError):
            bnstat.compute(tmp_path, mode="bands", workers=1)
        stats = bnstat.compute(tmp_path, mode="bands", nodata="nan", workers=1)
        assert (81, 45) == stats.count
        assert np.isclose(np.nanmean(samples[1].astype(float)), stats.mean[1], rtol=1e-12)

    def test_shards_merge_and_groups_add_up(self, rng, tmp_path):
        """Signed integers merge exactly, by shard and by group."""
        for i in range(8):
            (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
            write(tmp_path / "ab"[i % 2] / f"{i}.tif", random(rng, "int16", (5, 6, 6)))
        whole = bnstat.compute(tmp_path, mode="bands", by="folder", workers=1)
        shards = [
            bnstat.compute(tmp_path, mode="bands", by="folder", shard=(i, 3), workers=1)
            for i in (1, 2, 3)
        ]
        merged = bnstat.merge(*shards)
        assert (whole.sum, whole.sum_of_squares) == (merged.sum, merged.sum_of_squares)
        assert whole.methods["two-pass"] == merged.methods["two-pass"]
        assert whole.groups == merged.groups
        assert whole.sum == tuple(
            a + b for a, b in zip(*(group.sum for group in whole.groups.values()), strict=True)
        )

    def test_in_an_archive(self, rng, tmp_path):
        """Rasters in a tar are read from memory."""
        import tarfile

        path = write(tmp_path / "a.tif", random(rng, "uint16", (5, 8, 8)))
        with tarfile.open(tmp_path / "x.tar", "w") as archive:
            archive.add(path, "a.tif")
        one, other = (
            bnstat.compute(p, mode="bands", workers=1) for p in (path, tmp_path / "x.tar")
        )
        assert one.sum == other.sum

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"augment": "Resize(4)"}, "does not go with a pipeline"),
            ({"masks": "m/{stem}.png"}, "does not go with masks"),
            ({"alpha": "exclude"}, "does not go with alpha"),
            ({"journal": "j.db"}, "does not go with a journal"),
        ],
    )
    def test_what_does_not_go_with_bands(self, rng, tmp_path, monkeypatch, options, words):
        """What bands cannot have is refused before anything is read."""
        monkeypatch.chdir(tmp_path)
        write(tmp_path / "a.tif", random(rng, "uint8", (5, 8, 8)))
        with pytest.raises(MeasureError, match=words):
            bnstat.compute(tmp_path, mode="bands", workers=1, **options)

    def test_nothing_but_the_named_file_is_opened(self, rng, tmp_path):
        """A VRT is refused; side files that name masks, statistics or other files are not read."""
        secret = write(tmp_path / "secret.tif", random(rng, "uint8", (1, 8, 8)))
        folder = tmp_path / "data"
        folder.mkdir()
        own = random(rng, "uint8", (1, 8, 8))
        write(folder / "a.tif", own)
        vrt = (
            '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1">'
            f"<SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource>"
            "</VRTRasterBand></VRTDataset>"
        )
        (folder / "b.tif").write_text(vrt)
        (folder / "a.tif.aux.xml").write_text(
            '<PAMDataset><PAMRasterBand band="1"><NoDataValue>0</NoDataValue></PAMRasterBand>'
            "</PAMDataset>"
        )
        (folder / "a.ovr").write_text(vrt)
        stats = bnstat.compute(folder, mode="bands", nodata="auto", workers=1)
        assert ((64,), (int(own.sum()),)) == (stats.count, stats.sum)
        (failure,) = stats.source.failures
        assert "b.tif" == failure.image and "cannot be opened by GDAL" in failure.reason
        assert "secret" not in failure.reason
        (folder / "a.tif.msk").write_text(vrt)
        failures = bnstat.compute(folder / "a.tif", secret, mode="bands", workers=1).source.failures
        assert ["its mask cannot be opened by GDAL"] == [f.reason[:33] for f in failures]

    def test_drivers_that_read_one_file(self):
        """Only drivers are used whose files name no other."""
        from bnstat.decode.raster import DRIVERS

        assert not {"VRT", "GTI", "WMS", "HDF5", "netCDF", "ENVI", "HFA", "MRF"} & set(DRIVERS)

    def test_a_file_that_pillow_cannot_read_is_read_as_bands(self, rng, tmp_path):
        """A raster that is named alone is measured by its bands, where Pillow cannot read it."""
        samples = random(rng, "int16", (6, 8, 8))
        path = write(tmp_path / "a.tif", samples)
        stats = bnstat.compute(path, workers=1)
        assert ("bands", 6) == (stats.mode, len(stats.channels))
        assert tuple(samples.astype(int).sum(axis=(1, 2)).tolist()) == stats.sum


def test_without_rasterio(tmp_path, monkeypatch):
    """One line says which package is missing."""
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: name != "rasterio" and find(name, *rest)
    )
    with pytest.raises(
        MeasureError, match=r"need the package rasterio: pip install 'bnstat\[geo\]'"
    ):
        bnstat.compute(tmp_path, mode="bands")
