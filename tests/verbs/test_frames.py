"""Files of several frames: each is an image of its own, and files are what varies."""

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.measure import scanning
from bnstat.result.contents import exactness
from bnstat.sources.reference import file_key, frame_key

RNG_SEED = 5


def pages(number, seed=0, shape=(6, 7), dtype=np.uint8):
    rng = np.random.default_rng([RNG_SEED, seed])
    return [Image.fromarray(rng.integers(0, 256, shape).astype(dtype)) for _ in range(number)]


def save(path, images, **options):
    images[0].save(path, save_all=True, append_images=images[1:], **options)


@pytest.fixture
def folder(tmp_path):
    """A stack of five 16-bit pages, an animation of three frames, and two plain images."""
    save(tmp_path / "stack.tif", pages(5, dtype=np.uint16))
    save(tmp_path / "anim.webp", pages(3, 1, (6, 7, 3)), lossless=True)
    pages(1, 2)[0].save(tmp_path / "a#1.png")
    pages(1, 3)[0].save(tmp_path / "b.png")
    return tmp_path


def compute(*sources, **settings):
    return bnstat.compute(*sources, mode="L", workers=1, **settings)


def keys(folder, tmp_path, **settings):
    compute(folder, records=tmp_path / "r.csv", **settings)
    return [row.split(",")[0] for row in (tmp_path / "r.csv").read_text().splitlines()[1:]]


def codes(stats):
    return [warning.code for warning in stats.warnings]


def test_the_first_frame_is_measured_with_a_line(folder):
    """It says how many files and frames there are; typed, it does not come."""
    stats = compute(folder)
    assert (4, ["frames"]) == (stats.source.images, codes(stats))
    assert stats.warnings[0].text == (
        "2 images of several frames, 8 in all, such as anim.webp (3 frames); --frames all measures "
        "all, not the first of each alone"
    )
    assert "frames" not in codes(compute(folder, frames="first"))
    (folder / "stack.tif").unlink()
    (folder / "anim.webp").unlink()
    assert [] == codes(compute(folder))


def test_each_frame_is_an_image(folder, tmp_path):
    """With a key of its own, and a "#" of a name is doubled."""
    every = ["a##1.png", *(f"anim.webp#{i}" for i in range(3)), "b.png"]
    every += [f"stack.tif#{i}" for i in range(5)]
    assert every == keys(folder, tmp_path, frames="all")
    assert ["anim.webp#1", "stack.tif#1", "stack.tif#3"] == [
        key for key in keys(folder, tmp_path, frames="1::2") if not key.endswith("png")
    ]


def test_the_figures_are_those_of_single_files(folder, tmp_path):
    """Pages measured together give the sums of the same pages in files of their own."""
    alone = tmp_path / "alone"
    alone.mkdir()
    for i, page in enumerate(pages(5, dtype=np.uint16)):
        page.save(alone / f"{i}.png")
    every = compute(folder / "stack.tif", frames="all")
    assert compute(alone).sum == every.sum
    assert compute(folder / "stack.tif", frames="2:3").sum == compute(alone / "2.png").sum


def test_copies_and_masks_in_a_file_are_no_frames(tmp_path):
    """As pyramids have them, tagged by NewSubfileType."""
    first, small, other = *pages(2), pages(1, 9)[0]
    small.encoderinfo = {"tiffinfo": {254: 1}}
    save(tmp_path / "p.tif", [first, small])
    assert [] == codes(compute(tmp_path / "p.tif"))
    assert 1 == compute(tmp_path / "p.tif", frames="all").source.images
    save(tmp_path / "q.tif", [first, other])
    assert 2 == compute(tmp_path / "q.tif", frames="all").source.images


@pytest.mark.parametrize("form", ["gif", "png", "avif", "mpo"])
def test_other_formats(form, tmp_path):
    """An animated GIF, PNG or AVIF, and an MPO."""
    name = "a.jpg" if form == "mpo" else f"a.{form}"
    save(tmp_path / name, pages(3, 1, (16, 16, 3)), format=form.upper())
    assert ["frames"] == codes(bnstat.compute(tmp_path / name, workers=1))
    assert 3 == bnstat.compute(tmp_path / name, workers=1, frames="all").source.images


def test_a_preview_in_a_photograph_is_no_frame(tmp_path):
    """An MPO with a second picture of another size, as of a gain map."""
    large, small = pages(1, 1, (32, 32, 3))[0], pages(1, 2, (16, 16, 3))[0]
    save(tmp_path / "a.jpg", [large, small], format="MPO")
    assert [] == codes(bnstat.compute(tmp_path / "a.jpg", workers=1))


