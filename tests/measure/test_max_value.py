"""Stored integers divided by a value that is typed, instead of the largest of their depth."""

import json
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import ExportError, MeasureError, MergeError
from bnstat.show.comparison_report import comparison_report
from bnstat.targets import TARGETS


def write(folder, arrays):
    folder.mkdir(exist_ok=True)
    for i, samples in enumerate(arrays):
        Image.fromarray(samples).save(folder / f"{i}.png")
    return folder


def compute(*sources, **settings):
    return bnstat.compute(*sources, workers=1, **{"mode": "L", "max_value": 1023, **settings})


@pytest.fixture(scope="module")
def samples():
    samples = np.random.default_rng(0).integers(0, 1024, (4, 9, 7)).astype(np.uint16)
    samples[2, 3, 4] = 1023
    return samples


@pytest.fixture(scope="module")
def folder(samples, tmp_path_factory):
    """Images of 10 bits in files of 16."""
    return write(tmp_path_factory.mktemp("ten") / "bits", samples)


@pytest.mark.parametrize("most", [1, 1023, 2000, 65535])
def test_samples_are_divided_by_it(folder, samples, most):
    """Exactly; the document says so and is read again; 1 keeps what is stored."""
    stats, n, total = compute(folder, max_value=most), samples.size, int(samples.sum())
    assert (most, most, (total,)) == (stats.scale, stats.max_value, stats.sum)
    assert stats.exact.mean == (float(Fraction(total, n * most)),)
    assert stats.exact.std == (pytest.approx(float(samples.std()) / most, rel=1e-12),)
    assert stats.max == (1023 / most,)
    welford = stats.methods["welford"]
    assert welford.mean == (pytest.approx(stats.exact.mean[0], rel=1e-12),)
    assert stats == bnstat.Stats.from_json(stats.to_json())
    document = json.loads(stats.to_json())
    assert (most, most) == (document["scale"], document["max_value"])


def test_every_depth_has_it(tmp_path):
    """8 bits too, in color, with groups."""
    samples = np.random.default_rng(1).integers(0, 101, (3, 6, 5, 3)).astype(np.uint8)
    stats = compute(write(tmp_path / "a", samples), mode="RGB", max_value=100, by="folder")
    assert np.allclose(samples.reshape(-1, 3).mean(axis=0) / 100, stats.exact.mean, rtol=1e-15)
    assert {group.exact.mean for group in stats.groups.values()} == {stats.exact.mean}
    assert stats == bnstat.Stats.from_json(stats.to_json())


def test_gray_in_a_mode_with_alpha_is_opaque(folder):
    """Alpha is 1 in the same units."""
    assert compute(folder, mode="RGBA").mean[3] == 1.0


def test_a_pipeline_gets_eight_bits(folder, samples):
    """round(255 · v / N)."""
    stats = compute(folder, augment="Resize((9, 7))")
    expected = np.floor(samples * 255.0 / 1023 + 0.5).mean() / 255
    assert stats.exact.mean == (pytest.approx(expected, rel=1e-12),)
    assert (255, 1023) == (stats.scale, stats.max_value)
    assert stats == bnstat.Stats.from_json(stats.to_json())
    assert "[0, 1]" == stats.unit


@pytest.mark.parametrize("augment", [None, "Resize(9)"])
def test_samples_above_it_are_refused(folder, augment):
    """Each image for itself; where a selection leaves them out, it is measured."""
    with pytest.raises(bnstat.NothingMeasuredError) as raised:
        compute(folder, max_value=500, augment=augment)
    key, reason = raised.value.failures[0]
    assert key == "0.png"
    assert reason.startswith("has a sample of 10")
    assert reason.endswith(", above --max-value 500")


def test_what_is_left_out_may_be_above_it(tmp_path):
    """As 65535, which stands for no depth."""
    samples = np.array([[[5, 65535], [10, 0]]], np.uint16)
    folder = write(tmp_path / "a", samples)
    assert compute(folder, max_value=10, nodata=65535).mean == (0.5,)
    drawn = compute(folder, max_value=10, nodata=65535, augment="Resize((2, 2))")
    assert drawn.mean == (pytest.approx(383 / 255 / 3),)  # 127.5 is rounded to 128


