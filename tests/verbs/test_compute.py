"""compute(): sources to figures, against plain loops and exact fractions."""

import math
import os
import random
import shutil
from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image

import bnstat
from bnstat.errors import MeasureError, NothingMeasuredError, SourceError


def moments(channel, scale):
    """Return mean and population variance of integer samples, each rounded once."""
    n, total = len(channel), sum(map(int, channel))
    squares = sum(int(v) ** 2 for v in channel)
    mean = Fraction(total, n * scale)
    return float(mean), float(Fraction(squares, n * scale**2) - mean**2)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_figures_are_the_fractions_rounded(photos, samples, mode):
    """Mean and variance are the exact fractions, to the last bit; std is the root."""
    stats = bnstat.compute(photos, mode=mode, workers=1)
    expected = [moments(channel, 255) for channel in samples(photos, mode)]
    assert stats.exact.mean == tuple(mean for mean, _ in expected)
    assert stats.exact.var == tuple(var for _, var in expected)
    assert stats.exact.std == tuple(math.sqrt(var) for _, var in expected)


def test_figures_are_those_of_a_plain_loop(photos, samples):
    """A loop in float64 over all pixels gives the same mean and std."""
    stats, pixels = bnstat.compute(photos, workers=1), samples(photos) / 255
    np.testing.assert_allclose(stats.mean, pixels.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(stats.std, pixels.std(axis=1), rtol=1e-12)
    np.testing.assert_allclose(stats.methods["welford"].mean, stats.mean, rtol=1e-12)
    np.testing.assert_allclose(stats.methods["welford"].std, stats.std, rtol=1e-12)


def test_sums_and_histogram(photos, samples):
    """count, sums and histogram are those of all samples."""
    stats, pixels = bnstat.compute(photos, workers=1), samples(photos)
    assert (stats.count, stats.scale, stats.channels) == (
        (pixels.shape[1],) * 3,
        255,
        ("R", "G", "B"),
    )
    assert stats.sum == tuple(pixels.sum(axis=1).tolist())
    assert stats.sum_of_squares == tuple((pixels**2).sum(axis=1).tolist())
    counts = [np.bincount(channel, minlength=256).tolist() for channel in pixels]
    assert [list(row) for row in stats.histogram] == counts


@pytest.mark.parametrize("workers", [2, 3, None])
def test_workers_do_not_matter(photos, workers):
    """The document is the same but for the second it was written in."""
    one, other = (bnstat.compute(photos, workers=n).to_json() for n in (1, workers))
    keep = [line for line in one.splitlines() if '"created"' not in line]
    assert keep == [line for line in other.splitlines() if '"created"' not in line]


def test_source_is_described(photos, monkeypatch):
    """The document says what was measured, from where, and what was left out."""
    monkeypatch.chdir(photos.parent)
    source = bnstat.compute("photos", workers=1).source
    assert source.locations == ("photos",)
    assert source.cwd == os.fspath(photos.parent)
    assert (source.images, source.skipped, source.duplicates) == (6, 1, 0)
    assert (source.failures, source.deeper_than_8_bits) == ((), 0)


def test_paths_may_be_of_any_kind(photos):
    """A str and a path are the same source."""
    one, other = bnstat.compute(photos, workers=1), bnstat.compute(str(photos), workers=1)
    assert one.source == other.source


def test_several_sources(photos, samples):
    """Several folders and files are one set."""
    stats = bnstat.compute(photos / "cats", photos / "palette.png", workers=1)
    pixels = samples(photos, names=["cats/1.jpg", "cats/young/2.PNG", "palette.png"])
    assert (stats.source.images, stats.sum) == (3, tuple(pixels.sum(axis=1).tolist()))


def test_duplicates_count_once(photos):
    """A source given twice is measured once, and the rest is counted."""
    once = bnstat.compute(photos, photos / "cats", workers=1)
    assert (once.source.images, once.source.duplicates) == (6, 2)
    assert once.sum == bnstat.compute(photos, workers=1).sum


def test_fingerprints_add_up(photos):
    """With the same keys, the fingerprints of parts add up to that of the whole."""
    names = ["cats", "dogs", "palette.png"]
    whole = bnstat.compute(*(photos / name for name in names), workers=1).source.fingerprint
    parts = [
        bnstat.compute(photos / name, photos / name, workers=1).source.fingerprint for name in names
    ]
    assert int(whole, 16) == sum(int(part, 16) for part in parts) % 2**256
    assert len(whole) == 64


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"], ids=["newline", "CRLF", "NUL"])
def test_files_from(photos, samples, tmp_path, end):
    """A list names the images; its root is left out of the keys."""
    names = ["dogs/gray.png", "cats/1.jpg"]
    listed = "".join(f"{photos}/{name}{end}" for name in [*names, "bad.jpg"])
    (tmp_path / "list").write_bytes(listed.encode())
    stats = bnstat.compute(files_from=tmp_path / "list", null=end == "\0", root=photos, workers=1)
    assert stats.sum == tuple(samples(photos, names=names).sum(axis=1).tolist())
    assert [failure.image for failure in stats.source.failures] == ["bad.jpg"]
    listing = stats.source.files_from
    assert (listing.null, listing.root, listing.again) == (end == "\0", os.fspath(photos), True)


def test_eight_and_sixteen_bits_together(photos, tmp_path):
    """65535 = 255 · 257: both depths merge exactly, at the deeper scale."""
    deep = np.random.default_rng(1).integers(0, 65536, (9, 13), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    shutil.copy(photos / "dogs" / "gray.png", tmp_path)
    shallow = np.asarray(Image.open(tmp_path / "gray.png"), dtype=np.int64) * 257
    stats = bnstat.compute(tmp_path, mode="L", workers=1)
    together = [*deep.ravel().tolist(), *shallow.ravel().tolist()]
    assert (stats.scale, stats.histogram, stats.source.deeper_than_8_bits) == (65535, None, 1)
    assert stats.sum == (sum(together),)
    assert (stats.mean[0], stats.var[0]) == moments(together, 65535)


def test_floats_and_integers_together(photos, tmp_path):
    """Float samples make a float document; integers are divided by their scale."""
    floats = np.random.default_rng(2).normal(0.3, 2.0, (9, 13)).astype(np.float32)
    Image.fromarray(floats).save(tmp_path / "float.tif")
    shutil.copy(photos / "dogs" / "gray.png", tmp_path)
    gray = np.asarray(Image.open(tmp_path / "gray.png"), dtype=np.float64) / 255
    stats = bnstat.compute(tmp_path, mode="L", workers=1)
    together = np.concatenate([floats.astype(np.float64).ravel(), gray.ravel()])
    assert (stats.scale, stats.sum, stats.sum_of_squares, stats.histogram) == (1, None, None, None)
    np.testing.assert_allclose(stats.mean, together.mean(), rtol=1e-12)
    np.testing.assert_allclose(stats.std, together.std(), rtol=1e-12)


def test_native_mode(tmp_path):
    """The set's own mode is that of most images; the others are failures."""
    for name, mode in (("a", "L"), ("b", "RGB"), ("c", "L")):
        Image.new(mode, (3, 2), "white").save(tmp_path / f"{name}.png")
    stats = bnstat.compute(tmp_path, mode="native", workers=1)
    assert (stats.channels, stats.count, stats.source.images) == (("L",), (12,), 2)
    assert [(f.image, f.reason) for f in stats.source.failures] == [
        ("b.png", "is of mode RGB; the set's own is L")
    ]


def test_failures_add_nothing(photos, tmp_path):
    """With broken files among the good ones, all figures are those of the good ones alone."""
    folder = tmp_path / "set"
    shutil.copytree(photos, folder)
    jpeg = (photos / "dogs" / "1.jpeg").read_bytes()
    png = (photos / "cats" / "young" / "2.PNG").read_bytes()
    bad = {
        "a-half.jpg": jpeg[: len(jpeg) // 2],
        "dogs/half.png": png[: len(png) // 2],
        "empty.png": b"",
        "text.jpg": b"hello",
    }
    for name, content in bad.items():
        (folder / name).write_bytes(content)
    stats, good = (bnstat.compute(path, workers=1) for path in (folder, photos))
    assert {failure.image for failure in stats.source.failures} == set(bad)
    assert all(failure.reason for failure in stats.source.failures)
    assert (stats.methods, stats.conventions) == (good.methods, good.conventions)
    assert (stats.sum_of_squares, stats.histogram) == (good.sum_of_squares, good.histogram)
    assert (stats.count, stats.source.images) == (good.count, 6)


def test_schedule_is_what_batchnorm_replays(photos):
    """The options of the schedule reach the estimate, and change nothing else."""
    options = {"batch_size": 2, "momentum": None, "order": "listed", "epochs": 3}
    stats, default = bnstat.compute(photos, workers=1, **options), bnstat.compute(photos, workers=1)
    replayed = stats.methods["batchnorm"]
    assert (replayed.batch_size, replayed.momentum, replayed.order) == (2, None, "listed")
    assert (replayed.batches, replayed.start_weight) == (9, 0.0)
    assert (stats.exact.mean, stats.count) == (default.exact.mean, default.count)
    assert (stats.pipeline.epochs, default.methods["batchnorm"].batches) == (3, 1)


def test_seed_shuffles(photos):
    """Another seed is another order for batchnorm, and nothing else."""
    one, same, other = (
        bnstat.compute(photos, batch_size=1, seed=seed, workers=1) for seed in (1, 1, 2)
    )
    assert one.methods == same.methods
    assert one.methods["batchnorm"].mean != other.methods["batchnorm"].mean
    assert one.methods["two-pass"] == other.methods["two-pass"]


def test_batch_of_one_sample(tmp_path):
    """Where BatchNorm2d would raise, batchnorm is None, with the reason."""
    Image.new("RGB", (1, 1), "red").save(tmp_path / "dot.png")
    stats = bnstat.compute(tmp_path, workers=1)
    assert stats.methods["batchnorm"] is None
    assert stats.reasons == {
        "batchnorm": "a batch has one sample per channel, where BatchNorm2d raises"
    }
    assert (stats.exact.mean, stats.exact.std) == ((1.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def test_max_pixels(photos):
    """Images of more pixels are failures."""
    failures = bnstat.compute(photos, max_pixels=1200, workers=1).source.failures
    assert [failure.image for failure in failures] == ["dogs/1.jpeg"]


def test_no_source():
    """Nothing to measure is an error."""
    with pytest.raises(SourceError):
        bnstat.compute()


def test_sources_and_a_list(photos, tmp_path):
    """Sources and a list at once are an error."""
    with pytest.raises(SourceError, match="give sources or files_from, not both"):
        bnstat.compute(photos, files_from=tmp_path)


def test_missing_source(tmp_path):
    """A source that is not there is named."""
    with pytest.raises(SourceError) as caught:
        bnstat.compute(tmp_path / "none")
    assert str(caught.value) == f"no folder or file {tmp_path}/none; check the path"


def test_empty_folder(tmp_path):
    """A folder without images is an error, which says what is in it."""
    with pytest.raises(SourceError) as caught:
        bnstat.compute(tmp_path, workers=1)
    assert str(caught.value).startswith(f"no images in {tmp_path}, which has no files; images end")
    for name in ("a.txt", "b.dat"):
        (tmp_path / name).touch()
    with pytest.raises(SourceError, match=r"which has 2 other files \(.+\);"):
        bnstat.compute(tmp_path, workers=1)


def test_all_failed(tmp_path):
    """Where all images fail there is no result, but each is named with its reason."""
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).touch()
    with pytest.raises(NothingMeasuredError) as caught:
        bnstat.compute(tmp_path, workers=1)
    assert caught.value.failures == [("a.jpg", "is empty"), ("b.png", "is empty")]
    assert str(caught.value) == f"none of the 2 images in {tmp_path} could be measured"
    assert caught.value.__notes__ == ["a.jpg: is empty", "b.png: is empty"]


def test_fail_fast(tmp_path, photos):
    """With fail_fast the first image that fails ends it all."""
    with pytest.raises(MeasureError) as caught:
        bnstat.compute(photos, photos / "notes.txt", fail_fast=True, workers=1)
    reason = "is not an image of a known format (stopped at the first failure)"
    assert str(caught.value) == f"{photos}/notes.txt: {reason}"


def test_errors_are_one_family():
    """Whoever catches BnstatError catches all that is raised on purpose."""
    for error in (SourceError, MeasureError, NothingMeasuredError):
        assert issubclass(error, bnstat.BnstatError)


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_reaches_the_total(tmp_path, workers):
    """Progress ends with all images, of a total that is known by then."""
    Image.new("L", (4, 4)).save(tmp_path / "seed.png")
    for i in range(299):
        os.link(tmp_path / "seed.png", tmp_path / f"{i}.png")
    seen = []
    bnstat.compute(tmp_path, workers=workers, progress=seen.append)
    size = 300 * (tmp_path / "seed.png").stat().st_size
    last = seen[-1]
    assert (last.images, last.failures, last.bytes, last.total) == (300, 0, size, 300)
    assert {progress.total for progress in seen} <= {None, 300}


def test_what_progress_raises_ends_the_run(photos, processes):
    """An error of the caller's own progress function is raised, and no worker is left."""

    def stop(progress):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        bnstat.compute(photos, workers=2, progress=stop)
    processes.eventually(lambda: not processes.workers(os.getpid()), seconds=5)


def test_random_state_is_the_callers(photos):
    """Measuring draws nothing from the generators of Python, numpy and torch."""

    def states():
        legacy = np.random.get_state()
        return random.getstate(), legacy[1].tolist(), legacy[2:], torch.get_rng_state().tolist()

    before = states()
    bnstat.compute(photos, workers=1)
    assert states() == before


def test_nothing_is_changed_or_left(photos, tmp_path, monkeypatch):
    """compute() writes nothing: not beside the images, not in the current folder."""
    monkeypatch.chdir(tmp_path)
    before = sorted(photos.rglob("*"))
    bnstat.compute(photos, workers=2)
    assert (sorted(photos.rglob("*")), list(tmp_path.iterdir())) == (before, [])


def test_saved_and_loaded(photos, tmp_path):
    """load() gives what compute() gave."""
    stats = bnstat.compute(photos, workers=1)
    stats.save(tmp_path / "bnstat.json")
    assert bnstat.load(tmp_path / "bnstat.json") == stats


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"epochs": 0},
        {"momentum": 0.0},
        {"momentum": 1.5},
        {"order": "random"},
        {"mode": "rgb"},
        {"workers": -1},
        {"max_pixels": 0},
        {"engine": "threads"},
        {"engine": "dask"},
        {"engine": "dask://host"},
    ],
    ids=str,
)
def test_options_without_meaning(photos, options):
    """An option that has no meaning is refused by its name, before anything is measured."""
    seen = []
    (name,) = options
    with pytest.raises((bnstat.BnstatError, ValueError), match=name):
        bnstat.compute(photos, **({"workers": 1} | options), progress=seen.append)
    assert seen == []