def test_a_broken_frame_is_a_failure_of_its_own(folder):
    """Its page is compressed by nothing that is known; the others are measured."""
    data = bytearray((folder / "stack.tif").read_bytes())
    with Image.open(folder / "stack.tif") as image:
        image.seek(2)
        at = image._frame_pos[2]
    entries = int.from_bytes(data[at : at + 2], "little")
    for entry in range(at + 2, at + 2 + 12 * entries, 12):
        if data[entry : entry + 2] == (259).to_bytes(2, "little"):
            data[entry + 8 : entry + 10] = (999).to_bytes(2, "little")
    (folder / "stack.tif").write_bytes(data)
    stats = compute(folder, frames="all")
    assert ["stack.tif#2"] == [failure.image for failure in stats.source.failures]
    assert 9 == stats.source.images


def test_a_broken_file_is_one_failure(folder):
    """Nobody knows how many frames it has."""
    (folder / "stack.tif").write_bytes(b"II*\0 nothing")
    stats = compute(folder, frames="all")
    assert ["stack.tif"] == [failure.image for failure in stats.source.failures]


def test_no_frame_of_a_file_is_chosen(folder):
    """That is a failure: nothing is left out without a word."""
    failures = compute(folder, frames="4:").source.failures
    assert {f.image: f.reason for f in failures}["anim.webp"] == (
        "has 3 frames, none of which is in --frames 4:"
    )


def test_a_dataset_has_no_frames():
    """Its images are what it gives."""
    with pytest.raises(ValueError, match="frames are of files"):
        bnstat.compute(pages(3), workers=1, frames="all")


def test_fingerprints_shards_and_samples_go_by_file(folder):
    """All frames of a file are in the same shard, and in a sample or not."""
    whole = compute(folder, frames="all")
    assert compute(folder).source.fingerprint == whole.source.fingerprint
    parts = [compute(folder, frames="all", shard=(i, 2)) for i in (1, 2)]
    merged = bnstat.merge(*parts)
    assert (whole.sum, whole.source.files) == (merged.sum, merged.source.files)
    assert whole.source.fingerprint == merged.source.fingerprint
    sampled = compute(folder, frames="all", sample=2)
    assert (2, 2, 4) == (sampled.source.files, sampled.sample.images, sampled.sample.of)
    assert exactness(sampled).startswith("of 2 of 4 files, seed 0")
    assert bnstat.Stats.from_json(sampled.to_json()) == sampled


