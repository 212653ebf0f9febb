"""Files to figures, against fractions: any images, sizes, modes, depths, orders, chunkings."""

import os
import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import bnstat
from bnstat.estimators import two_pass
from bnstat.measure.found import View
from bnstat.measure.measure import Measure
from bnstat.moments import Records
from bnstat.sources.bounds import Limits
from bnstat.sources.sources import Sources

# What an image may be, with its channels in colour and whether the last is alpha.
MODES = {"L": (1, 0), "LA": (1, 1), "RGB": (3, 0), "RGBA": (3, 1), "I;16": (1, 0), "1": (1, 0)}


@st.composite
def images(draw):
    """Draw a mode and samples: uint8 or uint16 of shape (height, width, channels)."""
    mode = draw(st.sampled_from(sorted(MODES)))
    shape = (draw(st.integers(1, 7)), draw(st.integers(1, 7)), sum(MODES[mode]))
    top = {"I;16": 65535, "1": 1}.get(mode, 255)
    values = st.integers(0, top) | st.sampled_from([0, top])
    count = shape[0] * shape[1] * shape[2]
    samples = draw(st.lists(values, min_size=count, max_size=count))
    return mode, np.array(samples, dtype=np.uint16 if mode == "I;16" else np.uint8).reshape(shape)


sets = st.lists(images(), min_size=1, max_size=6)
names = st.permutations([f"{letter}.png" for letter in "abcdef"])


def saved(folder, drawn, named):
    """Write images as PNG, which loses nothing, under names that order them."""
    for (mode, samples), name in zip(drawn, named, strict=False):
        flat = samples[..., 0] if samples.shape[2] == 1 else samples
        image = Image.fromarray(flat == 1 if mode == "1" else np.ascontiguousarray(flat))
        assert image.mode == mode
        image.save(Path(folder, name))


def in_colour(drawn, mode):
    """Return each image's samples in a mode, one list of fractions a channel."""
    return [[_fractions(samples, own, band, mode) for band in mode] for own, samples in drawn]


def _fractions(samples, own, band, mode):
    scale = {"I;16": 65535, "1": 1}.get(own, 255)
    colours, alpha = MODES[own]
    if band == "A" and not alpha:
        return [Fraction(1)] * (samples.shape[0] * samples.shape[1])
    place = -1 if band == "A" else (mode.index(band) if colours == 3 else 0)
    return [Fraction(int(v), scale) for v in samples[..., place].ravel()]


def exact(values):
    """Return mean and population variance of fractions."""
    mean = sum(values) / len(values)
    return mean, sum((x - mean) ** 2 for x in values) / len(values)


def pooled(each, channel):
    return exact([x for image in each for x in image[channel]])


@given(sets, names, st.sampled_from(["RGB", "RGBA"]))
def test_two_pass_is_the_fraction_rounded_once(drawn, named, mode):
    """Mean and variance of `compute` are the floats nearest the exact ones, to the last bit."""
    with tempfile.TemporaryDirectory() as folder:
        saved(folder, drawn, named)
        stats = bnstat.compute(folder, mode=mode, workers=1)
    each = in_colour(drawn, mode)

    for channel in range(len(mode)):
        mean, var = pooled(each, channel)
        assert (stats.mean[channel], stats.var[channel]) == (float(mean), float(var))
        welford = stats.methods["welford"]
        assert welford.mean[channel] == pytest.approx(float(mean), rel=1e-12)
        assert welford.var[channel] == pytest.approx(float(var), rel=1e-12, abs=1e-15)


@given(sets, names, st.integers(1, 3), st.sampled_from([0.1, 0.5, 1.0]))
def test_batchnorm_is_the_fractions_replay(drawn, named, size, momentum):
    """Running mean and variance are torch's rule in exact arithmetic, batch by batch."""
    with tempfile.TemporaryDirectory() as folder:
        saved(folder, drawn, named)
        stats = bnstat.compute(
            folder, batch_size=size, momentum=momentum, order="listed", workers=1
        )
    each = in_colour([image for _, image in sorted(zip(named, drawn, strict=False))], "RGB")
    batches = [each[i : i + size] for i in range(0, len(each), size)]
    if any(len(batch) == 1 and len(batch[0][0]) == 1 for batch in batches):
        assert stats.methods["batchnorm"] is None
        return

    for channel in range(3):
        mean, var, weight = Fraction(0), Fraction(1), Fraction(momentum)
        for batch in batches:
            of_batch, biased = pooled(batch, channel)
            n = sum(len(image[channel]) for image in batch)
            mean = (1 - weight) * mean + weight * of_batch
            var = (1 - weight) * var + weight * biased * n / (n - 1)
        replayed = stats.methods["batchnorm"]
        assert replayed.mean[channel] == pytest.approx(float(mean), rel=1e-12, abs=1e-15)
        assert replayed.var[channel] == pytest.approx(float(var), rel=1e-12, abs=1e-15)


@given(sets, names, st.lists(st.integers(0, 6)), st.randoms(use_true_random=False))
def test_neither_chunks_nor_their_order_matter(drawn, named, cuts, random):
    """Files measured in any pieces, in any order, have the figures of the fractions."""
    with tempfile.TemporaryDirectory() as folder:
        saved(folder, drawn, named)
        found = list(Sources.open([folder]))
        random.shuffle(found)
        view, work = View(Records()), Measure("RGB", Limits(10**6))
        places = [*sorted({cut % len(found) for cut in cuts} | {0}), len(found)]
        for start, end in pairwise(places):
            [measured] = work(found[start:end])
            view.add([reference.key for reference in found[start:end]], measured)
    each, estimate = in_colour(drawn, "RGB"), two_pass(view.records)

    assert not view.failures
    for channel in range(3):
        mean, var = pooled(each, channel)
        assert (estimate.mean[channel], estimate.var[channel]) == (float(mean), float(var))


@given(sets, names)
def test_the_conventions_are_what_they_are_called(drawn, named):
    """Mean of means, mean of stds, root of the mean variance: each of the images' own."""
    with tempfile.TemporaryDirectory() as folder:
        saved(folder, drawn, named)
        found = bnstat.compute(folder, workers=1).conventions
    each = in_colour(drawn, "RGB")

    for channel in range(3):
        means, variances = zip(*(exact(image[channel]) for image in each), strict=True)
        stds = [float(var) ** 0.5 for var in variances]
        root = float(sum(variances) / len(variances)) ** 0.5
        expected = {
            "mean_of_image_means": float(sum(means) / len(means)),
            "mean_of_image_stds": sum(stds) / len(stds),
            "root_mean_image_variance": root,
        }
        assert {name: figures[channel] for name, figures in found.items()} == pytest.approx(
            expected, rel=1e-12, abs=1e-12
        )


def test_the_reference_is_seen_to_fail(tmp_path):
    """One sample that is one unit off is found: the comparison has no slack."""
    drawn = [("L", np.full((5, 5, 1), 7, dtype=np.uint8))]
    saved(tmp_path, drawn, ["a.png"])
    drawn[0][1][2, 2] = 8
    stats = bnstat.compute(os.fspath(tmp_path), workers=1)

    assert stats.mean[0] != float(pooled(in_colour(drawn, "RGB"), 0)[0])
