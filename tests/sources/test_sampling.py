"""Random samples and shards of every kind of source: the same in any run."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from fractions import Fraction
from hashlib import blake2b
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bnstat.result import Shards
from bnstat.settings.samples import SampleSize
from bnstat.sources.listing import Listing
from bnstat.sources.locations import Opening
from bnstat.sources.source import Sampling, ShardKeys, hash_rank, read_shard, shard_of
from bnstat.sources.sources import Sources

NAMES = [f"{folder}/{i:03}.png" for folder in ("a", "b") for i in range(20)]


def png(value):
    data = io.BytesIO()
    Image.new("L", (2, 2), value).save(data, "PNG")
    return data.getvalue()


MEMBERS = {name: png(i) for i, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The same forty images in a folder and in every kind of archive."""
    import pyarrow as pa
    from pyarrow import parquet

    top = tmp_path_factory.mktemp("places")
    for name, data in MEMBERS.items():
        path = top / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (top / "folder" / "notes.txt").touch()
    for suffix, mode in ((".tar", "w"), (".tar.gz", "w:gz")):
        with tarfile.open(top / f"x{suffix}", mode) as archive:
            for name, data in MEMBERS.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile(top / "x.zip", "w") as archive:
        for name, data in MEMBERS.items():
            archive.writestr(name, data)
    images = [{"bytes": data, "path": name} for name, data in MEMBERS.items()]
    parquet.write_table(pa.table({"image": images}), top / "x.parquet", row_group_size=8)
    return top


def expected(keys, size, seed=0):
    """Return the keys that have the smallest hashes, written out anew."""
    ranks = {k: blake2b(b"sample/%d/" % seed + k, digest_size=8).digest() for k in keys}
    return sorted(sorted(keys, key=ranks.__getitem__)[:size])


def opened(location, size="7", seed=0, keys=None):
    sampling = Sampling(size, seed, SampleSize.read(size))
    return Sources.open([str(location)], Opening(keys=keys or ShardKeys()), sampling=sampling)


@pytest.mark.parametrize("name", ["folder", "x.tar", "x.tar.gz", "x.zip"])
def test_chosen_are_the_smallest_hashes(places, name):
    """A sample is the images whose hashes are smallest, with their bytes, in the order of keys."""
    sources = opened(places / name)
    found = list(sources)
    assert expected([n.encode() for n in NAMES], 7) == [reference.key for reference in found]
    assert [MEMBERS[r.key.decode()] for r in found] == [r.open().read() for r in found]
    assert (40, 7) == (sources.population.found, sources.count())
    assert (name == "folder") == sources.skipped


def test_parquet_reads_only_row_groups_that_are_needed(places, monkeypatch):
    """Rows are chosen by their keys; the row groups of the others are not read."""
    from bnstat.sources import parquet

    read = []
    values = parquet._OpenFile.values

    def watched(file, group, column):
        read.append((group, column))
        return values(file, group, column)

    monkeypatch.setattr(parquet._OpenFile, "values", watched)
    keys = [b"%09d/%s" % (i, name.encode()) for i, name in enumerate(NAMES)]
    found = list(opened(places / "x.parquet", "2"))
    assert expected(keys, 2) == [reference.key for reference in found]
    groups = {int(key[:9]) // 8 for key in expected(keys, 2)}
    assert groups == {group for group, column in read if column == "image"}
    assert len(groups) < 5


def test_no_file_outside_the_sample_is_examined(places, monkeypatch):
    """A folder and a list are listed; only files in the sample are looked at."""
    folder, looked_at = places / "folder", []
    stat = os.stat

    def watched(path, *rest, **options):
        if isinstance(path, bytes) and path.endswith(b".png"):
            looked_at.append(path)
        return stat(path, *rest, **options)

    monkeypatch.setattr(os, "stat", watched)
    assert [r.path for r in opened(folder, "5")] == looked_at
    listed = places / "list.txt"
    listed.write_text("\n".join(str(folder / name) for name in NAMES))
    looked_at.clear()
    sampling = Sampling("5", 0, SampleSize.read("5"))
    sources = Sources.listed(Listing(str(listed)), sampling=sampling)
    assert [r.path for r in sources] == looked_at
    assert len(looked_at) == 5


@given(st.integers(1, 10**6), st.integers(1, 1000))
def test_a_share_is_rounded_up(found, thousandths):
    """P % of N images are ⌈N·P/100⌉, exactly."""
    typed = f"{thousandths // 10}.{thousandths % 10}%"
    assert ceil(Fraction(found * thousandths, 1000)) == SampleSize.read(typed).of(found)


@given(st.sets(st.binary(min_size=1, max_size=8), min_size=20, max_size=60), st.integers(0, 9))
def test_a_smaller_share_lies_within_a_larger_one(keys, seed):
    """5 % lies within 10 %, and 100 % is everything."""
    ordered = sorted(keys, key=lambda key: hash_rank(seed, key))
    small, large = (SampleSize.read(size).of(len(keys)) for size in ("5%", "10%"))
    assert set(ordered[:small]) <= set(ordered[:large])
    assert SampleSize.read("100%").of(len(keys)) == len(keys)


def test_shards_of_a_sample_are_the_sample(places):
    """The sample is taken of all images, before they are divided into shards."""
    shards = [
        list(opened(places / "folder", "9", keys=ShardKeys(Shards((i,), 3)))) for i in (1, 2, 3)
    ]
    together = sorted(reference for shard in shards for reference in shard)
    assert list(opened(places / "folder", "9")) == together


def test_equal_keys_count_once(places):
    """A name that a list has twice is one image of the population, and one duplicate."""
    listed = places / "twice.txt"
    listed.write_text("\n".join(str(places / "folder" / name) for name in [*NAMES, NAMES[0]]))
    sources = Sources.listed(
        Listing(str(listed)), sampling=Sampling("41", 0, SampleSize.read("41"))
    )
    assert (40, 1) == (len(list(sources)), sources.duplicates)


@pytest.mark.parametrize("text", ["0", "-1", "0%", "101%", "1e3", "five", "5 %", ""])
def test_what_is_no_size(text):
    """Only a positive number and a percentage of at most 100 are sizes."""
    with pytest.raises(ValueError, match="neither a number of images nor a percentage such as 5%"):
        SampleSize.read(text)


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
