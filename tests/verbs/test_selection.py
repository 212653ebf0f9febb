"""Only the pixels that count: whole runs against numpy, whatever does the work."""

import shutil

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.errors import MeasureError, SpecError

RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    """Eight RGBA tiles of several sizes, in two folders, and a label map for each."""
    home = tmp_path_factory.mktemp("tiles")
    for i in range(8):
        folder, size = "ab"[i % 2], (20 + i, 31, 4)
        pixels = RNG.choice([0, 1, 7, 90, 255], size).astype(np.uint8)
        labels = RNG.choice([0, 1, 2, 255], size[:2]).astype(np.uint8)
        for kind, array in (("data", pixels), ("labels", labels)):
            (home / kind / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(home / kind / folder / f"{i}.png")
    return home


def arrays(home):
    """Return the pixels and labels of each tile, in the order of the keys."""
    paths = sorted(path.relative_to(home / "data") for path in (home / "data").rglob("*.png"))
    return [
        (np.asarray(Image.open(home / "data" / p)), np.asarray(Image.open(home / "labels" / p)))
        for p in paths
    ]


SELECTIONS = {
    "alpha": ({"alpha": "exclude"}, lambda px, lb: px[..., 3:] > 0),
    "nodata": ({"nodata": 7}, lambda px, lb: px[..., :3] != 7),
    "tuple": ({"nodata": (0, 0, 0)}, lambda px, lb: (px[..., :3] != 0).any(axis=-1, keepdims=True)),
    "masks": ({"masks": "{home}/labels/{{dir}}/{{stem}}.png"}, lambda px, lb: lb[..., None] != 0),
    "ignored label": (
        {"masks": "{home}/labels/{{dir}}/{{stem}}.png", "mask_ignore": [0, 255]},
        lambda px, lb: ~np.isin(lb, (0, 255))[..., None],
    ),
    "all of it": (
        {
            "alpha": "exclude",
            "nodata": "7",
            "masks": "{home}/labels/{{dir}}/{{stem}}.png",
            "mask_values": [1, 255],
            "mask_ignore": [255],
        },
        lambda px, lb: (px[..., 3:] > 0) & (px[..., :3] != 7) & (lb == 1)[..., None],
    ),
}


@pytest.fixture(params=SELECTIONS.values(), ids=SELECTIONS)
def case(request, tiles):
    """Settings of a selection, and n, Σx and Σx² of numpy's masked arrays."""
    settings, counts = request.param
    settings = {k: v.format(home=tiles) if isinstance(v, str) else v for k, v in settings.items()}
    kept = []
    for pixels, labels in arrays(tiles):
        colors = pixels[..., :3].astype(np.int64)
        chosen = np.broadcast_to(counts(pixels, labels), colors.shape)
        kept.append(np.ma.masked_array(colors, ~chosen).reshape(-1, 3))
    whole = np.ma.concatenate(kept)
    sums = [whole.sum(axis=0), (whole**2).sum(axis=0)]
    return settings, tuple(whole.count(axis=0).tolist()), *(tuple(s.tolist()) for s in sums)


def figures(stats):
    return stats.count, stats.sum, stats.sum_of_squares


@pytest.mark.parametrize("workers", [1, 2])
def test_figures_are_those_of_masked_arrays(tiles, case, workers):
    """In exact integers, with and without worker processes."""
    settings, *expected = case
    stats = bnstat.compute(tiles / "data", workers=workers, **settings)
    assert tuple(expected) == figures(stats)
    assert stats.methods["batchnorm"] is None
    total = sum(px.shape[0] * px.shape[1] for px, _ in arrays(tiles))
    assert tuple(total - n for n in stats.count) == stats.selection.excluded
    assert 8 == stats.selection.transparent


def test_a_resumed_run_is_the_whole(tiles, case, tmp_path):
    """A journal of one shard's images, and then of all: what it knows is not measured again."""
    settings, *expected = case
    folder = tmp_path / "tiles"
    shutil.copytree(tiles, folder)
    settings = {
        k: v.replace(str(tiles), str(folder)) if isinstance(v, str) else v
        for k, v in settings.items()
    }
    hidden = folder / "hidden.png"
    some = sorted((folder / "data").rglob("*.png"))[0]
    some.rename(hidden)
    bnstat.compute(folder / "data", workers=1, journal=tmp_path / "j.db", **settings)
    hidden.rename(some)
    resumed = bnstat.compute(folder / "data", workers=1, journal=tmp_path / "j.db", **settings)
    assert tuple(expected) == figures(resumed)


def test_shards_are_the_whole(tiles, case):
    """Merged, with what was left out."""
    settings, *expected = case
    shards = [
        bnstat.compute(tiles / "data", shard=(i, 3), workers=1, **settings) for i in (1, 2, 3)
    ]
    merged = bnstat.merge(*shards)
    whole = bnstat.compute(tiles / "data", workers=1, **settings)
    assert tuple(expected) == figures(merged)
    assert whole.selection == merged.selection
    assert whole.methods["two-pass"] == merged.methods["two-pass"]


def test_other_selections_do_not_merge(tiles):
    """The difference is named."""
    shards = [
        bnstat.compute(tiles / "data", shard=(i, 2), workers=1, nodata=value)
        for i, value in ((1, "0"), (2, "7"))
    ]
    with pytest.raises(bnstat.MergeError, match="they differ in nodata, 0 and 7"):
        bnstat.merge(*shards)


def test_masks_below_the_source_are_no_images(tiles):
    """And they are found from there."""
    stats = bnstat.compute(tiles / "data", masks=f"{tiles}/labels/{{dir}}/{{stem}}.png", workers=1)
    home = bnstat.compute(
        tiles, masks=str(tiles / "labels" / "a" / "{stem}.png"), masks_missing="all", workers=1
    )
    assert (8, 12) == (stats.source.images, home.source.images)  # 8 tiles, 4 labels of b


def test_masks_are_found_in_the_archive_of_the_images(tiles, tmp_path):
    """A zip or a tar, relative to its root."""
    plain = bnstat.compute(tiles / "data", masks=f"{tiles}/labels/{{dir}}/{{stem}}.png", workers=1)
    both = tmp_path / "both"
    for folder in ("a", "b"):
        shutil.copytree(tiles / "data" / folder, both / folder)
        shutil.copytree(tiles / "labels" / folder, both / "labels" / folder)
    for kind in ("zip", "tar"):
        archive = shutil.make_archive(tmp_path / "tiles", kind, both)
        stats = bnstat.compute(archive, masks="labels/{dir}/{stem}.png", workers=1)
        assert (8, figures(plain)) == (stats.source.images, figures(stats))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda path: path.unlink(), "its mask {}: No such file or directory"),
        (
            lambda path: path.write_bytes(b"no image"),
            "its mask {}: is not an image of a known format",
        ),
        (
            lambda path: Image.new("L", (2, 2)).save(path),
            "its mask has 2 × 2 pixels, the image 31 × 20",
        ),
    ],
)
def test_images_whose_mask_does_not_fit_fail(tiles, tmp_path, change, reason):
    """With the reason; the others are measured."""
    shutil.copytree(tiles, tmp_path / "tiles")
    mask = tmp_path / "tiles" / "labels" / "a" / "0.png"
    change(mask)
    pattern = f"{tmp_path}/tiles/labels/{{dir}}/{{stem}}.png"
    stats = bnstat.compute(tmp_path / "tiles" / "data", masks=pattern, workers=1)
    (failure,) = stats.source.failures
    assert ("a/0.png", reason.format(mask)) == (failure.image, failure.reason)
    assert 7 == stats.source.images


