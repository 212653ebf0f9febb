"""What is in a folder: counts that are exact where they are few, and add in any order."""

import json
import random
from collections import Counter
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import DocumentError
from bnstat.result import Stats, Summary
from bnstat.result.summary import MAX_VALUES, bin_of


def of_sizes(sizes):
    looks = Counter((w, h, "RGB" if w % 2 else "L", 8, "PNG") for w, h in sizes)
    return Summary.of(looks, [w * h for w, h in sizes])


@pytest.mark.parametrize("different", [1, 7, MAX_VALUES, MAX_VALUES + 1, 900])
def test_parts_add_to_the_whole_in_any_order(different):
    """Whether a part is binned already or not: 256 values are counted each, more in bins."""
    rng = random.Random(different)
    sizes = [(rng.randrange(1, different + 1), 40) for _ in range(3 * different)]
    sizes += [(width, 40) for width in range(1, different + 1)]
    whole = of_sizes(sizes)
    assert whole.sizes.binned is (different > MAX_VALUES)
    for _ in range(5):
        rng.shuffle(sizes)
        cuts = sorted({0, len(sizes), *rng.sample(range(len(sizes)), 3)})
        parts = [of_sizes(sizes[a:b]) for a, b in pairwise(cuts)]
        assert reduce(add, parts) == whole
    assert whole.sizes.total == whole.images == len(sizes)
    assert whole.modes["L"] + whole.modes["RGB"] == len(sizes)


def test_bins_hold_the_values_between_their_ends():
    """Bin k is from 2^(k/4) up to, and without, 2^((k+1)/4), of any number that images have."""
    for value in (0.001, 0.5, 1, 1.1, 1.19, 2, 3, 28, 65535, 2**20 - 1, 2**20, 2**49):
        (k,) = bin_of((value,))
        assert 2 ** (k / 4) <= value < 2 ** ((k + 1) / 4)


@pytest.fixture
def folder(tmp_path):
    """Images of several formats, modes and depths; a broken one; no image."""
    rng = np.random.default_rng(29)
    gray = Image.fromarray(rng.integers(0, 256, (30, 40), dtype=np.uint8))
    gray.save(tmp_path / "a.png")
    gray.convert("RGB").save(tmp_path / "b.jpg")
    gray.convert("P").save(tmp_path / "c.png")
    Image.fromarray(rng.integers(0, 65536, (3, 2), dtype=np.uint16)).save(tmp_path / "d.tif")
    (tmp_path / "e.png").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("none")
    return tmp_path


def test_it_is_that_of_the_files(folder):
    """Formats, modes and bits are those of the files, whatever mode is measured."""
    summary = bnstat.compute(folder, workers=1).summary
    assert summary.images == 4
    assert summary.formats == {"PNG": 2, "JPEG": 1, "TIFF": 1}
    assert summary.modes == {"L": 1, "RGB": 1, "P": 1, "I;16": 1}
    assert summary.depths == {"8": 3, "16": 1}
    assert summary.sizes.images == {(40, 30): 3, (2, 3): 1}
    assert summary.aspect_ratios.images == {(1.33,): 3, (0.667,): 1}
    sizes = [path.stat().st_size for path in folder.iterdir() if path.stem in "abcd"]
    assert summary.bytes.images == Counter((size,) for size in sizes)
    assert (summary.sizes.least, summary.sizes.largest) == ((2, 3), (40, 30))


def test_ways_to_it_are_one(folder, tmp_path):
    """Workers, shards, a pipeline and a journal, also when it is read, give the same."""
    whole = bnstat.compute(folder, workers=1).summary
    shards = [bnstat.compute(folder, workers=1, shard=(i, 3)) for i in (1, 2, 3)]
    assert bnstat.merge(*shards).summary == whole
    journal = tmp_path / "journal.db"
    for _ in range(2):
        assert bnstat.compute(folder, workers=1, journal=journal).summary == whole
    (folder / "a.png").unlink()
    without = bnstat.compute(folder, workers=1, journal=journal).summary
    assert without == bnstat.compute(folder, workers=1).summary != whole


def test_images_that_a_mode_leaves_out_are_in_the_folder(folder):
    """They could be decoded: they are failures of the figures alone."""
    stats = bnstat.compute(folder, workers=1, mode="native")
    assert stats.source.images < 4 == stats.summary.images


def test_arrays_have_sizes_and_no_files():
    """Of a dataset, sizes and dtypes are known."""
    summary = bnstat.compute(np.zeros((5, 3, 4, 6), np.uint8), workers=1).summary
    assert (summary.images, summary.formats, summary.bytes) == (5, {}, None)
    assert (summary.modes, summary.sizes.images) == ({"uint8": 5}, {(6, 4): 5})


def test_a_merge_of_what_is_not_known_is_not_known(folder):
    """A document of 0.2 says nothing of sizes."""
    first, second = (bnstat.compute(folder / name, workers=1) for name in ("a.png", "c.png"))
    assert bnstat.merge(first, second).summary.images == 2
    assert bnstat.merge(first, replace(second, summary=None)).summary is None


@pytest.fixture
def document(folder):
    return json.loads(bnstat.compute(folder, workers=1).to_json())


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("images", 7, "summary.images is 7, of 4 measured and 1 failed"),
        ("images", 0, "summary.images must be an integer of at least 1"),
        ("modes", {"L": 3}, "summary.modes are of 3 images, and images is 4"),
        ("formats", {"PNG": 6}, "summary.formats are of 6 images, and images is 4"),
        ("depths.8", "3", "summary.depths.8 must be an integer of at least 1"),
        ("sizes.least", [2, 2], r"summary.sizes.least is \[2, 2\], which is not in sizes"),
        ("sizes.largest", [2, 3], r"summary.sizes are not counted from \[2, 3\] to \[2, 3\]"),
        ("sizes.values", [[2, 2, 40]], "summary.sizes.values must be an array of 2"),
        ("sizes.values.0.0", 0, "summary.sizes.values.0.0 must be an integer of at least 1"),
        ("sizes.images", [4], "summary.sizes.values.0 must be an array of 1"),
        ("sizes.binned", True, "summary.sizes.least is"),
        ("aspect_ratios.values.0.0", 0.6, "summary.aspect_ratios.least is"),
        ("bytes.images.0", 9, "summary.bytes are of"),
    ],
)
def test_what_cannot_be_is_refused(document, path, value, said):
    """As every value of a document that says what another does not."""
    *way, last = path.split(".")
    node = document["summary"]
    for step in way:
        node = node[int(step) if isinstance(node, list) else step]
    node[int(last) if isinstance(node, list) else last] = value
    with pytest.raises(DocumentError, match=said):
        Stats.from_json(json.dumps(document))
