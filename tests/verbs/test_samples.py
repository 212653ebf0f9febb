"""Samples of images: the same in any run, their margins, and when a growing one stops."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import MeasureError, MergeError
from bnstat.estimators import look_sizes

FIGURES = ("count", "sum", "sum_of_squares", "histogram", "methods", "conventions", "uncertainty")
EXACT = ("count", "sum", "sum_of_squares", "histogram", "sample")


def figures(stats, names=FIGURES):
    return {name: getattr(stats, name) for name in names}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder of 450 small images of one size, brighter and darker."""
    folder = tmp_path_factory.mktemp("many") / "data"
    rng = np.random.default_rng(0)
    for i in range(450):
        path = folder / f"{i % 3}" / f"{i:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(rng.normal(rng.uniform(60, 200), 20, (4, 4, 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def sampled(many):
    """A sample of a fifth of the images."""
    return bnstat.compute(many, sample="20%", workers=1)


def test_figures_are_those_of_the_chosen_images(many, sampled, tmp_path):
    """A sample has the figures of a list of its images; the margins alone know of the others."""
    from bnstat.sources.source import hash_rank

    names = sorted(str(p.relative_to(many)) for p in many.rglob("*.png"))
    chosen = sorted(names, key=lambda name: hash_rank(0, name.encode()))[:90]
    listed = tmp_path / "list"
    listed.write_text("\n".join(str(many / name) for name in chosen))
    alone = bnstat.compute(files_from=listed, root=many, workers=1)
    assert figures(alone, FIGURES[:-1]) == figures(sampled, FIGURES[:-1])
    assert (90, 450, "20%", 0) == tuple(vars(sampled.sample).values())
    assert alone.uncertainty.margin is None and sampled.uncertainty.of == ("sample",)


def test_the_whole_set_as_a_sample(many):
    """100 % has the very figures of a run without it, and they are exact."""
    whole, all_of_it = (bnstat.compute(many, sample=s, workers=1) for s in (None, "100%"))
    assert figures(whole) == figures(all_of_it)
    assert all_of_it.is_exact and all_of_it.sample.images == all_of_it.sample.of == 450


def test_a_larger_number_than_there_are_is_the_whole_set(many):
    """A sample of more images than are found is all of them."""
    assert bnstat.compute(many, sample=1000, workers=1).sample.images == 450


@pytest.mark.parametrize("ask", [{"sample": "20%"}, {"until": 0.012}])
def test_workers_do_not_matter(many, ask):
    """One and two workers choose and measure the same images, to the last bit."""
    one, two = (bnstat.compute(many, workers=n, **ask) for n in (1, 2))
    assert figures(one) == figures(two)
    assert (one.sample, one.source) == (two.sample, two.source)


def test_merged_shards_are_the_sample(many, sampled):
    """Shards of a sample add up to the sample, whatever shares the shards have of it."""
    shards = [bnstat.compute(many, sample="20%", shard=(i, 3), workers=1) for i in (1, 2, 3)]
    whole = bnstat.merge(*shards)
    assert figures(sampled, EXACT) == figures(whole, EXACT)
    assert sampled.methods["two-pass"] == whole.methods["two-pass"]
    assert sampled.source.fingerprint == whole.source.fingerprint
    assert whole.uncertain_by == ("sample",)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"sample": "20%", "seed": 1}, r"20% of 450 \(seed 0\) and 20% of 450 \(seed 1\)"),
        ({"sample": "30%"}, r"20% of 450 \(seed 0\) and 30% of 450 \(seed 0\)"),
        ({}, r"20% of 450 \(seed 0\) and all images"),
    ],
)
def test_different_samples_are_not_merged(many, other, words):
    """Samples of another seed or share, and whole sets, are refused by name."""
    one = bnstat.compute(many, sample="20%", shard="1/2", workers=1)
    two = bnstat.compute(many, shard="2/2", workers=1, **other)
    with pytest.raises(MergeError, match=f"differ in sample, {words}"):
        bnstat.merge(one, two)


def test_equal_shares_of_two_sets_are_one_sample(many, tmp_path):
    """A fifth of each of two sets is a fifth of both together."""
    (tmp_path / "more").mkdir()
    for i in range(10):
        Image.new("RGB", (4, 4), (i, i, i)).save(tmp_path / "more" / f"{i}.png")
    other = bnstat.compute(tmp_path / "more", sample="20%", workers=1)
    merged = bnstat.merge(bnstat.compute(many, sample="20%", workers=1), other)
    assert (92, 460) == (merged.sample.images, merged.sample.of)


