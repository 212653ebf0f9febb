"""Images of one video, patient or scene: what is said of other images goes over clusters."""

import csv
import dataclasses
import math

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat import Stats
from bnstat.errors import SettingError, SourceError
from bnstat.estimators import uncertainty
from bnstat.moments import ChunkMoments, Kind, MomentsTable, Records

VIDEOS, FRAMES = 6, 5


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Folders of frames that are alike: a light for each video, and a little for each frame."""
    top, rng = tmp_path_factory.mktemp("videos"), np.random.default_rng(2)
    for video in range(VIDEOS):
        (top / f"v{video}").mkdir()
        light = rng.uniform(40, 200)
        for frame in range(FRAMES):
            pixels = np.clip(rng.normal(light + rng.normal(0, 2), 9, (8, 8)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(top / f"v{video}" / f"{frame:03}.png")
    return top


def compute(videos, **settings):
    return bnstat.compute(videos, mode="L", workers=1, **settings)


def test_a_cluster_counts_as_one_image(videos):
    """Of clusters of one size the squared error is s²/K over their means: as of K images."""
    found = compute(videos, cluster="folder").uncertainty
    means = [
        np.mean([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]) / 255
        for folder in sorted(videos.iterdir())
        if folder.is_dir()
    ]
    assert found.superpopulation.mean == (
        pytest.approx(np.std(means, ddof=1) / math.sqrt(VIDEOS), rel=1e-9),
    )
    assert (found.cluster, found.clusters, found.reliable) == ("folder", VIDEOS, False)
    alone = compute(videos).uncertainty
    assert found.superpopulation.mean[0] > 2 * alone.superpopulation.mean[0]


def test_margins_stay_over_images(videos):
    """A sample draws images one by one."""
    settings = {"sample": 20}
    clustered, alone = (compute(videos, cluster=c, **settings) for c in ("folder", None))
    assert clustered.uncertainty.margin == alone.uncertainty.margin
    assert clustered.sum == alone.sum


def test_all_ways_to_name_a_cluster(videos, tmp_path):
    """By folder, by a label, and by what a pattern matches."""
    table = tmp_path / "labels.csv"
    with table.open("w", newline="") as lines:
        rows = csv.writer(lines)
        for path in sorted(videos.glob("v*/*.png")):
            rows.writerow((path.relative_to(videos).as_posix(), path.parent.name))
    errors = [
        compute(videos, cluster=each).uncertainty.superpopulation
        for each in ("folder", str(table), "re:v[0-9]", r"re:(v\d)/")
    ]
    assert errors == [errors[0]] * 4


def test_clusters_of_items_are_those_of_files(videos):
    """The place, the key or a function: in workers, in batches, and beside groups."""
    paths = sorted(videos.glob("v*/*.png"))
    items = [(np.asarray(Image.open(path)), path.parent.name) for path in paths]
    expected = compute(videos, cluster="folder").uncertainty
    keyed = [{"image": image, "video": video} for image, video in items]
    for data, cluster, typed in (
        (items, 1, "1"),
        (keyed, "video", "video"),
        (iter(items), lambda item: item[1], "function"),
    ):
        found = bnstat.compute(data, cluster=cluster, workers=1).uncertainty
        named = dataclasses.replace(expected, cluster=typed, sketch=found.sketch)  # items have none
        assert found == named
    batches = [(np.stack([i for i, _ in items[k : k + 5]]), ["v"] * 5) for k in range(0, 30, 5)]
    grouped = bnstat.compute(iter(batches), batched=True, by=1, cluster=lambda batch: range(5))
    assert (grouped.uncertainty.clusters, list(grouped.groups)) == (5, ["v"])
    with pytest.raises(SettingError, match="cluster folder is of files"):
        bnstat.compute(items, cluster="folder")
    with pytest.raises(SettingError, match="images of an array have no labels"):
        bnstat.compute(np.stack([image for image, _ in items]), cluster=1)


def test_what_names_no_cluster_is_refused(videos):
    """A pattern that does not match, or is none."""
    with pytest.raises(SourceError, match=r"re:x\(\.\) does not match v0/000\.png"):
        compute(videos, cluster="re:x(.)")
    with pytest.raises(ValueError, match="is no regular expression"):
        compute(videos, cluster="re:(")
    with pytest.raises(ValueError, match=r"is neither folder, FILE\.csv, re:PATTERN nor a key"):
        compute(videos, cluster="video.txt")
    with pytest.raises(SourceError, match="cluster 'video' is of the items of a dataset; files"):
        compute(videos, cluster="video")


def test_one_cluster_tells_nothing(videos):
    """As one image does."""
    assert compute(videos / "v0", cluster="folder").uncertainty is None


def test_a_document_remembers_its_clusters(videos):
    """What is measured again is what was measured."""
    stats = compute(videos, cluster="re:v[0-9]")
    read = Stats.from_json(stats.to_json())
    assert read == stats
    again = bnstat.compare(read, augment="Resize(8)", workers=1).rows[1].result
    assert (again.uncertainty.cluster, again.uncertainty.clusters) == ("re:v[0-9]", VIDEOS)


@pytest.fixture(scope="module")
def frames_of():
    """Return what draws 20 videos of 50 frames: the records of frames of 100 samples each."""

    def draw(rng):
        lights = np.repeat(rng.normal(127.5, 30, 20), 50) + rng.normal(0, 3, 1000)
        first = np.round(100 * lights).astype(np.int64)
        second = np.round(100 * (lights**2 + 400)).astype(np.int64)
        table = MomentsTable(
            255, np.full((1000, 1), 100), first[:, np.newaxis], second[:, np.newaxis]
        )
        records = Records()
        keys = [b"%02d/%02d" % divmod(i, 50) for i in range(1000)]
        records.extend(keys, ChunkMoments(Kind("L", ("L",), 255), list(range(1000)), table, None))
        return records

    return draw


@pytest.mark.parametrize("clustered", [True, False])
def test_errors_cover_only_over_clusters(frames_of, clustered):
    """Of 20 videos of 50 frames, errors over frames hold the truth in a fifth of the runs."""
    held, rng, runs = 0, np.random.default_rng(1), 300
    for _ in range(runs):
        records = frames_of(rng)
        found = uncertainty(
            records,
            len(records),
            random=False,
            confidence=0.95,
            clusters=(lambda key: key[:2].decode()) if clustered else None,
        )
        mean = records.total().mean()[0]
        held += abs(mean - 0.5) <= 2.093 * found.superpopulation.mean[0]  # t of 19
    assert 0.92 <= held / runs <= 0.98 if clustered else held / runs < 0.35
