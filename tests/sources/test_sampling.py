"""Samples: which images are chosen, from every kind of source, and what is examined for it."""

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
from bnstat.sources.source import Sampling, ShardKeys, hash_rank
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