def test_a_larger_sample_measures_only_what_is_new(many, tmp_path):
    """With a journal, the images of a smaller sample are not decoded again."""
    journal, changed = tmp_path / "j.db", []
    bnstat.compute(many, sample="20%", journal=journal, workers=1)
    larger = bnstat.compute(many, sample="40%", journal=journal, workers=1, progress=changed.append)
    assert figures(bnstat.compute(many, sample="40%", workers=1)) == figures(larger)
    assert changed[0].images == 90  # at once, from the journal


def test_failures_are_not_replaced(many, tmp_path):
    """A broken image of the sample is a failure, and no other takes its place."""
    from bnstat.sources.source import hash_rank

    for i in range(10):
        Image.new("RGB", (2, 2), (i, i, i)).save(tmp_path / f"{i}.png")
    names = sorted((f"{i}.png" for i in range(10)), key=lambda n: hash_rank(0, n.encode()))
    (tmp_path / names[0]).write_bytes(b"broken")
    stats = bnstat.compute(tmp_path, sample=4, workers=1)
    assert ([names[0]], 3) == ([f.image for f in stats.source.failures], stats.source.images)
    assert (4, 10) == (stats.sample.images, stats.sample.of)


def test_a_growing_sample_stops_where_all_margins_are_within_the_tolerance(many):
    """It stops at the first look at which margins are small enough; looks depend on N alone."""
    stats = bnstat.compute(many, until=0.012, workers=1)
    at_stop = stats.sample.images
    sizes = list(look_sizes(450))
    margins = [bnstat.compute(many, sample=n, workers=1).uncertainty.margin for n in sizes]
    largest = [max(*m.mean, *m.std) if m else 0.0 for m in margins]
    assert at_stop == next(n for n, m in zip(sizes, largest, strict=True) if m <= 0.012)
    assert 200 < at_stop < 450
    fixed = bnstat.compute(many, sample=at_stop, workers=1)
    assert figures(fixed, FIGURES[:4]) == figures(stats, FIGURES[:4])
    assert fixed.source.fingerprint == stats.source.fingerprint


def test_a_tolerance_that_needs_all_images_gives_the_exact_result(many):
    """The whole set is measured if it must be, and the result is then exact."""
    stats = bnstat.compute(many, until=1e-9, workers=1)
    assert stats.is_exact
    assert figures(bnstat.compute(many, workers=1)) == figures(stats)


def test_progress_of_a_growing_sample(many):
    """It tells the margin at the last look, and estimates the images needed."""
    seen = []
    stats = bnstat.compute(many, until=0.012, workers=1, progress=seen.append)
    assert (None, 450) == (seen[0].margin, seen[0].total)
    assert seen[0].margin is None and 0.012 < seen[-1].margin < 0.03
    assert abs(seen[-1].total - stats.sample.images) < 60


@pytest.mark.parametrize(
    "options",
    [{"sample": "5%"}, {"shard": "1/2"}],
)
def test_until_goes_alone(many, options):
    """What would also decide which images are measured is refused."""
    with pytest.raises(ValueError, match=r"until does? not go|until do not"):
        bnstat.compute(many, until=0.01, **options)


def test_a_growing_sample_is_of_one_mode(tmp_path):
    """Where modes differ, no margin of a channel can be told."""
    for i in range(300):
        Image.new("RGB" if i % 2 else "L", (2, 2), i % 256 if not i % 2 else (i % 256, 0, 0)).save(
            tmp_path / f"{i}.png"
        )
    with pytest.raises(MeasureError, match="needs images of one mode, and these are"):
        bnstat.compute(tmp_path, until=0.01, mode="native", workers=1)


def test_confidence_widens_margins(many):
    """Margins at 99 % are those at 95 % times the ratio of Student's quantiles."""
    narrow, wide = (
        bnstat.compute(many, sample=100, confidence=c, workers=1).uncertainty for c in (95, 99)
    )
    ratio = 2.6264054572808 / 1.9842169515863  # t of 99 degrees of freedom, from tables
    assert np.allclose(np.multiply(narrow.margin.mean, ratio), wide.margin.mean, rtol=1e-7)
    assert (0.95, 0.99) == (narrow.confidence, wide.confidence)


