"""Arrays and files of arrays: exact, in any layout, never more in memory than asked for."""

import itertools
import os
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

import bnstat
from bnstat.errors import MeasureError, NothingMeasuredError, SourceError
from bnstat.sources.arrays import in_planes, layout_of

IMAGES = np.random.default_rng(5).integers(0, 256, (60, 8, 10, 3), dtype=np.uint8)
DTYPES = [np.uint8, np.uint16, ">u2", np.float32, np.float64, np.float16]


def moments(images):
    """Return mean and std by channel of (N, H, W, C), in [0, 1], in float64."""
    scale = float(np.iinfo(images.dtype).max) if images.dtype.kind == "u" else 1.0
    values = images.astype(np.float64).reshape(-1, images.shape[-1]) / scale
    return values.mean(axis=0), values.std(axis=0)


def of_dtype(dtype):
    dtype = np.dtype(dtype)
    return (IMAGES / 255).astype(dtype) if dtype.kind == "f" else IMAGES.astype(dtype)


def agrees(stats, images):
    mean, std = moments(images)
    return np.allclose(stats.mean, mean, rtol=1e-12) and np.allclose(stats.std, std, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_arrays_of_every_dtype(dtype):
    """The figures are numpy's in float64, in memory and mapped."""
    images = of_dtype(dtype)
    assert agrees(bnstat.compute(images), images)
    assert agrees(bnstat.compute(images, workers=2, augment="Identity()"), images) or (
        np.dtype(dtype) == ">u2" or np.dtype(dtype) == np.uint16  # which no pipeline takes
    )


@pytest.mark.parametrize("shape", [(8, 10), (16, 16), (7, 13), (128, 129), (1, 1)], ids=str)
def test_integers_are_exact_in_any_size(shape):
    """However images are added up: small ones together, large ones each by its histogram."""
    images = np.random.default_rng(1).integers(0, 256, (5, *shape, 3), dtype=np.uint8)
    stats, values = bnstat.compute(images, layout="NHWC"), images.reshape(-1, 3).astype(object)
    assert stats.sum == tuple(values.sum(axis=0))
    assert stats.sum_of_squares == tuple((values**2).sum(axis=0))
    assert np.array_equal(
        stats.histogram, [np.bincount(images[..., c].ravel(), minlength=256) for c in range(3)]
    )
    bright = np.full((3, *shape, 3), 255, np.uint8)
    assert bnstat.compute(bright, layout="NHWC").exact.mean == (1.0,) * 3


def test_one_array_is_counted_as_its_images_one_by_one(tmp_path):
    """Figures, fingerprint, failures and progress do not tell whether there were references."""
    broken = (IMAGES / 255).astype(np.float32)
    broken[7, 0, 0, 0] = np.nan
    for images in (IMAGES, broken):
        together, one_by_one = [], []
        whole = bnstat.compute(images, progress=together.append)
        each = bnstat.compute(images, progress=one_by_one.append, records=tmp_path / "r.csv")
        assert whole.source == each.source
        assert np.allclose(whole.std, each.std, rtol=1e-14)
        assert images is broken or whole.methods == each.methods
        assert together[-1] == one_by_one[-1]
    with pytest.raises(MeasureError, match="stopped at the first failure"):
        bnstat.compute(broken, fail_fast=True)


def test_layouts():
    """Each is taken at its word; a shape that has one meaning needs none."""
    expected = bnstat.compute(IMAGES).sum
    assert bnstat.compute(np.moveaxis(IMAGES, -1, 1)).sum == expected
    assert bnstat.compute(IMAGES[0], layout="HWC").source.images == 1
    assert bnstat.compute(np.moveaxis(IMAGES[0], -1, 0), layout="CHW").channels == ("R", "G", "B")
    assert bnstat.compute(IMAGES[..., 0]).channels == ("L",)
    assert bnstat.compute(IMAGES[0, ..., 0]).source.images == 1


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((9, 3, 8, 3), "3×8×3, which may be NHWC or NCHW; name its layout"),
        ((224, 224, 3), "224×224×3, which may be NHW or HWC; name its layout"),
        ((3, 224, 224), "3×224×224, which may be NHW or CHW; name its layout"),
        ((9, 8, 8, 8), "9×8×8×8, which is none of NHWC, .* for sure"),
        ((9,), "shape 9, which is none of"),
    ],
)
def test_doubt_is_an_error(shape, said):
    """It says what the shape may be, and how to say what it is."""
    with pytest.raises(SourceError, match=said):
        layout_of(np.zeros(shape, np.uint8), "x.npy")


def test_shapes_that_do_not_fit():
    """A layout of other axes, and one without images, are errors."""
    with pytest.raises(SourceError, match="x has the shape 8×10, which is not NHWC"):
        in_planes(np.zeros((8, 10)), "NHWC", "x")
    with pytest.raises(SourceError, match="x has no images"):
        in_planes(np.zeros((0, 8, 8, 3)), None, "x")


