"""Merging: what shards give together is what one run gives."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import Stats
from bnstat.errors import MergeError
from bnstat.result import METHODS, FileList

SETTINGS = [
    {},
    {"mode": "L", "epochs": 3, "seed": 9},
    {"augment": "RandomHorizontalFlip() | RandomCrop(8, pad_if_needed=True)", "epochs": 2},
    {"augment": "Grayscale(3) | ToImage() | ToDtype(float32, scale=True)"},
]


def exact(stats):
    """Return what must be the same to the last digit."""
    return (
        stats.channels,
        stats.scale,
        stats.count,
        stats.sum,
        stats.sum_of_squares,
        stats.histogram,
        stats.source,
        stats.pipeline,
        stats.mode,
    )


def near(stats):
    """Return what must be the same to 1e-12: of the methods, and the conventions."""
    methods = [stats.methods[name] for name in ("two-pass", "welford")]
    rows = [*stats.conventions.values(), *(v for each in methods for v in (each.mean, each.var))]
    return [pytest.approx(row, rel=1e-12) for row in rows]


def check(whole, merged):
    assert exact(whole) == exact(merged)
    assert near(whole) == [tuple(row.expected) for row in near(merged)]
    assert whole.conventions.keys() == merged.conventions.keys()
    if whole.sum is not None:
        assert whole.methods["two-pass"] == merged.methods["two-pass"]
    assert merged.methods["batchnorm"] is None
    assert merged.reasons == {
        name: method.not_merged for name, method in METHODS.items() if method.merging is None
    }


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_all_shards_are_the_whole(folder, measured, settings):
    """In any order; integers, histogram and two-pass to the last digit, all else to 1e-12."""
    whole, shards = measured(folder, **settings)
    check(whole, bnstat.merge(*shards))


def test_depths_and_floats_merge(deep, floats, measured):
    """8 and 16 bits exactly, though some shards have no 16-bit image; and floats with both."""
    for data, of in ((deep, 7), (floats, 2), (floats, 30)):
        whole, shards = measured(data, of=of, by="folder")
        assert len({stats.scale for stats in shards}) == (1 if of == 2 else 2 + (data is floats))
        merged = bnstat.merge(*shards)
        check(whole, merged)
        for label, group in whole.groups.items():
            assert merged.groups[label].sum == group.sum
            assert merged.groups[label].mean == pytest.approx(group.mean, rel=1e-12)


def test_more_shards_than_images(folder, measured):
    """Empty shards, and shards in which all failed, are documents too, and merge."""
    whole, shards = measured(folder, of=60)
    assert sum(not stats.channels and not stats.source.failures for stats in shards) > 20
    read = [Stats.from_json(stats.to_json()) for stats in shards]
    assert read == shards
    check(whole, bnstat.merge(*read))


def test_any_grouping(folder, measured):
    """Groups may be merged first, also of merged ones, and read from documents between."""
    whole, (a, b, c, d) = measured(folder)
    pair = Stats.from_json(bnstat.merge(d, b, partial=True).to_json())
    expected = {index for shard in (b, d) for index in shard.source.shards.indices}
    assert expected == set(pair.source.shards.indices)
    check(whole, bnstat.merge(pair, c, a))
    check(whole, bnstat.merge(a, bnstat.merge(c, pair, partial=True)))
    check(whole, bnstat.merge(bnstat.merge(a, c, partial=True), pair))


def test_order_does_not_matter_at_all(folder, measured):
    """Not even to the last digit of a rounded figure."""
    _, shards = measured(folder)
    one, other = bnstat.merge(*shards), bnstat.merge(*reversed(shards))
    assert replace(one, created="") == replace(other, created="")


def test_a_part_is_measured_again_as_that_part(folder, measured, tmp_path):
    """compare and sweep take a shard, or some, for just these; never for the whole folder."""
    from bnstat.verbs import resolve as documents
    from bnstat.verbs.sweep import sweep

    whole, (a, b, *_) = measured(folder)
    pair = bnstat.merge(a, b, partial=True)
    for part in (a, pair):
        images = documents.plain_images_of(part)
        assert documents.still_holds(part, images.settings, images.open())
        assert not documents.is_plain_result_of(part, str(folder))
        part.save(tmp_path / "part.json")
        again = sweep(tmp_path / "part.json", repeats=1, workers=1).stats
        assert exact(again) == exact(part)
    assert documents.is_plain_result_of(whole, str(folder))


def test_whole_sets_add_up(folder, photos):
    """Results that are no shards are added, with a line that overlap cannot be seen."""
    a, b = (bnstat.compute(place, workers=1) for place in (folder, photos))
    said = []
    merged = bnstat.merge(a, b, remark=said.append)
    assert merged.sum == tuple(x + y for x, y in zip(a.sum, b.sum, strict=True))
    assert merged.source.images == a.source.images + b.source.images
    assert merged.source.locations == (str(folder), str(photos))
    assert said == [
        "these results are no shards of one set; an image that is in several of them counts "
        "several times, which cannot be seen"
    ]


def test_places_are_made_absolute_only_where_they_must(folder):
    """Typed in one folder they stay as typed; in two they are joined to it."""
    stats = bnstat.compute(folder, workers=1)

    def at(cwd, location, fingerprint):
        source = replace(
            stats.source, cwd=cwd, locations=(location,), fingerprint=f"{fingerprint:064x}"
        )
        return replace(stats, source=source)

    same = bnstat.merge(at("/a", "x", 1), at("/a", "y", 2)).source
    assert (same.cwd, same.locations) == ("/a", ("x", "y"))
    other = bnstat.merge(at("/a", "x", 1), at("/b", "x", 2), at("/b", "s3://x", 3)).source
    assert (other.cwd, other.locations) == ("/a", ("/a/x", "/b/x", "s3://x"))


def test_lists_cannot_be_read_again_as_one(folder):
    """Several lists are recorded as such, so that nobody takes the first for all."""
    stats = bnstat.compute(folder, workers=1)
    listed = [
        replace(
            stats,
            source=replace(
                stats.source,
                locations=(name,),
                files_from=FileList(False, None, True),
                fingerprint=name * 64,
            ),
        )
        for name in "ab"
    ]
    assert bnstat.merge(*listed).source.files_from == FileList(False, None, False)
    assert bnstat.merge(listed[0]).source.files_from == FileList(False, None, True)


def refusal(*results, **options):
    with pytest.raises(MergeError) as caught:
        bnstat.merge(*results, **options)
    return str(caught.value)


def test_refusals_of_shards(folder, measured):
    """A shard twice, missing ones, shards of another number, a whole set beside shards."""
    whole, shards = measured(folder)
    a, b, c, _ = sorted(shards, key=lambda stats: stats.source.shards.indices)
    assert refusal(a, b, a) == (
        "shard 1/4 is there twice, in result 1 and result 3; leave one of them out"
    )
    assert refusal(b) == (
        "shards 1/4, 3/4 and 4/4 are missing; measure them, or merge what there is with --partial"
    )
    assert refusal(bnstat.merge(b, c, partial=True), c, partial=True) == (
        "shard 3/4 is there twice, in result 1 and result 2; leave one of them out"
    )
    other = bnstat.compute(folder, shard="2/3", workers=1)
    assert refusal(a, other) == (
        "cannot merge result 1 and result 2: one is shard 1/4 and one is shard 2/3; "
        "merge all shards of one set first"
    )
    assert refusal(whole, a) == (
        "cannot merge result 1 and result 2: one is of a whole set and one is shard 1/4; "
        "merge all shards of one set first"
    )
    assert refusal(whole, whole) == (
        "result 1 and result 2 are of the same images; leave one of them out"
    )


def test_thousands_of_missing_shards_are_not_all_named(folder):
    """Twenty are, and the number of the rest."""
    one = bnstat.compute(folder, shard=(1, 5000), workers=1)
    assert refusal(one).startswith("shards 2/5000, 3/5000, ")
    assert " and 4979 more are missing;" in refusal(one)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"mode": "L"}, "mode, RGB and L"),
        ({"seed": 7}, "seed, 0 and 7"),
        ({"epochs": 2}, "epochs, 1 and 2"),
        ({"augment": "Resize(8)"}, "pipeline, none and Resize(8)"),
    ],
    ids=str,
)
def test_refusals_of_settings(folder, settings, what):
    """Results that were not measured alike are refused, naming the difference."""
    a = bnstat.compute(folder, shard=(1, 2), workers=1)
    b = bnstat.compute(folder, shard=(2, 2), workers=1, **settings)
    assert refusal(a, b) == (
        f"cannot merge result 1 and result 2: they differ in {what}; measure both alike"
    )


def test_native_shards_of_different_modes_are_refused(tmp_path):
    """Each shard takes its own most common mode; where these differ, one run would differ too."""
    from PIL import Image

    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    Image.new("L", (2, 2)).save(tmp_path / "d.png")
    a, b = (bnstat.compute(tmp_path, shard=(i, 2), mode="native", workers=1) for i in (1, 2))
    assert refusal(a, b) == (
        "cannot merge result 1 and result 2: they differ in channels, L and R G B; "
        "measure both alike"
    )


def test_nothing_measured_in_any_shard(tmp_path):
    """All shards of an empty folder together are an error, as one run of it is."""
    shards = [bnstat.compute(tmp_path, shard=(i, 2), workers=1) for i in (1, 2)]
    assert refusal(*shards) == (
        "nothing was measured in any of these results; is it the right folder?"
    )
    assert bnstat.merge(shards[0], partial=True).count == ()


SHARDED = {
    "a sample": {"sample": "50%"},
    "several draws": {"augment": "ColorJitter(0.3)", "epochs": 3},
    "a sample of several draws": {"augment": "ColorJitter(0.3)", "epochs": 2, "sample": 20},
    "all": {"confidence": 90},
    "a sample of all": {"sample": "100%"},
    "floats": {"augment": "ToImage | ToDtype(float32, scale=True)"},
}


@pytest.fixture
def many(tmp_path):
    """40 images of all sizes, each with a light of its own, and one that is broken."""
    (tmp_path / "0.png").write_bytes(b"no image")
    rng = np.random.default_rng(9)
    for i in range(40):
        shape = (*rng.integers(4, 20, 2), 3)
        pixels = np.clip(rng.normal(rng.uniform(40, 200), 30, shape), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{i:02}.png")
    return tmp_path


@pytest.mark.parametrize("settings", SHARDED.values(), ids=SHARDED)
def test_margins_are_those_of_one_run(many, settings):
    """To 1e-12, from the documents of three shards."""
    whole = bnstat.compute(many, workers=1, **settings)
    shards = [bnstat.compute(many, workers=1, shard=f"{i}/3", **settings) for i in (1, 2, 3)]
    merged = bnstat.merge(*(Stats.from_json(shard.to_json()) for shard in shards))
    one, other = whole.uncertainty, merged.uncertainty
    assert (one.of, one.confidence, one.reliable) == (other.of, other.confidence, other.reliable)
    assert (one.margin is None, one.corrected is None) == (
        other.margin is None,
        other.corrected is None,
    )
    pairs = [(one.superpopulation, other.superpopulation), (one.margin, other.margin)]
    if one.corrected is not None:
        sides = one.corrected, other.corrected
        pairs += [[side.below for side in sides], [side.above for side in sides]]
    for expected, found in filter(all, pairs):
        assert found.mean == pytest.approx(expected.mean, rel=1e-12)
        assert found.std == pytest.approx(expected.std, rel=1e-12)
    assert one.sketch == other.sketch
    assert (one.corrected is None) == (one.margin is None or one.reliable)
    again = bnstat.merge(bnstat.merge(*shards[:2], partial=True), shards[2])
    assert again.uncertainty is None  # of some shards there are none


def test_sums_merge_in_any_order(many):
    """Whole sets, too, and what was merged before."""
    parts = [bnstat.compute(many / f"{i}*.png", workers=1) for i in range(4)]
    whole = bnstat.compute(many, workers=1)
    for merged in (bnstat.merge(*parts), bnstat.merge(bnstat.merge(*parts[2:]), *parts[:2])):
        errors = merged.uncertainty.superpopulation
        assert errors.mean == pytest.approx(whole.uncertainty.superpopulation.mean, rel=1e-12)
        assert errors.std == pytest.approx(whole.uncertainty.superpopulation.std, rel=1e-12)


def test_documents_without_sums_of_order_3_have_no_margins_when_merged(many):
    """Those of development versions stay readable."""
    parts = []
    for half in ("[0-1]*.png", "[2-3]*.png"):
        document = json.loads(bnstat.compute(many / half, workers=1).to_json())
        for sums in document["uncertainty"]["sums"]:
            del sums["third"]
        parts.append(Stats.from_json(json.dumps(document)))
    assert bnstat.merge(*parts).uncertainty is None


def test_one_random_draw_of_each_image_has_no_margins_when_merged(many):
    """What a regression on thumbnails leaves does not merge."""
    settings = {"augment": "ColorJitter(0.3)", "workers": 1}
    shards = [bnstat.compute(many, shard=f"{i}/2", **settings) for i in (1, 2)]
    assert bnstat.merge(*shards).uncertainty is None
