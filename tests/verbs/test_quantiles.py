"""Percentiles, smallest and largest value, pooled figures: against numpy, merged and resumed."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import reports
from bnstat.errors import DocumentError, ExportError
from bnstat.result import OrderStatistics

DEFAULT = ("0.5", "1", "2", "5", "25", "50", "75", "95", "98", "99", "99.5")
KINDS = ("8-bit", "16-bit", "both")


def image_set(kind, number=9):
    """Return images of a kind: uint8 (H, W, 3) or uint16 (H, W), of several sizes."""
    rng = np.random.default_rng(5)
    images = []
    for i in range(number):
        size = tuple(rng.integers(3, 20, 2))
        if kind == "8-bit" or (kind == "both" and i % 2):
            images.append(rng.integers(0, 256, (*size, 3)).astype(np.uint8) // 2)
        else:
            images.append((rng.integers(0, 65536, size) // (i + 1)).astype(np.uint16))
    return images


def save(folder, images):
    folder.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number}.png")
    return folder


def samples(images, scale):
    """Return the samples of each channel, in units of the scale."""
    full = [i if i.ndim == 3 else np.stack([i] * 3, axis=2) for i in images]
    flat = [f.reshape(-1, 3).astype(np.int64) * (scale // np.iinfo(f.dtype).max) for f in full]
    return np.concatenate(flat)


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def images(kind):
    return image_set(kind)


@pytest.fixture(scope="module")
def folder(images, tmp_path_factory):
    return save(tmp_path_factory.mktemp("quantiles") / "data", images)


@pytest.fixture(scope="module")
def stats(folder):
    return bnstat.compute(folder, workers=1)


def test_percentiles_are_numpys(images, stats):
    """Each is numpy's value of the rank, to the last bit, as are the ends."""
    found = samples(images, stats.scale)
    assert DEFAULT == tuple(stats.quantiles)
    for name, values in stats.quantiles.items():
        q = float(name)
        expected = np.percentile(found, q, axis=0, method="inverted_cdf") / stats.scale
        assert expected.tolist() == values.tolist() == stats.percentile(q).tolist(), q
    for q, end, own in ((0, found.min(0), stats.min), (100, found.max(0), stats.max)):
        assert (end / stats.scale).tolist() == own.tolist() == stats.percentile(q).tolist()
    odd = np.percentile(found, 33.3, axis=0, method="inverted_cdf") / stats.scale
    assert odd.tolist() == stats.percentile(33.3).tolist()


def test_pooled_is_over_all_channels(images, stats):
    """One mean and one std, as numpy has them of all samples."""
    found = samples(images, stats.scale) / stats.scale
    assert (found.mean(), found.std()) == pytest.approx((stats.pooled.mean, stats.pooled.std))


def by_hand(images, scale):
    """Return what numpy has of some images: quantiles, min and max."""
    found = samples(images, scale)
    at = {q: np.percentile(found, float(q), axis=0, method="inverted_cdf") for q in DEFAULT}
    quantiles = {q: tuple((values / scale).tolist()) for q, values in at.items()}
    return OrderStatistics(quantiles, tuple(found.min(0) / scale), tuple(found.max(0) / scale))


@pytest.mark.parametrize("workers", [1, 2])
def test_groups_have_them_too(folder, images, tmp_path, workers):
    """By labels that alternate, of a table, of a dataset and of merged shards."""
    labels = tmp_path / "labels.csv"
    labels.write_text("".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(len(images))))
    whole = bnstat.compute(folder, by=str(labels), workers=workers)
    expected = {name: by_hand(images[i::2], whole.scale) for i, name in enumerate("ab")}
    assert expected == {name: g.order_statistics for name, g in whole.groups.items()}
    assert bnstat.Stats.from_json(whole.to_json()) == whole
    if workers == 1:
        items = [(image, "ab"[i % 2]) for i, image in enumerate(images) if image.ndim == 3]
        of_items = bnstat.compute(items, by=1, workers=1).groups if items else {}
        for i, name in enumerate(of_items):
            own = [image for image, label in items if label == name]
            assert of_items[name].order_statistics == by_hand(own, 255), i
        shards = [bnstat.compute(folder, by=str(labels), shard=(i, 2)) for i in (1, 2)]
        assert bnstat.merge(*shards).groups == whole.groups


def test_other_percentiles(folder):
    """--percentiles are those that the document has."""
    assert ("10", "99.9") == tuple(
        bnstat.compute(folder, workers=1, percentiles=(10, 99.9)).quantiles
    )


def test_the_document_keeps_them(stats, kind):
    """What is written is read again; only 16-bit samples need the sparse histogram."""
    assert stats == bnstat.Stats.from_json(stats.to_json())
    assert (kind == "8-bit") == (stats.sparse_histogram is None)


