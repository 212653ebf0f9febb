"""Samples that a mask selects, against numpy's masked arrays, in exact integers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bnstat.decode.masks import SampleMask
from bnstat.measure.count_images import count_image, count_output
from bnstat.moments import ChunkCounts

BYTES, WORDS, FLOATS = np.uint8, np.uint16, np.float32
DEEPEST = {BYTES: 256, WORDS: 65536}


def drawn(dtype, channels, planes, seed):
    """Return samples of shape (C, 6, 5), and a mask of 1 or C planes, some of them all or none."""
    rng = np.random.default_rng(seed)
    shape = (channels, 6, 5)
    floats = dtype is FLOATS
    samples = rng.normal(0.4, 0.2, shape) if floats else rng.integers(0, DEEPEST[dtype], shape)
    share = rng.choice([0.0, 0.5, 1.0], (planes, 1, 1))
    return samples.astype(dtype), rng.random((planes, 6, 5)) < share


def expected(samples, mask, repeat=1):
    """Return n, Σx and Σx² (of floats the mean and M2) and what is left out, of masked arrays."""
    wide = samples.astype(object if samples.dtype != FLOATS else np.float64)
    masked = np.ma.masked_array(wide, ~np.broadcast_to(mask, wide.shape))
    rows = []
    for plane in masked:
        kept = plane.compressed()
        if samples.dtype != FLOATS:
            rows.append((len(kept), sum(kept), sum(x * x for x in kept)))
        else:
            mean = kept.mean() if len(kept) else 0.0
            rows.append((len(kept), mean, ((kept - mean) ** 2).sum()))
    return rows * repeat, [30 - n for n, *_ in rows] * repeat


def found(accumulator):
    """Return the same of what was counted, and the histogram."""
    (part,) = accumulator.moments()
    table = part.table
    rows = zip(
        table.n[0].tolist(),
        table.sum_or_mean[0].tolist(),
        table.sumsq_or_m2[0].tolist(),
        strict=True,
    )
    return list(rows), part.excluded_count[0].tolist(), part.histogram


def check(accumulator, samples, mask, repeat=1):
    rows, left_out = expected(samples, mask, repeat)
    got, got_left_out, histogram = found(accumulator)
    assert left_out == got_left_out
    if samples.dtype != FLOATS:
        assert rows == got
    else:
        assert [n for n, *_ in rows] == [n for n, *_ in got]
        assert rows == [pytest.approx(row, abs=1e-12) for row in got]
    if histogram is not None:
        assert [n for n, *_ in rows] == histogram.sum(axis=1).tolist()


@given(st.integers(0, 10_000), st.sampled_from([1, 3]))
def test_color_images(seed, planes):
    """RGB under one plane, or one for each channel."""
    samples, mask = drawn(BYTES, 3, planes, seed)
    accumulator = ChunkCounts()
    image = Image.fromarray(np.moveaxis(samples, 0, -1).copy())
    count_image(accumulator, 0, image, "RGB", SampleMask.of_array(mask))
    check(accumulator, samples, mask)


@given(st.integers(0, 10_000), st.sampled_from([BYTES, WORDS, FLOATS]))
def test_gray_images_in_three_channels(seed, dtype):
    """8-bit, 16-bit and float gray: each channel is the gray."""
    samples, mask = drawn(dtype, 1, 1, seed)
    accumulator = ChunkCounts()
    count_image(accumulator, 0, Image.fromarray(samples[0]), "RGB", SampleMask.of_array(mask))
    check(accumulator, samples, mask, repeat=3)


@pytest.mark.parametrize("kind", ["tensor", "array"])
@pytest.mark.parametrize("dtype", [BYTES, WORDS, FLOATS])
@pytest.mark.parametrize("planes", [1, 3])
def test_outputs_of_pipelines(kind, dtype, planes):
    """Tensors (C, H, W) and arrays (H, W, C)."""
    for seed in range(20):
        samples, mask = drawn(dtype, 3, planes, seed)
        accumulator = ChunkCounts()
        output = torch.from_numpy(samples) if kind == "tensor" else np.moveaxis(samples, 0, -1)
        count_output(accumulator, 0, output, mask)
        check(accumulator, samples, mask)


def test_a_mask_of_other_channels_counts_whole_pixels():
    """As when a pipeline makes one channel of three."""
    samples, mask = drawn(BYTES, 1, 3, 5)
    accumulator = ChunkCounts()
    count_output(accumulator, 0, torch.from_numpy(samples), mask)
    check(accumulator, samples, mask.all(axis=0, keepdims=True))


def test_images_without_a_mask_leave_nothing_out():
    """In a chunk beside one with a mask, in its own row."""
    accumulator = ChunkCounts()
    image = Image.new("RGB", (2, 2))
    count_image(accumulator, 0, image, "RGB")
    count_image(accumulator, 1, image, "RGB", SampleMask.of_array(np.array([[True, False]] * 2)))
    (part,) = accumulator.moments()
    assert [[0, 0, 0], [2, 2, 2]] == part.excluded_count.tolist()
    assert [[4, 4, 4], [2, 2, 2]] == part.table.n.tolist()
