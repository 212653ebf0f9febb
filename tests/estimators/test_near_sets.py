"""Near hashes held against all pairs; fits of crops; sets of what is alike."""

from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from bnstat.errors import MeasureError
from bnstat.estimators import near_hashes, near_sets
from bnstat.estimators.crop_fit import Grays
from bnstat.estimators.near_hashes import count_ones, near_pairs
from bnstat.estimators.near_sets import Candidates


def hashes(number, seed=0):
    """Return random hashes, of which a third are near another; few have some of the bits."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2**64, number, dtype=np.uint64)
    words[::2] &= np.uint64(2**40 - 1)
    for place in range(0, number - 1, 3):
        flipped = rng.choice(64, rng.integers(0, 14), replace=False)
        words[place + 1] = words[place] ^ np.uint64(sum(1 << int(bit) for bit in flipped))
    return words


@pytest.mark.parametrize("bits", [0, 1, 3, 11, 16])
def test_near_pairs_are_those_of_all_pairs(bits, monkeypatch):
    """Each once, with the bits in which they differ; in blocks of any size."""
    words = hashes(300)
    differing = count_ones(words[:, None] ^ words[None])
    expected = sorted(
        (i, j, int(differing[i, j]))
        for i, j in zip(*np.nonzero(np.triu(differing <= bits, 1)), strict=True)
    )
    for block in (1 << 19, 7):
        monkeypatch.setattr(near_hashes, "_BLOCK", block)
        found = [
            (min(one, other), max(one, other), differ)
            for pairs in near_pairs(words, bits)
            for one, other, differ in zip(*(column.tolist() for column in pairs), strict=True)
        ]
        assert sorted(found) == expected


@pytest.mark.parametrize("bits", [0, 3, 8])
def test_near_pairs_of_others_are_those_of_all_pairs(bits):
    """Of each hash and each other, equal ones among them, once."""
    words, others = hashes(300), hashes(200, seed=1)
    others[::5] = words[:200:5]
    differing = count_ones(words[:, None] ^ others[None])
    expected = [
        (i, j, int(differing[i, j])) for i, j in zip(*np.nonzero(differing <= bits), strict=True)
    ]
    found = [
        pair
        for pairs in near_pairs(words, bits, others)
        for pair in zip(*(column.tolist() for column in pairs), strict=True)
    ]
    assert sorted(found) == sorted(expected)
    assert len(found) >= 40


def test_ones_are_counted_without_numpy_2(monkeypatch):
    """By bytes."""
    words = hashes(50)
    expected = [int(word).bit_count() for word in words]
    assert count_ones(words).tolist() == expected
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert count_ones(words).tolist() == expected


def picture(seed):
    """Return a picture in which neighbors are alike: (1024, 1024)."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (16, 16), dtype=np.uint8))
    return coarse.resize((1024, 1024), Image.Resampling.BICUBIC)


def small(image, box=(0, 0, 1024, 1024)):
    return np.asarray(image.resize((64, 64), Image.Resampling.BOX, box=box))


def correlations(one, other):
    """Return the correlations of pictures: (N, 64, 64)."""
    number = len(one)
    grays = Grays.of(np.concatenate([one, other]))
    return grays.correlations(np.arange(number), np.arange(number) + number)


@pytest.mark.parametrize("box", [(0, 0, 973, 1024), (51, 51, 1024, 1024), (20, 30, 993, 1003)])
def test_a_crop_is_fitted(box):
    """Whichever of both is cut out, and however bright it is; others correlate less."""
    whole, part = small(picture(1)), small(picture(1), box)
    plain = np.corrcoef(whole.ravel(), part.ravel())[0, 1]
    dim = (0.9 * part).astype(np.uint8)
    both = correlations(np.stack([whole, part, dim]), np.stack([part, whole, whole]))
    assert plain < 0.97
    assert both.min() > 0.99
    assert correlations(whole[None], small(picture(2))[None]).max() < 0.8
    assert correlations(whole[None], whole[None] // 2).tolist() == [0]


def test_what_a_crop_cuts_off_does_not_count():
    """A bright edge that is no more there changes mean and std; what is left is compared."""
    whole = np.asarray(picture(1)) // 2
    whole[:, :50] = 255
    image = Image.fromarray(whole)
    part = small(image, (51, 0, 1024, 1024))
    assert small(image).std() > 1.4 * part.std()
    assert correlations(small(image)[None], part[None])[0] > 0.98


def edge(rng, noise):
    """Return a picture that is dark at the left and bright at the right, but for some texture."""
    sides = np.where(np.arange(64) < 30, 40.0, 200.0) + np.zeros((64, 64))
    texture = np.kron(rng.normal(0, noise, (16, 16)), np.ones((4, 4)))
    return (sides + texture).clip(0, 255).astype(np.uint8)


def sky(rng, noise):
    """Return a picture that is bright at one side."""
    ramp = np.linspace(40, 200, 64)[:, None] + np.zeros((64, 64))
    return (ramp + rng.normal(0, noise, (64, 64))).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("kind", "noise"), [(edge, 10), (sky, 4)])
