"""Shards: disjoint, complete, balanced, and the same in any run."""

import os

import pytest

from bnstat.result import Shards
from bnstat.sources.listing import Listing
from bnstat.sources.locations import Opening
from bnstat.sources.source import ShardKeys, read_shard, shard_of
from bnstat.sources.sources import Sources


def sources(folder, index, of):
    return Sources.open([os.fspath(folder)], Opening(keys=ShardKeys(Shards((index,), of))))


def test_which_shard_never_changes():
    """A key is in the same shard in every version: documents of shards outlive a version."""
    assert [shard_of(b"%d.jpg" % i, 5) for i in range(8)] == [4, 1, 5, 4, 2, 5, 3, 2]


def test_shards_are_balanced():
    """Of 80,000 keys each of 8 shards has 10,000, but for five standard deviations of chance."""
    sizes = [0] * 8
    for i in range(80_000):
        sizes[shard_of(b"n0%07d/%d.JPEG" % (i // 1000, i), 8) - 1] += 1
    assert all(abs(size - 10_000) < 5 * 94 for size in sizes)


@pytest.mark.parametrize("of", [1, 2, 3, 7, 40])
def test_shards_are_disjoint_and_complete(photos, of):
    """Each image of a folder is in one shard, in key order; so is each file that is none."""
    whole = Sources.open([os.fspath(photos)])
    shards = [sources(photos, i + 1, of) for i in range(of)]
    found = [list(shard) for shard in shards]
    assert sorted(r for part in found for r in part) == list(whole)
    assert all(part == sorted(part) for part in found)
    assert [shard.count() for shard in shards] == [len(part) for part in found]
    assert [shard.skipped for shard in shards] == [1] + [0] * (of - 1)


def test_several_sources_and_duplicates_add_up(photos):
    """An image named twice is a duplicate in its own shard only."""
    named = [os.fspath(photos), os.fspath(photos / "dogs"), os.fspath(photos)]
    whole = Sources.open(named)
    shards = [Sources.open(named, Opening(keys=ShardKeys(Shards((i,), 3)))) for i in (1, 2, 3)]
    found = [list(shard) for shard in shards]
    assert sorted(r for part in found for r in part) == list(whole)
    assert sum(shard.duplicates for shard in shards) == whole.duplicates > 0
    assert sum(shard.skipped for shard in shards) == whole.skipped == 2
    assert sum(shard.count() for shard in shards) == whole.count()


def test_a_list_is_split_by_its_keys(photos, tmp_path):
    """Without the root, so that a moved folder has the same shards."""
    names = sorted(p for p in photos.rglob("*.*") if p.suffix != ".txt")
    (tmp_path / "list").write_text("\n".join(map(str, names)))
    for index in (1, 2):
        keys = ShardKeys(Shards((index,), 2))
        listing = Listing(os.fspath(tmp_path / "list"), root=os.fspath(photos), keys=keys)
        listed = [reference.key for reference in Sources.listed(listing, keys)]
        assert listed == [reference.key for reference in sources(photos, index, 2)]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/", "/3", "-1/3", "1/3/3", "a/b", "1/0", ""])
def test_what_is_no_shard_is_refused(text):
    """I counts from 1 to N."""
    with pytest.raises(ValueError, match=f"'{text}' is no shard I/N, such as 1/8"):
        read_shard(text)


def test_a_shard_is_shown_as_typed():
    """And reads back."""
    assert str(read_shard("12/128")) == "12/128"
    assert read_shard("12/128") == Shards((12,), 128)
