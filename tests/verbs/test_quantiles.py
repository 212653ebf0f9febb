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
        assert tuple(expected) == values == stats.percentile(q), q
    assert tuple(found.min(0) / stats.scale) == stats.min == stats.percentile(0)
    assert tuple(found.max(0) / stats.scale) == stats.max == stats.percentile(100)
    odd = np.percentile(found, 33.3, axis=0, method="inverted_cdf") / stats.scale
    assert tuple(odd) == stats.percentile(33.3)


def test_pooled_is_over_all_channels(images, stats):
    """One mean and one std, as numpy has them of all samples."""
    found = samples(images, stats.scale) / stats.scale
    assert (found.mean(), found.std()) == pytest.approx((stats.pooled.mean, stats.pooled.std))


def by_hand(images, scale):
    """Return what numpy has of some images: quantiles, min and max."""
    found = samples(images, scale)
    at = {q: np.percentile(found, float(q), axis=0, method="inverted_cdf") for q in DEFAULT}
    quantiles = {q: tuple((values / scale).tolist()) for q, values in at.items()}
    return quantiles, tuple(found.min(0) / scale), tuple(found.max(0) / scale)


@pytest.mark.parametrize("workers", [1, 2])
def test_groups_have_them_too(folder, images, tmp_path, workers):
    """By labels that alternate, of a table and of a dataset; shards tell the ends alone."""
    labels = tmp_path / "labels.csv"
    labels.write_text("".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(len(images))))
    whole = bnstat.compute(folder, by=str(labels), workers=workers)
    expected = {name: by_hand(images[i::2], whole.scale) for i, name in enumerate("ab")}
    found = {name: (g.quantiles, g.min, g.max) for name, g in whole.groups.items()}
    assert found == expected
    assert bnstat.Stats.from_json(whole.to_json()) == whole
    if workers == 1:
        items = [(image, "ab"[i % 2]) for i, image in enumerate(images) if image.ndim == 3]
        of_items = bnstat.compute(items, by=1, workers=1).groups if items else {}
        for i, name in enumerate(of_items):
            own = [image for image, label in items if label == name]
            assert (of_items[name].quantiles, of_items[name].min) == by_hand(own, 255)[:2], i
        shards = [bnstat.compute(folder, by=str(labels), shard=(i, 2)) for i in (1, 2)]
        merged = bnstat.merge(*shards).groups
        assert {n: (g.quantiles, g.min, g.max) for n, g in merged.items()} == {
            name: (None, low, high) for name, (_, low, high) in expected.items()
        }


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
        for name in ("quantiles", "min", "max", "pooled", "sparse_histogram", "histogram"):
            assert getattr(stats, name) == getattr(other, name), name


def test_a_journal_changes_nothing(images, stats, tmp_path):
    """After images were changed, what the journal knows of the others adds up to the same."""
    data, journal = save(tmp_path / "data", images), tmp_path / "journal.db"
    Image.fromarray(images[0] // 2).save(data / "3.png")
    bnstat.compute(data, workers=1, journal=journal)
    Image.fromarray(images[3]).save(data / "3.png")
    again = bnstat.compute(data, workers=1, journal=journal)
    for name in ("quantiles", "min", "max", "pooled", "sparse_histogram", "histogram"):
        assert getattr(stats, name) == getattr(again, name), name


def test_merged_depths(tmp_path):
    """8- and 16-bit documents are merged to what one run has of both."""
    parts = [save(tmp_path / name, image_set(name)) for name in ("8-bit", "16-bit")]
    merged = bnstat.merge(*(bnstat.compute(part, workers=1) for part in parts))
    whole = bnstat.compute(*parts, workers=1)
    assert (whole.quantiles, whole.sparse_histogram) == (merged.quantiles, merged.sparse_histogram)


def test_selected_samples_alone_count(folder, images, stats):
    """Samples that a selection leaves out are in no percentile."""
    some = bnstat.compute(folder, workers=1, nodata="0")
    assert min(some.min) > 0


def test_draws_of_a_pipeline(folder):
    """Under a pipeline, all draws count."""
    stats = bnstat.compute(folder, workers=1, augment="RandomHorizontalFlip(p=1.0)", epochs=2)
    assert 255 == stats.scale and len(stats.percentile(50)) == 3


def test_floats_have_none(tmp_path):
    """Percentiles of floats are not kept: null in the document, and an error in words."""
    save(tmp_path / "data", [np.zeros((2, 2), np.uint8)])
    Image.fromarray(np.array([[0.5, 2.0]], np.float32)).save(tmp_path / "data" / "f.tiff")
    stats = bnstat.compute(tmp_path / "data", workers=1, mode="L")
    assert (None, None) == (stats.quantiles, stats.min)
    assert stats.pooled.mean == pytest.approx(2.5 / 6)
    assert stats == bnstat.Stats.from_json(stats.to_json())
    with pytest.raises(DocumentError, match="only 8- and 16-bit samples"):
        stats.percentile(50)


@pytest.mark.parametrize("q", [-1, 100.5, float("nan")])
def test_no_percentile(stats, q):
    """What is no percentile is refused."""
    with pytest.raises(ValueError, match="from 0 to 100"):
        stats.percentile(q)


def test_csv_and_report(stats):
    """The CSV has a row for each; -v shows them."""
    rows = list(csv.reader(io.StringIO(reports.csv(stats))))
    assert ["histogram", "percentile 99.5", "G", str(stats.percentile(99.5)[1])] in rows
    assert ["histogram", "max", "R", str(stats.max[0])] in rows
    assert ["pooled", "std", "all", str(stats.pooled.std)] in rows
    text = reports.markdown(stats)
    assert f"| 99.5 % | {' | '.join(f'{v:.6f}' for v in stats.percentile(99.5))} |" in text
    assert f"mean {stats.pooled.mean:.6f}, std {stats.pooled.std:.6f}" in text


def test_compare_tells_them(folder, stats):
    """In CSV and JSON, of results and groups, each beside the baseline's."""
    dark = bnstat.compute(folder, workers=1, nodata="0")
    found = bnstat.compare(stats, dark, workers=1)
    rows = list(csv.reader(io.StringIO(reports.csv(found))))
    value, own = dark.min[1], stats.min[1]
    assert [found.rows[1].name, "min", "G", str(value), str(value - own), ""] in rows
    told = json.loads(reports.json(found))["rows"][0]["distribution"]
    assert told["percentile 99.5"] == list(stats.percentile(99.5))
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
