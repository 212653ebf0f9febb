"""Whether differences are more than their margins and more than chance, against scipy's figures."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import show as reports
from bnstat.estimators import look_sizes
from bnstat.result import Estimate, Group, MeanAndStd, PairedMargins, Sketch, Uncertainty
from bnstat.show.changes import ComparedRow
from bnstat.show.comparison import compare
from bnstat.show.significance import (
    Pair,
    correlation,
    group_p_values,
    holm,
    images_needed,
    widest_margin,
)

# By hand: the smallest times 5, the next times 4, ..., and none below the one before.
HOLM = ([0.01, 0.04, 0.03, 0.005, 0.9], [0.04, 0.09, 0.09, 0.025, 0.9])


def images(folder, count, seed, brighter=0.0):
    """Write images whose brightness differs from one to the next."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(count):
        centre = rng.uniform(80, 160) + brighter
        pixels = np.clip(rng.normal(centre, 20, (4, 4)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}-{i:04}.png")
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Results of two sets alike, of a brighter one, and of a sample of the first."""
    top = tmp_path_factory.mktemp("sets")
    first = images(top / "first", 300, 1)
    return {
        "first": bnstat.compute(first, mode="L", workers=1),
        "second": bnstat.compute(images(top / "second", 300, 2), mode="L", workers=1),
        "brighter": bnstat.compute(images(top / "brighter", 300, 3, 30), mode="L", workers=1),
        "sample": bnstat.compute(first, mode="L", sample=100, workers=1),
        "resized": bnstat.compute(first, mode="L", augment="Resize(4)", workers=1),
    }


def verdicts(sets, *names):
    rows = [ComparedRow.of_stats(name, sets[name]) for name in names]
    found = compare(rows).findings
    return [f.text for f in found if f.is_answer or "margins" in f.text]


def test_holm_by_the_book():
    """Adjusted p-values are those of the paper's steps."""
    p_values, adjusted = HOLM
    assert adjusted == pytest.approx(holm(p_values), abs=1e-15)
    assert [] == holm([])


def test_p_values_are_those_of_a_z_test(sets):
    """The difference is held against both superpopulation errors, two-sided."""
    one, other = sets["brighter"], sets["first"]
    z = (one.mean[0] - other.mean[0]) / math.hypot(
        one.uncertainty.superpopulation.mean[0], other.uncertainty.superpopulation.mean[0]
    )
    found = Pair(one, other).p_values()
    assert math.erfc(abs(z) / math.sqrt(2)) == pytest.approx(found.mean[0], rel=1e-9)


def test_sets_alike_and_sets_that_differ(sets):
    """Two exact results of sets alike differ by chance; a brighter set differs by more."""
    assert verdicts(sets, "first", "second") == [
        "second does not differ from first enough to matter: no mean by more than 0.05 σ, no std "
        "by more than 0.2 %."
    ]
    assert verdicts(sets, "first", "brighter") == [
        "brighter differs from first: brightness grows by 0.99 σ, more than chance (95 %)."
    ]


def test_the_same_images_do_not_differ_by_chance(sets):
    """Between a set and the same set under a pipeline there is no question of chance."""
    assert ["resized does not differ from first."] == verdicts(sets, "first", "resized")
    assert Pair(sets["first"], sets["resized"]).p_values() is None


def test_a_sample_against_its_whole(sets):
    """A sample differs from the whole by no more than its margin, or the margin was wrong."""
    found = verdicts(sets, "first", "sample")
    assert found[0] == (
        "sample may differ from first: brightness grows by 0.09 σ, but the sample is too small to "
        "tell (95 %)."
    )


def test_several_rows_differ_may_differ_and_do_not(sets):
    """One sentence names each row once."""
    found = verdicts(sets, "first", "brighter", "sample", "resized")
    assert found[0] == (
        "brighter differs from first enough to matter; sample may; resized does not."
    )


def test_margin_of_a_difference(sets):
    """Squared margins add up; exact figures have none."""
    sample = sets["sample"]
    margin = sample.uncertainty.margin
    elsewhere = replace(sample, source=replace(sample.source, cwd="/elsewhere"))
    both = Pair(sample, elsewhere).margin
    assert np.allclose(np.multiply(margin.mean, math.sqrt(2)), both.mean)
    assert margin == Pair(sample, sets["first"]).margin == Pair(None, sample).margin
    assert Pair(sets["first"], sets["second"]).margin is None


@pytest.mark.parametrize("reliable", [True, False])
def test_paired_results_are_as_reliable_as_their_differences(sets, reliable):
    """Whatever each of them is alone."""
    paired = PairedMargins(None, MeanAndStd((0.1,), (0.1,)), False, reliable, None)
    assert reliable is Pair(sets["first"], sets["resized"], paired).reliable
    assert Pair(sets["first"], sets["second"]).reliable


def test_images_needed_are_those_that_give_the_margin(sets, tmp_path):
    """A sample of as many images as said has about the margin that was asked for."""
    folder = images(tmp_path / "data", 600, 5)
    first = bnstat.compute(folder, mode="L", sample=200, workers=1)
    number = images_needed(first, 0.5)
    half = bnstat.compute(folder, mode="L", sample=number, workers=1)
    assert widest_margin(half) == pytest.approx(widest_margin(first) / 2, rel=0.1)
    assert 200 < number < 600
    assert images_needed(first, 0.0) == 600 and images_needed(sets["first"], 0.5) is None


def test_a_verdict_that_is_not_sure_says_how_many_images_would_settle_it(sets):
    """Where the margin holds the tolerance, a line says so; exact differences are always sure."""
    rows = [
        ComparedRow.of_stats("first", sets["first"]),
        ComparedRow.of_stats("sample", sets["sample"]),
    ]
    found = compare(rows)
    off = abs(found.differences[1].mean[0])
    (line,) = [t for t in reports.unsure(found, off / 2) if "mean" in t]
    assert line.startswith("not sure at 95 %: mean of L of sample differs by ")
    assert line.endswith(" images would settle it")
    exact = compare(
        [ComparedRow.of_stats("a", sets["first"]), ComparedRow.of_stats("b", sets["second"])]
    )
    assert [] == list(reports.unsure(exact, abs(exact.differences[1].mean[0])))


def test_significant_counts_differences_beyond_their_margins(sets):
    """A difference within its margin does not count with `significant`."""
    found = compare(
        [ComparedRow.of_stats("a", sets["first"]), ComparedRow.of_stats("b", sets["sample"])]
    )
    assert list(reports.excesses(found, 0.0))
    assert [] == list(reports.excesses(found, 0.0, significant=True))
    drifted = compare(
        [ComparedRow.of_stats("a", sets["brighter"]), ComparedRow.of_stats("b", sets["sample"])]
    )
    assert list(reports.excesses(drifted, 0.01, significant=True))


def test_looks_end_with_the_whole_set():
    """Looks grow by a tenth from 200 on, and the last is of all images."""
    assert [200, 220, 242, 250] == list(look_sizes(250))


def uncertain(mean, std, of=("sample",)):
    """Return an uncertainty with these margins and standard errors, of one channel."""
    both = MeanAndStd((mean,), (std,))
    return Uncertainty(0.95, of, both, True, both)


def test_margins_of_two_samples_are_not_those_of_one(sets):
    """Of mean and of std, the root of the sum of both squares: 3 and 4 make 5."""
    one = replace(sets["sample"], uncertainty=uncertain(0.03, 0.06))
    other = replace(sets["sample"], uncertainty=uncertain(0.04, 0.08))
    margin = Pair(one, other).margin
    assert (margin.mean, margin.std) == ((pytest.approx(0.05),), (pytest.approx(0.1),))


def test_a_group_is_held_against_as_many_images_taken_at_random(sets):
    """By hand: s² is N times the squared error of the whole; of m of N images (1 − m/N)·s²/m."""
    whole = replace(sets["first"], uncertainty=uncertain(0.02, 0.01))
    group = Group(75, (1200,), None, None, Estimate((whole.mean[0] + 0.05,), whole.exact.var))
    squared = (1 - 75 / 300) * (300 * 0.02**2) / 75
    expected = math.erfc(0.05 / math.sqrt(squared) / math.sqrt(2))
    found = group_p_values(group, whole)
    assert (found.mean, found.std) == ((pytest.approx(expected),), (1.0,))
    assert group_p_values(group, replace(whole, uncertainty=None)) is None


def test_draws_are_never_used_up(sets):
    """All images of a set still have random draws: 4 times as many are needed for half a margin."""
    sample = replace(sets["sample"], uncertainty=uncertain(0.1, 0.1, ("sample", "draws")))
    of = replace(sample.sample, of=10_000)
    assert 400 == images_needed(replace(sample, sample=of), 0.5)
    alone = replace(sample, sample=of, uncertainty=uncertain(0.1, 0.1))
    assert 400 > images_needed(alone, 0.5) == math.ceil(1 / (1e-4 + (0.01 - 1e-4) / 4))


def of_sets(sets, **sketches):
    """Return the verdict on two results of sets of 300 images with these sketches."""
    results = [
        replace(
            sets[name],
            source=replace(sets[name].source, locations=(name,), fingerprint=name),
            uncertainty=replace(uncertain(0.02, 0.02, ()), margin=None, sketch=sketch),
        )
        for name, sketch in sketches.items()
    ]
    exact = results[0].exact
    moved = replace(exact, mean=(exact.mean[0] + 0.01,))
    results[1] = replace(results[1], methods=results[1].methods | {"two-pass": moved})
    rows = [ComparedRow.of_stats(*each) for each in zip(sketches, results, strict=True)]
    return compare(rows).verdicts[0].removeprefix("second may differ from first: ")


MOVED = "brightness grows by 0.08 σ, but "


def test_what_two_sets_share_is_said_where_chance_is(sets):
    """As far as sketches tell; where there are none, it is not known."""
    small = Sketch((1, 2, 3))
    assert of_sets(sets, first=small, second=Sketch((4, 5))) == (
        f"{MOVED}sets of this size differ as much by chance (95 %)."
    )
    assert of_sets(sets, first=small, second=Sketch((3, 5))) == (
        f"{MOVED}sets of this size that share 120 images differ as much by chance (95 %)."
    )
    assert of_sets(sets, first=small, second=None) == (
        f"{MOVED}sets of this size that share no image differ as much by chance, and it is not "
        "known whether these share any (95 %)."
    )
    assert of_sets(sets, first=small, second=small) == (
        "second differs from first: brightness grows by 0.08 σ, more than chance (95 %)."
    )


def test_more_images_are_advised_where_there_are_more(sets):
    """Of a sample; all images of a set are no more, whatever chance there is."""
    advice = "More images (--sample), or draws of each (--epochs), would tell."
    sure = replace(uncertain(0.2, 0.2, ()), margin=None)
    exact = [
        ComparedRow.of_stats(name, replace(sets[name], uncertainty=sure))
        for name in ("first", "brighter")
    ]
    assert "may differ" in compare(exact).verdicts[0]
    assert advice not in compare(exact).verdicts
    sampled = [ComparedRow.of_stats(name, sets[name]) for name in ("first", "sample")]
    assert advice in compare(sampled).verdicts


def test_results_measured_otherwise_may_share_images(sets):
    """Their images have other figures; what is equal none the less is in both."""
    one = replace(sets["first"], uncertainty=replace(uncertain(1, 1), sketch=Sketch((1, 2))))
    other = replace(one, mode="RGB")
    apart = replace(other, uncertainty=replace(uncertain(1, 1), sketch=Sketch((3,))))
    assert 300 == Pair(one, other).shared_images
    assert Pair(one, apart).shared_images is None
    assert 0 == Pair(replace(one, mode="RGB"), apart).shared_images
    assert Pair(one, None).shared_images is None


def test_a_folder_of_other_files_now_is_another_set(sets):
    """A document of the same place is of the same images if the files are, or if nobody knows."""
    old = sets["first"]
    grown = replace(old, source=replace(old.source, fingerprint="grown"))
    assert Pair(old, replace(old)).same_images and not Pair(old, grown).same_images
    unknown = replace(grown, uncertainty=replace(old.uncertainty, sketch=None))
    assert Pair(old, unknown).same_images
    assert Pair(sets["sample"], grown).same_images


@pytest.mark.parametrize(("ones", "others", "both"), [(60, 60, 45), (80, 20, 20), (30, 50, 0)])
@pytest.mark.parametrize("found", [400, math.inf])
def test_errors_of_sets_that_share_images_go_together(ones, others, both, found):
    """As means of random sets do; of a whole of 400 numbers, or of any."""
    rng = np.random.default_rng(ones)
    whole = rng.normal(0, 1, 400)
    whole = (whole - whole.mean()) / whole.std(ddof=1)
    means = []
    for _ in range(4000):
        number = ones + others - both
        each = (
            rng.choice(whole, number, replace=False) if found == 400 else rng.normal(0, 1, number)
        )
        means.append((each[:ones].mean(), each[ones - both :].mean()))
    expected = np.corrcoef(np.transpose(means))[0, 1]
    assert correlation(both, (ones, others), found) == pytest.approx(expected, abs=0.06)


def test_margins_of_samples_of_which_one_holds_the_other(sets, tmp_path):
    """The larger less the smaller: 1/m - 1/M, whatever there is besides."""
    folder = images(tmp_path / "data", 600, 5)
    small, large = (bnstat.compute(folder, mode="L", sample=n, workers=1) for n in (60, 150))
    one, other = (each.uncertainty.margin.mean[0] for each in (small, large))
    assert Pair(small, large).shared_images == pytest.approx(60)
    ratio = (1 / 150 - 1 / 600) / (1 / 60 - 1 / 600)
    expected = one**2 + other**2 - 2 * ratio**0.5 * one * other
    assert Pair(small, large).margin.mean[0] ** 2 == pytest.approx(expected)
    assert Pair(small, large).margin.mean[0] < one
