"""Groups of images: their figures, against numpy; their sums, which add up to the whole's."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import SourceError

CLASSES = ("cats", "dogs", "owls")


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """Ninety images in three folders, of which owls are darker, and one in no folder."""
    top = tmp_path_factory.mktemp("classes") / "data"
    rng = np.random.default_rng(3)
    for i in range(90):
        name = CLASSES[i % 3]
        (top / name / "deep").mkdir(parents=True, exist_ok=True)
        centre = rng.uniform(100, 180) - 80 * (name == "owls")
        pixels = np.clip(rng.normal(centre, 20, (3 + i % 4, 5, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(top / name / ("deep" if i % 2 else "") / f"{i}.png")
    Image.new("RGB", (2, 2), (10, 20, 30)).save(top / "alone.png")
    return top


@pytest.fixture(scope="module")
def whole(classes):
    return bnstat.compute(classes, by="folder", workers=1)


def test_figures_are_those_of_the_folders_alone(classes, whole, samples):
    """Each group has the figures of its images, as numpy has them; `.` is in no folder."""
    assert [".", *CLASSES] == list(whole.groups)
    for name in CLASSES:
        pixels, group = samples(classes / name), whole.groups[name]
        assert (30, (pixels.shape[1],) * 3) == (group.images, group.count)
        assert tuple(map(int, pixels.sum(axis=1))) == group.sum
        assert tuple(map(int, (pixels**2).sum(axis=1))) == group.sum_of_squares
        assert np.allclose(pixels.mean(axis=1) / 255, group.mean, rtol=1e-13)
        assert np.allclose(pixels.std(axis=1) / 255, group.std, rtol=1e-12)


def test_sums_add_up_to_the_whole(whole):
    """The integers of all groups are those of the whole, channel by channel."""
    for name in ("count", "sum", "sum_of_squares"):
        rows = [getattr(group, name) for group in whole.groups.values()]
        assert getattr(whole, name) == tuple(map(sum, zip(*rows, strict=True)))


def test_mixed_depths_are_in_the_unit_of_the_whole(tmp_path):
    """A group of 8-bit images beside 16-bit ones has sums in units of 65535, too."""
    for name, dtype in (("a", np.uint8), ("b", np.uint16)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((2, 2), 7, dtype)).save(tmp_path / name / "x.png")
    stats = bnstat.compute(tmp_path, mode="L", by="folder", workers=1)
    assert (65535, (4 * 7 * 257,)) == (stats.scale, stats.groups["a"].sum)
    assert float(Fraction(7, 255)) == stats.groups["a"].mean[0]
    assert stats.sum[0] == stats.groups["a"].sum[0] + stats.groups["b"].sum[0]


@pytest.mark.parametrize("options", [{"workers": 2}, {"journal": "j.db"}])
def test_how_it_is_run_does_not_matter(classes, whole, options, tmp_path):
    """Workers and a journal, fresh and resumed, give the same groups."""
    if "journal" in options:
        options = {"journal": tmp_path / "j.db", "workers": 1}
        bnstat.compute(classes, by="folder", **options)
    assert whole.groups == bnstat.compute(classes, by="folder", **options).groups


def test_merged_shards_have_the_groups_of_the_whole(classes, whole):
    """Groups of shards add up, also where a shard has no image of one."""
    shards = [bnstat.compute(classes, by="folder", shard=(i, 40), workers=1) for i in range(1, 41)]
    assert any(len(shard.groups or ()) < 4 for shard in shards)
    assert whole.groups == bnstat.merge(*shards).groups


def test_merging_with_a_result_without_groups(classes, whole):
    """Where one result has no groups, neither has the sum."""
    one = bnstat.compute(classes, by="folder", shard="1/2", workers=1)
    two = bnstat.compute(classes, shard="2/2", workers=1)
    assert bnstat.merge(one, two).groups is None


def test_float_samples_have_groups_without_sums(classes):
    """Of float samples, groups have mean and variance; merged ones those of all samples."""
    spec = "Resize((4, 4)) | ToImage | ToDtype(torch.float32, scale=True)"
    whole = bnstat.compute(classes, augment=spec, by="folder", workers=1)
    shards = [
        bnstat.compute(classes, augment=spec, by="folder", shard=(i, 2), workers=1) for i in (1, 2)
    ]
    merged = bnstat.merge(*shards)
    assert whole.groups["owls"].sum is None is merged.groups["owls"].sum
    assert np.allclose(whole.groups["owls"].var, merged.groups["owls"].var, rtol=1e-12)


def test_folders_of_several_sources_are_one_group(classes):
    """The label is the first folder below the source that an image is in."""
    stats = bnstat.compute(classes / "cats", classes / "dogs", by="folder", workers=1)
    assert {".": 30, "deep": 30} == {label: group.images for label, group in stats.groups.items()}


def test_labels_of_a_table(classes, tmp_path):
    """A CSV file of key and label, with or without a heading, groups the images."""
    keys = sorted(p.relative_to(classes).as_posix() for p in classes.rglob("*.png"))
    lines = [f"{key},{i % 2}" for i, key in enumerate(keys)]
    for heading in ([], ["key,label"]):
        (tmp_path / "labels.csv").write_text("\n".join([*heading, *lines]))
        stats = bnstat.compute(classes, by=str(tmp_path / "labels.csv"), workers=1)
        assert {"0": 46, "1": 45} == {label: g.images for label, g in stats.groups.items()}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda lines: lines[1:], r"labels.csv has no label for alone\.png; add a line"),
        (
            lambda lines: [*lines, "x/y.png,a"],
            r"labels\.csv labels what is no image here: x/y.png$",
        ),
        (lambda lines: [*lines, "a,b,c"], "is not KEY,LABEL: 3 columns"),
        (lambda lines: [*lines, "alone.png,b"], r"has two labels for alone\.png"),
    ],
)
def test_a_table_that_does_not_fit(classes, tmp_path, edit, words):
    """Images without a label, labels without an image and other lines are named."""
    keys = sorted(p.relative_to(classes).as_posix() for p in classes.rglob("*.png"))
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(edit([f"{key},a" for key in keys])))
    with pytest.raises(SourceError, match=words):
        bnstat.compute(classes, by=str(table), workers=1)


def test_a_table_for_a_sample_may_know_more_images(classes, tmp_path):
    """The labels of images outside of a sample are no error."""
    keys = [p.relative_to(classes).as_posix() for p in classes.rglob("*.png")]
    (tmp_path / "labels.csv").write_text("\n".join(f"{key},a" for key in keys))
    stats = bnstat.compute(classes, by=str(tmp_path / "labels.csv"), sample=9, workers=1)
    assert 9 == stats.groups["a"].images


def test_a_growing_sample_names_an_image_without_a_label(classes, tmp_path):
    """It is an error as in any other run."""
    (tmp_path / "labels.csv").write_text("none.png,a")
    with pytest.raises(SourceError, match=r"has no label for .*\.png; add a line"):
        bnstat.compute(classes, by=str(tmp_path / "labels.csv"), until=0.01, workers=1)


def test_compare_names_the_groups_that_differ(whole):
    """The darker class differs by more than chance; each group has a row."""
    found = bnstat.compare(whole, groups=True)
    assert [".", *CLASSES] == [row.name for row in found.rows[1:]]
    (verdict,) = [text for text in found.verdicts if "groups" in text]
    assert "groups differ from" in verdict and "owls" in verdict
    assert all(p < 0.001 for p in found.differences[4].p_values.mean)


def test_groups_taken_at_random_do_not_differ(classes, tmp_path):
    """Labels that say nothing lead to false verdicts in no more runs than one in twenty."""
    keys = sorted(p.relative_to(classes).as_posix() for p in classes.rglob("*.png"))
    rng, false = np.random.default_rng(0), 0
    for _ in range(30):
        labels = rng.permutation(len(keys)) % 3
        lines = [f"{key},{label}" for key, label in zip(keys, labels, strict=True)]
        (tmp_path / "labels.csv").write_text("\n".join(lines))
        stats = bnstat.compute(classes, by=str(tmp_path / "labels.csv"), workers=1)
        verdicts = bnstat.compare(stats, groups=True).verdicts
        false += not any(text.startswith("0 of 3 groups") for text in verdicts)
    assert false <= 4  # 30 · 0.05, and twice its standard deviation


def test_groups_that_are_not_there(classes):
    """Without groups in the baseline, the message says how to get them."""
    stats = bnstat.compute(classes, workers=1)
    with pytest.raises(SourceError, match="has no groups; measure it with --by folder"):
        bnstat.compare(stats, groups=True)