def test_the_same_sample_again_from_a_document(many, tmp_path):
    """`compare` measures a pipeline on the images that the baseline's sample has."""
    path = tmp_path / "r.json"
    bnstat.compute(many, until=0.012, workers=1).save(path)
    plain, inverted = bnstat.compare(path, augment="RandomInvert(p=1.0)", workers=1).rows
    assert np.allclose(1 - np.array(plain.mean), inverted.mean, rtol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"journal": True}, {"mode": "native"}], ids=str)
def test_one_draw_of_each_image_is_told_from_the_images(tmp_path, settings):
    """Their thumbnails tell most of what images add: the margin is near that of two draws."""
    rng = np.random.default_rng(4)
    for i in range(80):
        pixels = np.clip(rng.normal(rng.uniform(50, 200), 20, (9, 8)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{i:02}.png")
    if "journal" in settings:
        settings = {"journal": tmp_path / "x.journal"}
    jitter = "ColorJitter(brightness=0.2)"
    for _ in range(2):  # the second run with what the journal knows
        one = bnstat.compute(tmp_path, augment=jitter, workers=1, **settings)
    two = bnstat.compute(tmp_path, augment=jitter, epochs=2, workers=1)
    ratio = one.uncertainty.margin.mean[0] / two.uncertainty.margin.mean[0]
    assert ratio == pytest.approx(2**0.5, rel=0.3)
    assert one.uncertainty.margin.mean[0] < one.uncertainty.superpopulation.mean[0]


class _Killed(BaseException):
    """Ends a run as a signal would."""


@pytest.mark.parametrize("before", [1, 130, 260, 320])
def test_a_growing_sample_goes_on_with_a_journal(many, tmp_path, monkeypatch, before):
    """A run that was killed goes on, stops at the same image, and opens none again."""
    from bnstat.sources.reference import Reference

    journal, opened, really = tmp_path / "j.db", [], Reference.open

    def open_until_killed(reference, *arguments):
        opened.append(reference.key)
        if len(opened) == before:
            raise _Killed
        return really(reference, *arguments)

    monkeypatch.setattr("bnstat.measure.dispatch._MAX_IMAGES", 7)
    alone = bnstat.compute(many, until=0.012, workers=1)
    with monkeypatch.context() as killed, pytest.raises(_Killed):
        killed.setattr(Reference, "open", open_until_killed)
        bnstat.compute(many, until=0.012, workers=1, timeout=0, journal=journal)
    lost, killed_at, opened[:], before = 8 * 7 + 7, before, [], 0  # what is ahead, unrecorded
    with monkeypatch.context() as spied:
        spied.setattr(Reference, "open", open_until_killed)
        again = bnstat.compute(many, until=0.012, workers=1, timeout=0, journal=journal)
    assert (figures(alone), alone.source, alone.sample) == (
        figures(again),
        again.source,
        again.sample,
    )
    assert len(opened) <= alone.sample.images + 2 * lost - killed_at


def test_a_growing_sample_takes_what_a_journal_of_all_images_knows(many, tmp_path, monkeypatch):
    """It stops where it would without the journal, opens nothing, and the journal stays whole."""
    from bnstat.sources.reference import Reference

    journal = tmp_path / "j.db"
    whole = bnstat.compute(many, workers=1, journal=journal)
    alone = bnstat.compute(many, until=0.012, workers=1)
    monkeypatch.setattr(Reference, "open", None)
    known = bnstat.compute(many, until=0.012, workers=1, timeout=0, journal=journal)
    assert figures(alone) == figures(known)
    again = bnstat.compute(many, workers=1, timeout=0, journal=journal)
    assert figures(whole) == figures(again)


def test_what_a_journal_knows_of_later_steps_waits(many, tmp_path):
    """Where images of the first step are new, those of later steps do not come before them."""
    folder, journal = tmp_path / "data", tmp_path / "j.db"
    shutil.copytree(many, folder)
    bnstat.compute(folder, workers=1, journal=journal)
    for path in sorted(folder.rglob("*.png"))[::40]:
        os.utime(path, (1, 1))
    alone = bnstat.compute(folder, until=0.012, workers=1)
    known = bnstat.compute(folder, until=0.012, workers=1, timeout=0, journal=journal)
    assert (figures(alone), alone.source, alone.sample) == (
        figures(known),
        known.source,
        known.sample,
    )