def test_workers_and_shards_change_nothing(folder, stats):
    """Shards that are merged, and other workers, have all of it to the last bit."""
    shards = [bnstat.compute(folder, workers=1, shard=f"{i}/2") for i in (1, 2)]
    whole = bnstat.compute(folder, workers=2)
    for other in (bnstat.merge(*shards), whole):
        for name in ("order_statistics", "pooled", "sparse_histogram", "histogram"):
            assert getattr(stats, name) == getattr(other, name), name


def test_a_journal_changes_nothing(images, stats, tmp_path):
    """After images were changed, what the journal knows of the others adds up to the same."""
    data, journal = save(tmp_path / "data", images), tmp_path / "journal.db"
    Image.fromarray(images[0] // 2).save(data / "3.png")
    bnstat.compute(data, workers=1, journal=journal)
    Image.fromarray(images[3]).save(data / "3.png")
    again = bnstat.compute(data, workers=1, journal=journal)
    for name in ("order_statistics", "pooled", "sparse_histogram", "histogram"):
        assert getattr(stats, name) == getattr(again, name), name


def test_merged_depths(tmp_path):
    """8- and 16-bit documents are merged to what one run has of both."""
    parts = [save(tmp_path / name, image_set(name)) for name in ("8-bit", "16-bit")]
    merged = bnstat.merge(*(bnstat.compute(part, workers=1) for part in parts))
    whole = bnstat.compute(*parts, workers=1)
    assert whole.order_statistics == merged.order_statistics
    assert whole.sparse_histogram == merged.sparse_histogram


def test_selected_samples_alone_count(folder, images, stats):
    """Samples that a selection leaves out are in no percentile."""
    some = bnstat.compute(folder, workers=1, nodata="0")
    assert some.min.min() > 0


def test_draws_of_a_pipeline(folder):
    """Under a pipeline, all draws count."""
    stats = bnstat.compute(folder, workers=1, augment="RandomHorizontalFlip(p=1.0)", epochs=2)
    assert 255 == stats.scale and len(stats.percentile(50)) == 3


@pytest.fixture
def floats(tmp_path):
    """Float images and one of 8 bits, in two folders, with what numpy has of each folder."""
    rng, expected = np.random.default_rng(7), {}
    for name in "ab":
        images = [rng.normal(i, 1, (5, 7)).astype(np.float32) for i in range(3)]
        (tmp_path / "data" / name).mkdir(parents=True)
        for i, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / "data" / name / f"{i}.tiff")
        if name == "b":
            Image.fromarray(np.full((2, 2), 51, np.uint8)).save(tmp_path / "data/b/z.png")
        flat = np.concatenate([image.ravel() for image in images])
        expected[name] = [float(flat.min())], [float(flat.max())]
    return tmp_path / "data", expected


def ends(of):
    return of.min.tolist(), of.max.tolist()


def test_floats_have_ends_and_no_percentiles(floats, tmp_path):
    """Of the whole and of groups, by any workers, merged, resumed; percentiles are refused."""
    folder, expected = floats
    options = {"mode": "L", "by": "folder"}
    stats = bnstat.compute(folder, workers=1, **options)
    assert {name: ends(group) for name, group in stats.groups.items()} == expected
    low, high = zip(*expected.values(), strict=True)
    assert ends(stats) == (min(low), max(high))
    assert stats.quantiles is None
    assert stats == bnstat.Stats.from_json(stats.to_json())
    shards = [bnstat.compute(folder, shard=(i, 3), workers=1, **options) for i in (1, 2, 3)]
    journal = [bnstat.compute(folder, journal=tmp_path / "j.db", **options) for _ in range(2)]
    for other in (bnstat.merge(*shards), bnstat.compute(folder, workers=2, **options), *journal):
        assert other.order_statistics == stats.order_statistics
        assert {n: g.order_statistics for n, g in other.groups.items()} == {
            n: g.order_statistics for n, g in stats.groups.items()
        }
    assert f"| min | {min(low)[0]:.6f} |\n| max |" in reports.markdown(stats)
    with pytest.raises(DocumentError, match="only 8- and 16-bit samples"):
        stats.percentile(50)


def test_ends_of_float_arrays(tmp_path):
    """In batches of an accumulator, masked ones too, and of an array: those of numpy."""
    batch = np.random.default_rng(8).normal(size=(6, 2, 4, 5)).astype(np.float32)
    keep = batch > -1
    expected = batch.min(axis=(0, 2, 3)).tolist(), batch.max(axis=(0, 2, 3)).tolist()
    kept = np.where(keep, batch, np.inf).min(axis=(0, 2, 3)).tolist(), expected[1]
    assert ends(bnstat.compute(batch, layout="NCHW", workers=1)) == expected
    assert ends(bnstat.Accumulator().update(batch).compute()) == expected
    assert ends(bnstat.Accumulator().update(batch, mask=keep).compute()) == kept
    state = bnstat.Accumulator().update(batch).state_dict()
    again = bnstat.Accumulator()
    again.load_state_dict(state)
    assert ends(again.compute()) == expected


