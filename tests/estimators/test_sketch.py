"""Sketches of sets: which images they take for the same, and how many two of them share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.estimators import sketch
from bnstat.moments import Records
from bnstat.result import Sketch
from bnstat.result.estimates import SKETCH_SIZE


@pytest.fixture
def digits():
    """600 images of 2 × 2 pixels, all different."""
    values = np.random.default_rng(5).permutation(2**16)[:600]
    samples = np.stack([values % 256, values // 256, values % 251, values % 7], axis=1)
    return samples.reshape(600, 1, 2, 2).astype(np.uint8)


def test_a_small_set_has_a_hash_for_each_image(records_of, digits):
    """They are other ones of other pixels, of other names, and of other draws."""
    records = records_of(digits[:40])
    (keys, moments), *_ = records.chunks()
    renamed, moved = Records(), Records()
    renamed.extend([key + b"a" for key in keys], moments)
    moved.extend([b"another/folder/" + key for key in keys], moments)
    one = set(sketch(records).hashes)
    assert 40 == len(one)
    assert one == set(sketch(moved).hashes)
    for other in (renamed, records_of(digits[40:80]), records_of(digits[:40], digits[40:80])):
        assert not one & set(sketch(other).hashes)


def test_a_sketch_has_the_smallest_hashes_of_all(records_of, digits):
    """Those of a set are those of its parts."""
    parts = [set(sketch(records_of(digits)).hashes)]
    assert SKETCH_SIZE == len(parts[0])
    every = set()
    for start in range(0, 600, 100):
        records = Records()
        for keys, moments in records_of(digits).chunks():
            chosen = moments.table.take(np.arange(start, start + 100))
            part = type(moments)(moments.kind, list(range(100)), chosen, None)
            records.extend(keys[start : start + 100], part)
        every |= set(sketch(records).hashes)
    assert sorted(every)[:SKETCH_SIZE] == sorted(parts[0])


def test_equal_images_of_one_name_are_one(records_of, digits):
    """Blank images do not fill it: behind them come the others."""
    blank = np.repeat(np.arange(40, dtype=np.uint8), 4 * 50).reshape(2000, 1, 2, 2)
    records = Records()
    (_, moments), *_ = records_of(blank).chunks()
    records.extend([b"%04d/blank.png" % i for i in range(2000)], moments)
    assert 40 == len(sketch(records).hashes)
    keys, moments = next(records_of(digits).chunks())
    records.extend(keys, moments)
    assert SKETCH_SIZE == len(sketch(records).hashes)


@given(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_small_sets_are_known_exactly(ones, others):
    """The share that is in both is counted."""
    share = len(ones & others) / max(1, len(ones | others))
    assert Sketch.of(ones).resemblance(Sketch.of(others)) == share
    assert Sketch.of([*ones, *others]).hashes == tuple(sorted(ones | others))


@pytest.mark.parametrize(("ones", "others", "both"), [(9, 9, 8), (10, 1, 1), (4, 4, 0), (5, 5, 5)])
def test_large_sets_are_estimated(ones, others, both):
    """In thousands; off by no more than chance, and by the one that counts as unseen."""
    rng = np.random.default_rng(ones)
    share = both / (ones + others - both)
    found = []
    for _ in range(60):
        hashes = rng.integers(0, 2**63, 1000 * (ones + others - both)).tolist()
        one, other = hashes[: 1000 * ones], hashes[1000 * (ones - both) :]
        found.append(Sketch.of(one).resemblance(Sketch.of(other)))
    chance = 4 * (share * (1 - share) / SKETCH_SIZE / 60) ** 0.5
    assert abs(np.mean(found) - share) <= chance + 1.01 / SKETCH_SIZE
    assert max(found) < 1