def test_depths_are_not_mixed(folder, samples, tmp_path):
    """Neither in a set nor by a merge; nor is color of which Pillow gives 8 bits."""
    small = write(tmp_path / "small", [(each // 8).astype(np.uint8) for each in samples])
    with pytest.raises(MeasureError, match="of 8 and of 16 bits, and --max-value is of one depth"):
        compute(folder, small)
    with pytest.raises(MergeError, match="they differ in depth, 16 and 8"):
        bnstat.merge(compute(folder), compute(small))
    with pytest.raises(MeasureError, match="does not go with --alpha over"):
        compute(folder, alpha="over:white")


def test_merging(folder, samples):
    """Shards make the whole; others of another value are refused."""
    parts = [compute(folder, shard=f"{i}/2") for i in (1, 2)]
    whole = compute(folder)
    merged = bnstat.merge(*parts)
    for name in ("mean", "var", "sum", "scale", "max_value", "sparse_histogram", "quantiles"):
        assert getattr(whole, name) == getattr(merged, name)
    with pytest.raises(MergeError, match="they differ in max-value, 1023 and None"):
        bnstat.merge(parts[0], compute(folder, shard="2/2", max_value=None))


def test_it_is_measured_again_as_it_was(folder, tmp_path):
    """A result knows it, and a journal: that of another is refused."""
    stats = compute(folder, journal=tmp_path / "j.db")
    comparison = bnstat.compare(stats, augment=["Identity()"], workers=1)
    assert [1023, 1023] == [row.result.max_value for row in comparison.rows]
    assert stats.exact.mean == compute(folder, journal=tmp_path / "j.db").exact.mean
    with pytest.raises(bnstat.BnstatError, match="max-value"):
        compute(folder, journal=tmp_path / "j.db", max_value=1000)


def test_the_line_on_fewer_bits_is_answered(folder):
    """By the value; whatever it is."""
    assert "fewer-bits" in {w.code for w in bnstat.compute(folder, mode="L").warnings}
    for most in (1023, 65535):
        assert "fewer-bits" not in {w.code for w in compute(folder, max_value=most).warnings}


CONVERTED = {
    "normalize": "ToDtype(torch.float32),",
    "hf": f'"rescale_factor": {1 / 1023}',
    "albumentations": "max_pixel_value=1023.0",
    "json": '"unit": "divided"',
}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_exports_say_it_or_refuse(folder, name):
    """Snippets take samples as they are stored, or are told what to divide by; others refuse."""
    stats, target = compute(folder), TARGETS[name]
    if target.units == ("[0, 1]",):
        with pytest.raises(
            ExportError, match=r"integers divided by --max-value, which|holds 3 chan"
        ):
            target.figures(stats)
        return
    figures = target.figures(stats)
    stored = name not in ("hf", "albumentations", "json", "yaml", "toml", "csv", "env")
    assert figures.mean == (pytest.approx(stats.exact.mean[0] * (1023 if stored else 1)),)
    if not target.binary:
        text = target.render(figures).decode()
        assert CONVERTED.get(name, "") in text
        assert "in [0, 1]" not in text and "scale=True" not in text
        assert "integers divided by 1023" in text
    assert target.figures(stats, scale=1).mean == stats.exact.mean


@pytest.mark.parametrize("augment", [None, "Identity()"])
def test_integers_of_32_bits(tmp_path, augment):
    """They have no scale but the one that is asked for."""
    samples = np.array([[0, 50_000], [100_000, 70_000]], np.int32)
    Image.fromarray(samples).save(tmp_path / "a.tif")
    path = tmp_path / "a.tif"
    with pytest.raises(bnstat.NothingMeasuredError) as raised:
        compute(path, max_value=None)
    assert raised.value.failures[0][1].endswith(
        "no known scale; save as 16-bit, or add --max-value"
    )
    mean = samples.mean() / 100_000
    stats = compute(path, max_value=100_000, augment=augment)
    assert stats.mean[0] == pytest.approx(mean, abs=1e-12 if augment is None else 1e-2)
    assert stats == bnstat.Stats.from_json(stats.to_json())
    with pytest.raises(bnstat.NothingMeasuredError):
        compute(path, max_value=99_999, augment=augment)


def test_compare_names_it(folder):
    """In the heading of the row, and in JSON."""
    comparison = bnstat.compare(compute(folder, max_value=None), compute(folder))
    rows = comparison.to_dict()["rows"]
    assert [None, 1023] == [row["max_value"] for row in rows]
    assert "(integers divided by 1023)" in str(comparison_report(comparison))