@pytest.mark.parametrize("dtype", ["int16", "float32", "uint32"])
def test_ends_of_bands(tmp_path, dtype):
    """Of signed and of 32-bit samples, in the unit that --max-value gives them."""
    rasterio = pytest.importorskip("rasterio")
    bands = np.random.default_rng(9).integers(5, 900, (2, 9, 8)).astype(dtype)
    options = {"driver": "GTiff", "height": 9, "width": 8, "count": 2, "dtype": dtype}
    options["transform"] = rasterio.Affine(1, 0, 0, 0, -1, 9)
    with rasterio.open(tmp_path / "a.tif", "w", **options) as file:
        file.write(bands)
    unit = None if dtype == "float32" else 1000
    stats = bnstat.compute(tmp_path, mode="bands", max_value=unit, workers=1)
    flat = bands.reshape(2, -1) / (unit or 1)
    assert ends(stats) == (flat.min(1).tolist(), flat.max(1).tolist())


def test_figures_are_arrays_that_cannot_be_changed(stats):
    """What has one value a channel is computed with, as mean and std are; of groups too."""
    for values in (stats.min, stats.max, stats.percentile(50), stats.quantiles["50"], stats.mean):
        assert (values * 2).tolist() == [2 * value for value in values.tolist()]
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


@pytest.mark.parametrize("q", [-1, 100.5, float("nan")])
def test_no_percentile(stats, q):
    """What is no percentile is refused."""
    with pytest.raises(ValueError, match="from 0 to 100"):
        stats.percentile(q)


def test_csv_and_report(stats):
    """The CSV has a row for each; -v shows them."""
    rows = list(csv.reader(io.StringIO(reports.csv(stats))))
    assert ["histogram", "percentile 99.5", "G", str(stats.percentile(99.5).tolist()[1])] in rows
    assert ["histogram", "max", "R", str(stats.max.tolist()[0])] in rows
    assert ["pooled", "std", "all", str(stats.pooled.std)] in rows
    text = reports.markdown(stats)
    assert f"| 99.5 % | {' | '.join(f'{v:.6f}' for v in stats.percentile(99.5))} |" in text
    assert f"mean {stats.pooled.mean:.6f}, std {stats.pooled.std:.6f}" in text


def test_csv_of_groups(folder, tmp_path):
    """A row for each percentile and end of a group."""
    stats = bnstat.compute(folder, by="folder", workers=1)
    [(name, group)] = stats.groups.items()
    rows = list(csv.reader(io.StringIO(reports.csv(stats))))
    assert [f"group {name}", "percentile 95", "B", str(group.quantiles["95"].tolist()[2])] in rows
    assert [f"group {name}", "min", "R", str(group.min.tolist()[0])] in rows


def test_compare_tells_them(folder, stats):
    """In CSV and JSON, of results and groups, each beside the baseline's."""
    dark = bnstat.compute(folder, workers=1, nodata="0")
    found = bnstat.compare(stats, dark, workers=1)
    rows = list(csv.reader(io.StringIO(reports.csv(found))))
    value, own = (found.order_statistics.min[1] for found in (dark, stats))
    assert [found.rows[1].name, "min", "G", str(value), str(value - own), ""] in rows
    told = json.loads(reports.json(found))["rows"][0]["distribution"]
    assert told["percentile 99.5"] == stats.percentile(99.5).tolist()
    none = bnstat.compare(stats, to="imagenet")
    assert (none.rows[0].distribution == {}) == (none.rows[0].result is None)


def test_export_pooled(stats):
    """Each channel gets the one mean and std; other methods have none."""
    text = bnstat.export(stats, "json", pooled=True, precision=6).decode()
    assert text.count(f"{stats.pooled.std:.6g}") == 3
    assert '"method": "pooled"' in text
    with pytest.raises(ExportError, match="pooled figures are those of two-pass, not of welford"):
        bnstat.export(stats, "json", pooled=True, method="welford")


def test_options(in_process, folder, tmp_path):
    """--percentiles and --pooled do on the command line what their keywords do."""
    document = tmp_path / "stats.json"
    options = ("--workers", "1", "-q", "-o", document)
    assert 0 == in_process("compute", folder, "--percentiles", "50,99.9", *options).status
    stats = bnstat.load(document)
    assert ["50", "99.9"] == list(stats.quantiles)
    done = in_process("export", document, "--pooled", "--format", "csv")
    assert bnstat.export(stats, "csv", pooled=True).decode() == done.out
    refused = in_process("export", document, "--pooled", "--method", "welford")
    assert (4, "bnstat: pooled figures are those of two-pass, not of welford\n") == (
        refused.status,
        refused.err,
    )
