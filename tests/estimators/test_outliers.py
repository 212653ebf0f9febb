"""Scores of outliers on tables of records: planted ones, skewed figures, and sets of hardly any."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from bnstat.estimators.outlier_figures import TableImages
from bnstat.estimators.outliers import Scores, find_outliers, robust_z
from bnstat.result.tables import RecordTable


def table_of(number, seed=0, **changes):
    """Return records of photographs of about one kind; `changes` are those of the first images."""
    rng = np.random.default_rng(seed)
    figures = {
        "mean": rng.normal(0.45, 0.08, (number, 3)),
        "std": rng.uniform(0.15, 0.25, (number, 3)),
        "low": rng.exponential(0.005, (number, 3)),
        "high": rng.exponential(0.005, (number, 3)),
        "entropy": rng.uniform(6.8, 7.5, (number, 3)),
    }
    sizes = {
        "width": rng.integers(400, 600, number),
        "height": rng.integers(300, 400, number),
        "depth": np.full(number, 8),
        "bytes": rng.integers(25_000, 50_000, number),
        "scale": np.full(number, 255),
    }
    columns = figures | sizes
    for name, values in changes.items():
        for row, value in enumerate(values):
            columns[name][row] = value
    n = np.full((number, 3), 1) * (columns["width"] * columns["height"])[:, np.newaxis]
    texts = {name: [None] * number for name in ("group", "mode", "failure")}
    names = [f"{i}.jpg" for i in range(number)]
    return RecordTable(
        ("R", "G", "B"),
        key=names,
        location=names,
        epoch=np.zeros(number, np.int64),
        histogram_hash=np.zeros(number, np.uint64),
        n=n,
        sum=np.round(columns["mean"] * n * 255).astype(np.int64),
        sum_of_squares=np.round((columns["mean"] ** 2 + columns["std"] ** 2) * n * 65025).astype(
            np.int64
        ),
        **texts,
        **columns,
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mean": [0.0], "std": [0.0]}, "black"),
        ({"mean": [1.0], "std": [0.0]}, "white"),
        ({"std": [0.0]}, "one color"),
        ({"mean": [0.004], "std": [0.01], "entropy": [1.0]}, "almost black"),
        ({"mean": [(0.9, 0.4, 0.1)]}, "channels differ"),
        ({"width": [32], "height": [24], "bytes": [900]}, "15 times smaller"),
        ({"width": [5000], "height": [3400], "bytes": [3_400_000]}, "10 times larger"),
        ({"width": [2000], "height": [80]}, "wider"),
        ({"bytes": [900_000]}, "times more bytes a pixel"),
        ({"entropy": [7.9999]}, "flat histogram"),
        ({"depth": [16]}, "16 bits, not 8"),
        ({"high": [0.9], "mean": [0.7]}, "clipped highlights"),
    ],
)
def test_a_planted_image_is_the_only_outlier(changes, why):
    """Each kind of odd image is found among 300, alone, and the reason is the right one."""
    (found,) = find_outliers(table_of(300, **changes)).found
    assert "0.jpg" == found.image and found.reasons[0].endswith(why)


def test_usual_images_are_none():
    """Of usual images none is flagged, few or many, nor where all are equal."""
    for number in (2, 5, 12, 40, 300):
        assert () == find_outliers(table_of(number)).found
    usual = table_of(300)
    equal = usual.take(np.zeros(300, dtype=np.int64))
    assert 0 == find_outliers(equal).beyond


def test_few_images_are_judged_with_care():
    """Five images tell little of what is usual: of 20 such sets none has an outlier; four, none."""
    assert 0 == sum(find_outliers(table_of(5, seed)).beyond for seed in range(20))
    (found,) = find_outliers(table_of(5, width=[12], height=[9], bytes=[120])).found
    assert "0.jpg" == found.image
    assert 0 == find_outliers(table_of(4, width=[12], height=[9], bytes=[120])).beyond


def test_what_most_images_are_is_usual():
    """Images of one color, or of one pixel, are no outliers where these are usual."""
    black = [0.0] * 200
    found = find_outliers(table_of(300, mean=black, std=black), expect=300).found
    assert not [each for each in found if int(each.image.removesuffix(".jpg")) < 200]
    pixels = table_of(300, std=[0.0] * 300, width=[1] * 300, height=[1] * 300)
    assert 0 == find_outliers(pixels).beyond


def test_no_more_than_expected():
    """At most 1 % of the images, or as many as are expected, the strongest; the rest is counted."""
    table = table_of(300, std=[0.0] * 5)
    found = find_outliers(table)
    assert (5, 3, 3) == (found.beyond, found.number, len(found.found))
    assert 5 == find_outliers(table, expect=100).number
    assert (5, 2) == (
        (few := find_outliers(table, expect=9, limit=2)).number,
        len(few.found),
    )
    assert () == find_outliers(table, expect=0).found


def test_groups_are_scored_apart():
    """An image is compared with its group alone; in a group of one nothing is unusual."""
    table = table_of(300, mean=[0.9] * 100)
    groups = ["day" if i < 100 else "night" for i in range(300)]
    assert 0 == find_outliers(replace(table, group=groups)).beyond
    groups[100] = "day"  # a night image among those of the day
    (found,) = find_outliers(replace(table, group=groups)).found
    assert ("100.jpg", "day") == (found.image, found.group)
    alone = replace(table_of(300, std=[0.0]), group=["one", *["rest"] * 299])
    assert 0 == find_outliers(alone).beyond


def test_records_of_old_files():
    """Without entropies, as in files of version 0.2, the other figures are compared."""
    table = table_of(300, depth=[16])
    unknown = replace(table, entropy=np.full((300, 3), math.nan), bytes=np.full(300, -1))
    assert ["0.jpg"] == [each.image for each in find_outliers(unknown).found]


def test_robust_z_has_a_spread_for_each_side():
    """Beyond the median each side has its own spread: the widest that its quantiles show."""
    rest = np.sort(np.concatenate([-np.arange(50.0), 10 * np.arange(1.0, 51)]))
    above = max(250 / 0.6745, 400 / 1.2816, 450 / 1.6449)
    below = max(30 / 0.6745, 45 / 1.2816, 50 / 1.6449)
    z = robust_z(np.array([1000.0, -1000.0, math.nan]), rest, 0.1)
    assert (995 / above, -1005 / below, 0.0) == pytest.approx(tuple(z), rel=0.05)
    assert 1.0 == robust_z(np.array([0.5]), np.zeros(100), 0.5)[0]


def test_far_values_of_a_heavy_tail_are_usual():
    """The cube of a normal figure has the z of that figure; in a light tail z is linear."""
    normal = np.array([NormalDist().inv_cdf((i + 0.5) / 9999) for i in range(9999)])
    at = np.array([-3.0, 1.9, 3.0])
    assert robust_z(at**3, normal**3, 1e-9) == pytest.approx(at, rel=0.01)
    assert robust_z(at, normal, 1e-9) == pytest.approx(at, rel=0.01)
    light = np.sign(normal) * np.sqrt(np.abs(normal))
    spread = math.sqrt(0.6745) / 0.6745
    assert robust_z(at, light, 1e-9) == pytest.approx(at / spread, rel=0.01)


def test_the_score_is_of_all_figures_together():
    """An image that is unusual in several figures, in none of them beyond, has the higher score."""
    one = Scores.of(TableImages.of(table_of(300, mean=[0.75]))).score[0]
    both = Scores.of(TableImages.of(table_of(300, mean=[0.75], std=[0.06]))).score[0]
    assert 2 < one < both