@pytest.fixture
def stacks(tmp_path):
    """Twelve stacks: pages of one are alike."""
    rng = np.random.default_rng(RNG_SEED)
    for i in range(12):
        level = rng.integers(40, 200)
        stack = [
            Image.fromarray((level + p.astype(int) // 16).astype(np.uint8))
            for p in (np.asarray(page) for page in pages(4, i))
        ]
        save(tmp_path / f"{i}.tif", stack)
    return tmp_path


def test_margins_are_those_of_files(stacks, tmp_path):
    """As if each stack were one tall image."""
    tall = tmp_path / "tall"
    tall.mkdir()
    for i in range(12):
        with Image.open(stacks / f"{i}.tif") as image:
            rows = [np.array(image) for page in range(4) if not image.seek(page)]
        Image.fromarray(np.concatenate(rows)).save(tall / f"{i}.tif")
    (tmp_path / "x").mkdir()
    every = compute(*(stacks / f"{i}.tif" for i in range(12)), frames="all")
    whole = compute(*(tall / f"{i}.tif" for i in range(12)))
    np.testing.assert_allclose(
        whole.uncertainty.superpopulation.mean, every.uncertainty.superpopulation.mean, rtol=1e-12
    )
    parts = [compute(stacks, exclude=["tall"], frames="all", shard=(i, 2)) for i in (1, 2)]
    np.testing.assert_allclose(
        bnstat.merge(*parts).uncertainty.superpopulation.std,
        whole.uncertainty.superpopulation.std,
        rtol=1e-9,
    )


def test_a_growing_sample_ends_after_whole_files(stacks):
    """All of them, where margins are not within."""
    grown = compute(stacks, frames="all", until=0.0001)
    assert (48, 12, 12) == (grown.source.images, grown.source.files, grown.sample.images)
    assert compute(stacks).source.fingerprint == grown.source.fingerprint


def test_groups_and_clusters_name_files(folder, tmp_path):
    """A table of labels has a line for each file."""
    labels = tmp_path / "l.csv"
    labels.write_text("stack.tif,s\nanim.webp,s\na#1.png,p\nb.png,p\n")
    stats = compute(folder, frames="all", by=str(labels), cluster=str(labels))
    assert {"s": 8, "p": 2} == {name: group.images for name, group in stats.groups.items()}
    assert 2 == stats.uncertainty.clusters


def test_a_journal_knows_each_frame(folder, tmp_path, monkeypatch):
    """The second run measures nothing, and gives the same."""
    journal = tmp_path / "j"
    one = compute(folder, frames="all", journal=journal)
    recorded = []
    monkeypatch.setattr(scanning, "record_chunk", lambda *chunk: recorded.append(chunk))
    two = compute(folder, frames="all", journal=journal)
    assert (one.sum, one.methods, []) == (two.sum, two.methods, recorded)
    with pytest.raises(bnstat.JournalError, match="differ in frames"):
        compute(folder, frames="1:", journal=journal)


def test_a_result_is_measured_again_with_its_frames(folder, tmp_path):
    """compare takes them from the document; merge refuses others."""
    compute(folder, frames="all").save(tmp_path / "all.json")
    found = bnstat.compare(tmp_path / "all.json", augment="none", workers=1)
    assert found.rows[0].result.sum == found.rows[-1].result.sum
    with pytest.raises(bnstat.MergeError, match="they differ in frames"):
        bnstat.merge(compute(folder / "stack.tif", frames="all"), compute(folder / "b.png"))


def test_the_frames_of_a_mask(tmp_path):
    """A mask of as many frames has one for each; of one, it is that of all."""
    save(tmp_path / "s.tif", [Image.new("L", (4, 4), 10 * i) for i in range(3)])
    masks = [Image.new("L", (4, 4), i % 2) for i in range(3)]
    save(tmp_path / "m.tif", masks)
    masks[1].save(tmp_path / "one.tif")
    of = {"frames": "all", "workers": 1, "mode": "L"}
    each = bnstat.compute(tmp_path / "s.tif", masks=str(tmp_path / "m.tif"), **of)
    assert (10 * 16,) == each.sum
    every = bnstat.compute(tmp_path / "s.tif", masks=str(tmp_path / "one.tif"), **of)
    assert (30 * 16,) == every.sum


def test_frames_in_an_archive_that_is_a_stream(folder, tmp_path):
    """Each frame holds the bytes of its file until it is measured."""
    import tarfile

    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as tar:
        tar.add(folder / "stack.tif", "stack.tif")
    assert compute(tmp_path / "t.tar.gz", frames="all").sum == (
        compute(folder / "stack.tif", frames="all").sum
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [("3", "one frame is 3:4"), ("a:b", "not first, all or N:M:STEP"), ("::0", "a step of 0")],
)
def test_what_is_no_choice_of_frames(typed, said, folder):
    """Is said before anything is read."""
    with pytest.raises(ValueError, match=said):
        compute(folder, frames=typed)


@pytest.mark.parametrize("key", [b"a", b"a#", b"a#1", b"a##", b"a#1#", b"#", b"9#9"])
def test_keys_of_frames_are_unlike_those_of_files(key):
    """Whatever the names: each tells its file."""
    assert [key] * 3 == [file_key(frame_key(key, index)) for index in (None, 0, 12)]


def test_a_frame_of_an_animation_with_a_wrong_checksum(tmp_path):
    """It fails with those that are drawn over it; the ones before are measured."""
    save(tmp_path / "a.png", pages(4, 1, (16, 16, 3)))
    data = bytearray((tmp_path / "a.png").read_bytes())
    second = data.index(b"fdAT", data.index(b"fdAT") + 1)
    data[second + 40] ^= 1
    (tmp_path / "a.png").write_bytes(data)
    stats = bnstat.compute(tmp_path, workers=1, frames="all")
    assert ["a.png#2", "a.png#3"] == [failure.image for failure in stats.source.failures]
    assert 2 == stats.source.images


def test_a_frame_that_is_cut_off(tmp_path):
    """It is a failure, or counts as far as it reaches."""
    save(tmp_path / "s.gif", pages(2, 1, (40, 40)))
    (tmp_path / "s.gif").write_bytes((tmp_path / "s.gif").read_bytes()[:-600])
    of = {"workers": 1, "mode": "L", "frames": "all"}
    named = tmp_path / "s.gif"
    assert ["s.gif#1"] == [f.image for f in bnstat.compute(named, **of).source.failures]
    stats = bnstat.compute(named, truncated="load", **of)
    assert (2, 1) == (stats.source.images, stats.source.truncated_images)


def test_pages_of_a_raster_get_a_line_in_bands_too(tmp_path):
    """GDAL reads the first; --frames is refused."""
    pytest.importorskip("rasterio")
    save(tmp_path / "s.tif", pages(3))
    assert ["pages"] == codes(bnstat.compute(tmp_path, workers=1, mode="bands"))
    with pytest.raises(bnstat.MeasureError, match="does not go with --frames"):
        bnstat.compute(tmp_path, workers=1, mode="bands", frames="all")
    pages(1)[0].save(tmp_path / "s.tif")
    assert [] == codes(bnstat.compute(tmp_path, workers=1, mode="bands"))