@pytest.mark.parametrize("workers", [1, 2])
def test_files_of_arrays(tmp_path, workers):
    """A .npy, an .npz of one array and of several: the array's figures, plain and drawn."""
    np.save(tmp_path / "x.npy", IMAGES)
    np.savez(tmp_path / "one.npz", IMAGES)
    np.savez_compressed(tmp_path / "m.npz", train_images=IMAGES, train_labels=np.zeros((60, 1)))
    expected = bnstat.compute(IMAGES)
    for name in ("x.npy", "one.npz", "m.npz"):
        stats = bnstat.compute(tmp_path / name, workers=workers)
        assert (stats.sum, stats.methods) == (expected.sum, expected.methods)
        flipped = bnstat.compute(tmp_path / name, workers=workers, augment="RandomVerticalFlip()")
        assert flipped.sum == expected.sum
    both = bnstat.compute(tmp_path / "x.npy", tmp_path / "m.npz", workers=workers)
    assert both.sum == tuple(2 * each for each in expected.sum)
    sample = bnstat.compute(tmp_path / "x.npy", sample=7, workers=workers)
    assert (sample.sample.images, sample.sample.of) == (7, 60)


def test_an_array_has_the_size_of_its_own_entry(tmp_path):
    """numpy calls two entries of an archive "a"; the limit is for the one that it reads."""
    with ZipFile(tmp_path / "x.npz", "w", ZIP_DEFLATED) as archive:
        for name, images in (("a", IMAGES), ("a.npy", IMAGES[:1])):
            with archive.open(name, "w") as file:
                np.lib.format.write_array(file, images)
    with pytest.raises(SourceError, match=f"has {IMAGES.nbytes + 128} bytes, more than"):
        bnstat.compute(tmp_path / "x.npz", array="a", max_bytes=IMAGES.nbytes)


def test_array_in_an_npz_is_named(tmp_path):
    """Where there are several, an error lists them; a result's is named when it is read again."""
    path = tmp_path / "m.npz"
    np.savez(path, train_images=IMAGES, val_images=IMAGES[:9])
    with pytest.raises(SourceError, match=r"train_images \(60×8×10×3\), val_images .*--array NAME"):
        bnstat.compute(path)
    with pytest.raises(SourceError, match="has no array 'x'; it has train_images, val_images"):
        bnstat.compute(path, array="x")
    stats = bnstat.compute(path, array="val_images")
    stats.save(tmp_path / "r.json")
    assert bnstat.load(tmp_path / "r.json").source.array == "val_images"
    again = bnstat.compare(tmp_path / "r.json", augment="RandomVerticalFlip()")
    assert again.rows[1].mean == stats.exact.mean


def test_files_that_are_no_arrays(tmp_path):
    """Each is an error that says why."""
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "text.npz").write_text("hello")
    np.save(tmp_path / "objects.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "cut.npy", IMAGES)
    os.truncate(tmp_path / "cut.npy", 2000)
    for name in ("text.npy", "text.npz", "objects.npy", "cut.npy"):
        with pytest.raises(SourceError, match=f"{name} is no array that can be read"):
            bnstat.compute(tmp_path / name)
    np.savez(tmp_path / "x.npz", IMAGES)
    with pytest.raises(SourceError, match="read: has 14528 bytes, more than --max-bytes allows"):
        bnstat.compute(tmp_path / "x.npz", max_bytes=14_000)
    np.save(tmp_path / "ints.npy", IMAGES.astype(np.int64))
    with pytest.raises(NothingMeasuredError) as caught:
        bnstat.compute(tmp_path / "ints.npy")
    assert caught.value.failures[0][1] == "became int64 samples, which have no known scale"


def test_mapped_memory_is_given_back(tmp_path):
    """A mapped array of 200 MB takes a few of them; a part of it is that part."""
    images = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, (4000, 128, 128, 3))
    images[:] = np.arange(4000, dtype=np.uint8)[:, None, None, None]
    images.flush()
    del images
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    before = _resident()
    largest = max(_resident_while(mapped)) - before
    assert largest < 60 << 20
    assert bnstat.compute(mapped[7:9]).sum[0] == 128 * 128 * (7 + 8)


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _resident_while(mapped):
    seen = []
    bnstat.compute(mapped, progress=lambda _: seen.append(_resident()))
    return itertools.chain(seen, [_resident()])


def test_folder_of_arrays_says_how_to_name_them(tmp_path):
    """They are no images by name; a pattern takes them."""
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(SourceError, match=r"but 1 \.npy file; name them: '.*/\*\*/\*\.npy'"):
        bnstat.compute(tmp_path)
    stats = bnstat.compute(f"{tmp_path}/**/*.npy")
    assert stats.source.images == 60
