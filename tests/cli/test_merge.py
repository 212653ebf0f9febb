"""bnstat merge and --shard: what they say, and what they refuse."""

import json

import pytest

import bnstat as library


@pytest.fixture
def shards(compute, here):
    """`tiny` in three shards, s1.json to s3.json; the third is empty."""
    for i in (1, 2, 3):
        assert compute("tiny", "--shard", f"{i}/3", "-q", "-o", f"s{i}.json").status == 0
    return here


def test_merged_shards_are_the_whole(bnstat, compute, shards):
    """The document is that of one run, but for batchnorm, the time, and what needs each image."""
    compute("tiny", "-q")
    assert bnstat("merge", "s3.json", "s1.json", "s2.json", "-o", "m.json", "-q").err == ""
    merged, whole = (json.loads((shards / f).read_text()) for f in ("m.json", "bnstat.json"))
    for document in (merged, whole):
        del document["created"], document["methods"]["batchnorm"], document["reasons"]
    assert merged.pop("uncertainty") is None
    assert whole.pop("uncertainty")["of"] == []
    assert merged == whole


def test_table(bnstat, shards):
    """It shows what compute shows, and says why there is no batchnorm."""
    result = bnstat("merge", "s1.json", "s2.json", "s3.json")
    assert result.status == 0
    assert result.out.startswith("tiny: 2 images, 16 pixels, 1 other file skipped, RGB in [0, 1]\n")
    assert (
        "\nBatchNorm2d: no figures, as it depends on the order of all images, which" in result.out
    )
    assert result.out.endswith("Saved to bnstat.json. Next: bnstat export --format normalize\n")


def test_an_empty_shard(bnstat, shards, compute):
    """It is written with status 0, says so, and cannot be exported, compared or swept."""
    empty = next(i for i in (1, 2, 3) if not library.load(f"s{i}.json").channels)
    result = compute("tiny", "--shard", f"{empty}/3", "-o", "e.json")
    assert result.status == 0
    skipped = ", 1 other file skipped" if empty == 1 else ""
    assert result.out == (
        f"tiny, shard {empty} of 3: 0 images, 0 pixels{skipped}, RGB in [0, 1]\n\n"
        "Nothing was measured. Saved to e.json, for bnstat merge.\n"
    )
    refused = [
        (("export", "e.json"), "the result has no two-pass figures: no image was measured"),
        (
            ("compare", "e.json", "imagenet"),
            "a result in which nothing was measured has no figures; merge it with the other "
            "shards: bnstat merge",
        ),
        (
            ("sweep", "e.json", "--workers", "1"),
            "e.json is of a shard in which nothing was measured; sweep another",
        ),
    ]
    for arguments, says in refused:
        result = bnstat(*arguments)
        assert (result.status, result.err) == (4, f"bnstat: {says}\n")


def test_a_shard_in_which_all_failed(bnstat, compute, here):
    """Its failures are named and counted, and merge into those of the whole, with its status."""
    (here / "tiny" / "bad.png").touch()
    statuses = [
        compute("tiny", "--shard", f"{i}/9", "-o", f"{i}.json", "-q").status for i in range(1, 10)
    ]
    assert sorted(statuses) == [0] * 8 + [3]
    arguments = ("merge", *(f"{i}.json" for i in range(1, 10)), "-q")
    assert bnstat(*arguments, "--max-failures", "1", "-o", "few.json").status == 0
    result, whole = bnstat(*arguments), compute("tiny", "-q", "-o", "whole.json")
    assert (whole.status, result.status, result.out) == (3, 3, "")
    assert result.err.startswith("failed: bad.png: ")
    assert result.err.splitlines()[0] == whole.err.splitlines()[0]
    merged, whole = library.load("bnstat.json"), library.load("whole.json")
    assert merged.source == whole.source


def test_refusals(bnstat, shards):
    """A shard twice, one missing, another seed: status 4, one line, and nothing is written."""
    bnstat("compute", "tiny", "--shard", "3/3", "--seed", "7", "-q", "-o", "seed.json")
    for arguments, says in [
        (
            ("s1.json", "s2.json", "s1.json"),
            "shard 1/3 is there twice, in s1.json and s1.json; leave one of them out",
        ),
        (
            ("s1.json", "s3.json"),
            "shard 2/3 is missing; measure it, or merge what there is with --partial",
        ),
        (
            ("s1.json", "s2.json", "seed.json"),
            "cannot merge s1.json and seed.json: they differ in seed, 0 and 7; measure both alike",
        ),
    ]:
        result = bnstat("merge", *arguments)
        assert (result.status, result.out, result.err) == (4, "", f"bnstat: {says}\n")
    assert not (shards / "bnstat.json").exists()


def test_partial_says_so(bnstat, shards):
    """On stderr, in the headline, and in the document."""
    result = bnstat("merge", "--partial", "s3.json", "s1.json")
    assert result.err == "shard 2/3 is missing: the result is of the other shards alone\n"
    assert result.out.startswith("tiny, shards 1, 3 of 3: ")
    source = json.loads((shards / "bnstat.json").read_text())["source"]
    assert (source["shard"], source["shards"]) == (None, {"indices": [1, 3], "of": 3})


def test_an_input_is_not_overwritten(bnstat, shards):
    """`bnstat merge *.json`, typed again, would count the first result of it twice."""
    arguments = ("merge", "s1.json", "s2.json", "s3.json")
    assert bnstat(*arguments).status == 0
    result = bnstat(*arguments, "./bnstat.json")
    assert result.status == 4
    assert result.err == ("bnstat: bnstat.json is both STATS and --output; name another --output\n")


@pytest.mark.parametrize("typed", ["0/3", "4/3", "third"])
def test_what_is_no_shard_is_a_usage_error(compute, typed):
    """Status 2, before anything is measured."""
    result = compute("tiny", "--shard", typed)
    assert result.status == 2
    assert result.err == (
        f"bnstat: Invalid value for '--shard': '{typed}' is no shard I/N, such as 1/8: "
        "I counts from 1 to N.\nTry: bnstat compute --help\n"
    )