def test_images_of_which_nothing_is_left_are_no_failures(tmp_path):
    """They are counted as empty."""
    Image.new("RGB", (4, 4)).save(tmp_path / "black.png")
    Image.new("RGB", (4, 4), (9, 9, 9)).save(tmp_path / "gray.png")
    stats = bnstat.compute(tmp_path, nodata=0, workers=1)
    assert (2, (), 1) == (stats.source.images, stats.source.failures, stats.selection.empty)
    assert (16, (9 / 255,) * 3) == (stats.count[0], stats.exact.mean)


def test_a_channel_of_which_nothing_is_left_is_an_error(tmp_path):
    """It has no mean; in a shard it is a result without figures."""
    Image.new("RGB", (4, 4), (0, 5, 5)).save(tmp_path / "a.png")
    with pytest.raises(MeasureError) as error:
        bnstat.compute(tmp_path, nodata=0, workers=1)
    assert ("no sample of channel R counts: the selection leaves out all of them") == str(
        error.value
    )


def test_torchgeos_formula_is_off_by_nearly_half_the_difference(tmp_path):
    """A tile that is 99 % nodata beside a full one: pixels weigh alike, not tiles."""
    full = np.full((10, 10), 200, np.uint8)
    nearly_empty = np.zeros((10, 10), np.uint8)
    nearly_empty[0, 0] = 40
    tiles = {"full.png": full, "nearly_empty.png": nearly_empty}
    for name, pixels in tiles.items():
        Image.fromarray(pixels).save(tmp_path / name)
    stats = bnstat.compute(tmp_path, mode="L", nodata=0, workers=1)
    valid = np.concatenate([px[px != 0] for px in tiles.values()]) / 255
    weights = [px.size for px in tiles.values()]
    by_tile = np.average([px[px != 0].mean() / 255 for px in tiles.values()], weights=weights)
    assert valid.mean() == pytest.approx(stats.mean[0], rel=1e-15)
    assert valid.std() == pytest.approx(stats.std[0], rel=1e-12)
    assert abs(by_tile - stats.mean[0]) > 0.45 * (200 - 40) / 255