def test_light_or_an_edge_alone_is_not_enough(kind, noise):
    """Two that differ in all detail are no copies, though they correlate."""
    rng = np.random.default_rng(1)
    one, other = kind(rng, noise), kind(rng, noise)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.97
    assert correlations(one[None], other[None]).tolist() == [0]
    brighter = (1.05 * one).clip(0, 255).astype(np.uint8)
    assert correlations(one[None], brighter[None])[0] > 0.98


def test_flat_pictures_are_alike_by_level():
    """No correlation is known of these."""
    flat = np.stack([np.full((64, 64), level, np.uint8) for level in (9, 10, 200)])
    assert correlations(flat[[0, 0]], flat[[1, 2]]).tolist() == [1, 0]
    assert correlations(flat[:1], small(picture(0))[None]).tolist() == [0]
    assert correlations(flat[:0], flat[:0]).tolist() == []


class Copy(NamedTuple):
    gray: np.ndarray
    tint: np.ndarray


def copies(grays, tint=128.0):
    return {place: Copy(gray, np.full(2, tint)) for place, gray in enumerate(grays)}


def words(*values):
    return np.array(values, np.uint64)


def candidates(plain, mirrored, bits, corners=None):
    """Return those of images whose corners have the hash of the whole, unless others are given."""
    corners = np.repeat(words(*plain)[:, None], 4, 1) if corners is None else np.array(corners)
    return Candidates(words(*plain), corners.astype(np.uint64), words(*mirrored), bits)


def joined(plain, mirrored, grays, bits=2, corners=None):
    found = candidates(plain, mirrored, bits, corners)
    pairs = [pair for pairs in found.sets(copies(grays)) for pair in pairs]
    return {(pair.one, pair.other, pair.bits, pair.mirrored) for pair in pairs}


def test_what_is_shown_decides():
    """Near hashes alone join nothing, nor equal pictures whose hashes are far."""
    one, other = small(picture(1)), small(picture(2))
    assert joined([1, 3, 1], [], [one, one, other]) == {(0, 1, 1, False)}
    assert joined([1, 255], [], [one, one]) == set()


def test_images_of_one_hash_are_compared_with_the_first_of_each_kind():
    """Two kinds of pictures with one hash are two sets."""
    one, other = small(picture(1)), small(picture(2))
    found = joined([7] * 5, [], [one, other, one, other, one])
    assert found == {(0, 2, 0, False), (0, 4, 0, False), (1, 3, 0, False)}


def test_an_image_near_the_corner_of_another_is_a_candidate():
    """In fewer bits than whole ones; the bits are the fewest of all; far from all it is none."""
    one, other = small(picture(1)), small(picture(1), (0, 0, 973, 973))
    far = 0xFFFF
    for differing, found in ((0b11, {(0, 1, 2, False)}), (0b111, set())):
        corners = [[far << 20, far, far << 40, far << 30], [far << 44] * 4]
        assert joined([0, far ^ differing], [], [one, other], bits=5, corners=corners) == found
    assert joined([0, 31], [], [one, one], bits=5, corners=[[30] * 4, [31] * 4]) == {
        (0, 1, 1, False)
    }


def test_mirror_images_join_images_only():
    """Many that are equal, and their mirror images, are as many pairs."""
    one = small(picture(1))
    found = joined([1, 1, 1, 64], [64, 64, 64, 1], [one, one, one, one[:, ::-1]])
    assert found == {(0, 1, 0, False), (0, 2, 0, False), (0, 3, 0, True)}


def test_images_without_a_copy_are_left_out():
    """They have failed the second time."""
    one = small(picture(1))
    found = candidates([1, 1, 1, 3], [], 2)
    assert found.images == [0, 1, 2, 3]
    assert len(found.sets({1: copies([one])[0]})) == 0


def test_too_many_pairs_are_refused(monkeypatch):
    """Before they fill the memory."""
    monkeypatch.setattr(near_sets, "_MAX_PAIRS", 3)
    with pytest.raises(MeasureError, match="take fewer: --bits"):
        candidates(range(8), [], 3)


def test_no_images():
    """There is nothing to find."""
    found = candidates([], [], 11)
    assert (found.images, found.sets({})) == ([], [])