def test_raster_visions_running_formula_is_nan_after_an_empty_band(tmp_path):
    """bnstat's is that of the other chip."""
    empty, other = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 9, np.uint8)
    empty[..., 1:] = 9
    running = np.zeros(3)
    for chip in (empty, other):
        Image.fromarray(chip).save(tmp_path / f"{chip[0, 0, 0]}.png")
        with np.errstate(invalid="ignore"):
            sums, n = (chip * (chip != 0)).sum((0, 1)), (chip != 0).sum((0, 1))
            running = running + (sums / n - running) / 2
    stats = bnstat.compute(tmp_path, nodata=0, workers=1)
    assert np.isnan(running[0])
    assert (9 / 255,) * 3 == stats.exact.mean


NEAREST = ", interpolation=nearest"
GEOMETRIC = (
    *("RandomRotation(30)", "RandomRotation(30, expand=True, fill=7)", "Pad(5, fill=(1, 2, 3))"),
    *(
        "RandomAffine(20, translate=(0.2, 0.2), scale=(0.7, 1.2), shear=10)",
        "Pad(4, padding_mode='edge')",
    ),
    *("RandomCrop(40, pad_if_needed=True)", "CenterCrop(50)", "RandomZoomOut(p=1.0)"),
    *(
        "RandomPerspective(p=1.0, interpolation='nearest')",
        "ElasticTransform(interpolation='nearest')",
    ),
    "RandomRotation(30) | ToImage() | ToDtype(float32, scale=True) | RandomErasing(p=1.0)",
)


@pytest.mark.parametrize("spec", GEOMETRIC)
def test_a_set_of_one_color_keeps_it(tmp_path, spec):
    """Exactly, and std 0: nothing that was filled in counts."""
    color = (200, 90, 30)
    for i in range(3):
        Image.new("RGB", (37 + i, 29), color).save(tmp_path / f"{i}.png")
    stats = bnstat.compute(tmp_path, augment=spec, exclude_fill=True, epochs=3, workers=1)
    assert stats.mean == pytest.approx([value / 255 for value in color], rel=1e-7)
    assert max(stats.std) <= 1e-7
    filled = bnstat.compute(tmp_path, augment=spec, epochs=3, workers=1)
    if "edge" not in spec:
        assert min(filled.std) > 0.01
    assert filled.count[0] == stats.count[0] + stats.selection.excluded[0]


def test_transforms_that_refuse_masks_are_refused_before_images_are_read(tmp_path):
    """The message names the transform."""
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(SpecError, match="TrivialAugmentWide takes no mask"):
        bnstat.compute(tmp_path, augment="TrivialAugmentWide", exclude_fill=True, workers=1)


def test_sweep_refuses(tiles):
    """The layer that it replays sees all pixels."""
    with pytest.raises(MeasureError, match="sees all pixels"):
        bnstat.sweep(tiles / "data", nodata=0, workers=1)


def test_a_primed_layer_has_the_selected_figures(tiles):
    """As it is primed with two-pass."""
    stats = bnstat.compute(tiles / "data", nodata=0, workers=1)
    layer = bnstat.batch_norm(stats)
    assert stats.mean == pytest.approx(layer.running_mean.tolist(), rel=1e-6)
