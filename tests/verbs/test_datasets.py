"""Datasets, loaders and arrays: the figures of numpy over the same items."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader, Subset, TensorDataset, WeightedRandomSampler

import bnstat
from bnstat.errors import MeasureError, NothingMeasuredError, SettingError, SourceError

sys.path.insert(0, str(Path(__file__).parent))
import given
from given import Flipping, Keyed, Pictures, Streaming, joined, pixels


def check(stats, samples, scale=255):
    """All integers are exact, and mean and std those of exact integers."""
    n = samples.shape[1]
    assert stats.count == (n,) * len(samples)
    sums = [[sum(map(int, channel)) for channel in (s, s * s)] for s in samples]
    assert stats.sum == tuple(first for first, _ in sums)
    assert stats.sum_of_squares == tuple(second for _, second in sums)
    assert stats.exact.mean == tuple(first / (n * scale) for first, _ in sums)
    assert np.allclose(stats.std, samples.std(axis=1) / scale, rtol=1e-12)
    if scale == 255:
        expected = [np.bincount(channel, minlength=256).tolist() for channel in samples]
        assert [list(counts) for counts in stats.histogram] == expected


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("form", ["pil", "array", "tensor", "tv"])
def test_items_of_every_form(form, workers):
    """PIL images, arrays (H, W, C), tensors (C, H, W): exact, in this process and in workers."""
    check(bnstat.compute(Pictures(40, form), workers=workers), joined(40))


@pytest.mark.parametrize("workers", [1, 2])
def test_gray_deep_and_float_items(workers):
    """Gray has one channel, 16 bits stay 16 bits, floats are taken as they are."""
    gray = joined(40, slice(0, 1))
    check(bnstat.compute(Pictures(40, "gray"), workers=workers), gray)
    check(bnstat.compute(Pictures(40, "16 bits"), workers=workers), joined(40) * 257, 65535)
    for form, tolerance in (("float", 1e-7), ("float64", 1e-15)):
        stats = bnstat.compute(Pictures(40, form), workers=workers)
        assert np.allclose(stats.mean, joined(40).mean(axis=1) / 255, rtol=0, atol=tolerance)
        assert np.allclose(stats.std, joined(40).std(axis=1) / 255, rtol=0, atol=tolerance)


def test_mode_is_of_pil_images():
    """They are converted as files are."""
    gray = [np.asarray(Image.fromarray(pixels(i)).convert("L")).ravel() for i in range(5)]
    check(bnstat.compute(Pictures(5), mode="L"), np.concatenate(gray)[np.newaxis].astype(np.int64))


def test_subsets_lists_and_unions():
    """Other containers of items give theirs."""
    whole = Pictures(40)
    check(bnstat.compute(Subset(whole, range(10))), joined(10))
    check(bnstat.compute(ConcatDataset([whole])), joined(40))
    check(bnstat.compute([image for image, _ in (whole[i] for i in range(7))]), joined(7))
    check(bnstat.compute([pixels(i) for i in range(7)], workers=2), joined(7))


@pytest.mark.parametrize("nothing", [[], (), iter(())], ids=["list", "tuple", "iterator"])
def test_nothing_is_an_error(nothing):
    """It says what has no items, as a dataset that is empty does."""
    with pytest.raises(SourceError, match=r"has no items|gives nothing"):
        bnstat.compute(nothing)


def test_image_is_found_or_named():
    """In a dict it is what can be one; a key, a place or a function names it."""
    check(bnstat.compute(Keyed(5)), joined(5))
    check(bnstat.compute(Keyed(5), image="picture"), joined(5))
    check(bnstat.compute(Pictures(5), image=0), joined(5))
    check(bnstat.compute(Keyed(5), image=lambda item: item["picture"], workers=2), joined(5))


def test_item_without_an_image_says_what_it_is():
    """The error tells the first item's type, keys and shapes, and what to pass."""
    with pytest.raises(SourceError) as caught:
        bnstat.compute([{"name": "a", "box": np.zeros(4)}])
    assert str(caught.value) == (
        "the first item of list is a dict with name (str), box (ndarray of shape (4,)), in which "
        "no image is found; name it: image=KEY, or a function"
    )
    with pytest.raises(SourceError, match="which has nothing at 'img'; name it"):
        bnstat.compute(Keyed(5), image="img")
    with pytest.raises(TypeError, match="a source is an int, neither a path nor a dataset"):
        bnstat.compute(3)
    with pytest.raises(TypeError, match=r"a dict with train .*; name one of its datasets"):
        bnstat.compute({"train": Pictures(3)})


@pytest.mark.parametrize("workers", [1, 2])
def test_groups_are_labels_of_items(workers):
    """The second of a tuple, a key, a function; names are those of classes."""
    expected = {"cat": joined(4)[:, :0], "dog": joined(4)[:, :0]}
    for number in range(4):
        name = ("cat", "dog")[number % 2]
        own = pixels(number).reshape(-1, 3).T.astype(np.int64)
        expected[name] = np.concatenate([expected[name], own], axis=1)
    for data, by in ((Pictures(4), 1), (Keyed(4), "label")):
        groups = bnstat.compute(data, by=by, workers=workers).groups
        assert {name: each.sum for name, each in groups.items()} == {
            name: tuple(samples.sum(axis=1).tolist()) for name, samples in expected.items()
        }
    groups = bnstat.compute(Keyed(4), by=lambda item: item["name"], workers=workers).groups
    assert {name: each.images for name, each in groups.items()} == dict.fromkeys("0123", 1)


def test_dataset_that_draws_at_random_is_found_out():
    """Its items are drawn in each epoch, and the figures are not called exact."""
    plain, random = (bnstat.compute(kind(30), epochs=3) for kind in (Pictures, Flipping))
    assert plain.is_exact and plain.count[0] == 30 * 108
    assert random.uncertainty.of == ("draws",) and random.count[0] == 3 * 30 * 108
    assert random.source.dataset.random
    assert bnstat.compute(Flipping(30), random=False).is_exact


def test_draws_depend_on_seed_epoch_and_index_alone():
    """Not on workers; the caller's generators are where they were."""
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, two = (bnstat.compute(Flipping(70), epochs=2, workers=n) for n in (1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert (one.sum, one.sum_of_squares, one.methods) == (two.sum, two.sum_of_squares, two.methods)
    assert bnstat.compute(Flipping(70), epochs=2, seed=1).sum_of_squares != one.sum_of_squares


@pytest.mark.parametrize("form", ["pil", "array", "tensor"])
def test_pipeline_comes_after_the_item(form):
    """Of pixels that are only moved all forms have the same figures."""
    for workers in (1, 2):
        stats = bnstat.compute(
            Pictures(20, form), augment="RandomHorizontalFlip()", epochs=2, workers=workers
        )
        check(stats, np.tile(joined(20), 2))
        assert stats.uncertainty.of == ("draws",)


def test_samples_shards_and_records(tmp_path):
    """A sample is one of the indices; shards add up; records tell the dataset's own paths."""
    data = Pictures(50)
    data.samples = [(f"pics/{i}.png", i % 2) for i in range(50)]
    sample = bnstat.compute(data, sample="20%").sample
    assert (sample.images, sample.of) == (10, 50)
    shards = [bnstat.compute(data, shard=(i, 2)) for i in (1, 2)]
    assert bnstat.merge(*shards).sum == bnstat.compute(data).sum
    bnstat.compute(data, records=tmp_path / "r.csv", workers=2)
    rows = (tmp_path / "r.csv").read_text().splitlines()
    assert rows[2].startswith("000000001,pics/1.png,,0,9,12,8,0,255,RGB,,")
    batches = iter([np.stack([pixels(i) for i in range(k, k + 5)]) for k in (0, 5)])
    bnstat.compute(batches, batched=True, records=tmp_path / "b.csv")
    each = [row.split(",", 10)[10] for row in (tmp_path / "b.csv").read_text().splitlines()]
    assert each == [row.split(",", 10)[10] for row in rows[:11]]
    until = bnstat.compute(Pictures(400), until=0.05)
    assert until.sample.images == 200


LOADERS = {
    "sequential": {},
    "shuffled": {"shuffle": True},
    "workers": {"num_workers": 2},
    "items": {"batch_size": None},
    "list": {"collate_fn": lambda items: [image for image, _ in items]},
}


@pytest.mark.parametrize("name", LOADERS)
def test_loader_gives_what_it_gives(name):
    """Batches, items and lists are counted as they come."""
    loader = DataLoader(Pictures(50, "tensor"), **{"batch_size": 8} | LOADERS[name])
    check(bnstat.compute(loader), joined(50))


def test_drawn_twice_counts_twice():
    """A sampler's draws count as often as they come, and nothing is called exact."""
    weights = torch.tensor([0.0, 0.0, 1.0, 3.0])
    sampler = WeightedRandomSampler(weights, 100, replacement=True)
    loader = DataLoader(Pictures(4, "tensor"), batch_size=16, sampler=sampler)
    stats = bnstat.compute(loader)
    assert stats.source.images == 100 and stats.uncertainty.of == ("draws",)
    own = [int(pixels(i).astype(np.int64)[..., 0].sum()) for i in (2, 3)]
    thirds = next(n for n in range(101) if n * own[1] + (100 - n) * own[0] == stats.sum[0])
    assert 60 < thirds < 90
    twice = bnstat.compute(loader, epochs=2)
    assert twice.source.images == 200 and twice.sum != tuple(2 * s for s in stats.sum)


def test_mixed_floats_of_a_collate_function():
    """What a collate function makes is what is measured."""

    def mixed(items):
        images = torch.stack([image for image, _ in items])
        return 0.25 * images + 0.75 * images.flip(0), torch.zeros(len(items))

    loader = DataLoader(Pictures(30, "float"), batch_size=7, collate_fn=mixed)
    batches = torch.cat([images for images, _ in loader]).double().numpy()
    stats = bnstat.compute(loader)
    assert np.allclose(stats.mean, batches.mean(axis=(0, 2, 3)), rtol=1e-13)
    assert np.allclose(stats.std, batches.std(axis=(0, 2, 3)), rtol=1e-13)
    assert not stats.is_exact


def test_iterables_and_their_own_memory():
    """One that gives the same array each time is measured as it was when it was given."""
    check(bnstat.compute(Streaming(300)), joined(300))
    check(bnstat.compute(pixels(i) for i in range(300)), joined(300))
    batches = (np.stack([pixels(i), pixels(i + 1)]) for i in range(0, 30, 2))
    check(bnstat.compute(batches, batched=True), joined(30))


def test_first_items_of_what_has_no_end():
    """They are no random sample: no margin, and the document says so."""
    endless = (pixels(i) for i in itertools.count())
    stats = bnstat.compute(endless, sample=9)
    check(stats, joined(9))
    assert (stats.sample, stats.source.dataset.first) == (None, 9)
    assert stats.uncertainty.margin is None
    with pytest.raises(SourceError, match="cycle has no end; measure its first N items: sample=N"):
        bnstat.compute(itertools.cycle([pixels(0)]))


def test_iterable_that_never_ends_is_stopped(monkeypatch):
    """Its first items are measured, and the document says so; what ends there is whole."""
    monkeypatch.setattr("bnstat.sources.streams.MAX_ITEMS", 20)
    cut, chosen = (
        bnstat.compute((pixels(i) for i in itertools.count()), sample=n) for n in (None, 25)
    )
    check(cut, joined(20))
    check(chosen, joined(25))
    assert (cut.source.dataset.first, chosen.source.dataset.first) == (20, 25)
    assert "measured the first 20 items" in next(iter(bnstat.reports.remarks(cut)))
    assert bnstat.compute(pixels(i) for i in range(20)).source.dataset.first is None


@pytest.mark.parametrize(
    "settings",
    [
        {"sample": "5%"},
        {"until": 0.1},
        {"shard": (1, 2)},
        {"timeout": 5},
        {"masks": "{stem}.png"},
        {"journal": "x.journal"},
        {"mode": "bands"},
        {"engine": "dask://127.0.0.1:1"},
        {"files_from": "list"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_of_an_iterable(settings, tmp_path, monkeypatch):
    """Each is an error that says why."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(bnstat.BnstatError) as caught:
        bnstat.compute(Streaming(5), **settings)
    assert isinstance(caught.value, ValueError) or "files_from" in settings


def test_settings_that_make_no_sense_of_a_dataset(tmp_path):
    """The same of one with indices."""
    for settings in ({"journal": tmp_path / "j"}, {"by": "folder"}, {"masks": "{stem}.png"}):
        with pytest.raises(SettingError):
            bnstat.compute(Pictures(5), **settings)
    with pytest.raises(SourceError, match="a dataset is measured alone"):
        bnstat.compute(Pictures(5), Pictures(6))
    with pytest.raises(SettingError, match="can be iterated once; epochs of it must be 1"):
        bnstat.compute((pixels(i) for i in range(3)), epochs=2, random=True)


def test_failures_have_numbers_paths_and_reasons():
    """An item that raises is a failure as an image is that cannot be read."""
    data = given.Failing(9)
    data.imgs = [(f"{i}.png", 0) for i in range(9)]
    for workers in (1, 2):
        stats = bnstat.compute(data, workers=workers)
        first = stats.source.failures[1]
        assert (len(stats.source.failures), stats.source.images) == (3, 6)
        assert (first.image, first.reason) == ("000000003", "KeyError: 'no 3' (3.png)")
    with pytest.raises(NothingMeasuredError, match="none of the 1 images in dataset: Subset of 1"):
        bnstat.compute(Subset(given.Failing(9), [3]))
    with pytest.raises(MeasureError, match="stopped at the first failure"):
        bnstat.compute(data, fail_fast=True)


def test_lengths_that_are_none_or_lie():
    """An empty dataset is an error, and items that are not there are failures."""
    with pytest.raises(SourceError, match="Pictures has no items"):
        bnstat.compute(Pictures(0))
    stats = bnstat.compute(given.Lying(5))
    assert [failure.reason for failure in stats.source.failures] == [
        "IndexError: 5",
        "IndexError: 6",
    ]
    check(stats, joined(5))


def test_loader_of_labels_alone_and_one_that_raises():
    """The error tells what a batch is; one that raises ends the run, with how far it was."""
    with pytest.raises(
        SourceError, match=r"a batch of DataLoader is a list of Tensor of shape \(3"
    ):
        bnstat.compute(DataLoader(TensorDataset(torch.arange(9)), batch_size=3))

    def breaking():
        yield pixels(0)
        raise OSError("gone")

    with pytest.raises(MeasureError, match="generator raised after 1 items: OSError: gone"):
        bnstat.compute(breaking())


def test_items_of_changing_kinds():
    """The most common mode is the set's; floats among integers make a float document; NaN fails."""
    arrays = [pixels(0), pixels(1), pixels(2)[..., :1]]
    stats = bnstat.compute(arrays)
    assert stats.source.failures[0].reason == "is of mode L; the set's own is RGB"
    mixed = bnstat.compute([pixels(0), pixels(1) / 255])
    assert mixed.scale == 1
    assert np.allclose(mixed.mean, joined(2).mean(axis=1) / 255)
    broken = np.stack([pixels(i) / 255 for i in range(3)])
    broken[1, 0, 0, 0] = np.nan
    for data in (broken, list(broken), DataLoader(torch.from_numpy(broken).movedim(-1, 1))):
        stats = bnstat.compute(data)
        assert [failure.reason for failure in stats.source.failures] == [
            "has NaN or infinite samples"
        ]


def test_killed_worker_costs_one_item():
    """The item is named, the others are measured."""
    stats = bnstat.compute(given.Killing(40), random=False, workers=2)
    (failure,) = stats.source.failures
    assert (failure.image, failure.reason) == ("000000003", "worker died (signal 9)")
    assert stats.source.images == 39


def test_what_cannot_be_pickled_is_measured_here():
    """One process measures it, and the document says why."""
    data = Pictures(20)
    data.transform = lambda image: image
    stats = bnstat.compute(data, workers=2)
    check(stats, joined(20))
    assert "lambda" in stats.source.dataset.here
    assert stats.source.dataset.here in next(iter(bnstat.reports.remarks(stats)))
    with pytest.raises(SettingError, match="a time limit ends workers"):
        bnstat.compute(data, timeout=30)


def test_document_says_what_it_was_and_that_none_holds_it(tmp_path):
    """It is read again as it was written; what would need the images says what to pass."""
    stats = bnstat.compute(Pictures(5))
    assert stats.source.locations == ("dataset: Pictures of 5 items",)
    stats.save(tmp_path / "r.json")
    again = bnstat.load(tmp_path / "r.json")
    assert again.source.dataset == stats.source.dataset
    for verb in (
        bnstat.sweep,
        bnstat.outliers,
        lambda s: bnstat.compare(s, augment="RandomHorizontalFlip()"),
    ):
        with pytest.raises(SourceError, match="an object that no document holds; pass it again"):
            verb(tmp_path / "r.json")


def test_documents_of_what_is_drawn_hold_together():
    """Draws of items, passes of a loader, batches of any sizes: what is written is read again."""
    loader = DataLoader(Pictures(20, "float"), batch_size=8, shuffle=True, drop_last=True)
    batches = torch.split(torch.stack([image for image, _ in Pictures(20, "tensor")]), [3, 10, 7])
    accumulator = bnstat.Accumulator()
    for batch in batches:
        accumulator.update(batch)
    drawn = bnstat.compute(Flipping(30), epochs=2), bnstat.compute(loader, epochs=2)
    for stats in (*drawn, accumulator.compute()):
        assert bnstat.Stats.from_json(stats.to_json()).exact.mean == stats.exact.mean


def test_other_verbs_take_datasets():
    """compare, sweep, outliers and duplicates; a loader's images are not there twice."""
    rows = bnstat.compare(Pictures(20), Pictures(20, "tensor"), augment="RandomVerticalFlip()").rows
    assert rows[0].mean == rows[1].mean == rows[2].mean
    assert bnstat.sweep(Pictures(20), repeats=2).stats.source.images == 20
    assert bnstat.outliers(Pictures(20)) is not None
    same = Subset(Pictures(20, "array"), [0, 1, 2, 0])
    for workers in (1, 2):
        (equal,) = bnstat.duplicates(same, workers=workers).sets
        assert equal.images == ("000000000", "000000003")
    with pytest.raises(MeasureError, match="can be iterated once, and its images are needed again"):
        bnstat.duplicates(pixels(0) for _ in range(2))


@pytest.mark.parametrize("loads", [False, True])
def test_recalibrate_takes_a_dataset_or_a_loader(loads):
    """A layer in front gets the mean of the images, and their unbiased variance."""
    data = DataLoader(Pictures(30, "tensor"), batch_size=8) if loads else Pictures(30)
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(3))
    bnstat.recalibrate(model, data, stats="none", workers=1)
    samples = joined(30) / 255
    assert np.allclose(model[0].running_mean, samples.mean(axis=1), rtol=1e-5)
    assert np.allclose(model[0].running_var, samples.var(axis=1, ddof=1), rtol=1e-5)


SCRIPT = """
import numpy as np
import bnstat

class Mine:
    def __len__(self):
        return 20

    def __getitem__(self, index):
        return np.full((8, 8, 3), index, np.uint8)

stats = bnstat.compute(Mine(), workers=2)
print(stats.mean[0] * 255, stats.source.dataset.here)
"""


@pytest.mark.parametrize("by_name", [True, False])
def test_script_without_a_guard(python, tmp_path, by_name):
    """A class of __main__ is measured in this process: the script is not run again."""
    (tmp_path / "script.py").write_text(SCRIPT)
    result = python("script.py") if by_name else python("-", input=SCRIPT)
    assert result.stdout == "9.5 Mine is defined in __main__\n", result.stderr


def test_paths_in_lists_and_generators_are_paths(photos):
    """What gives names is no dataset of images."""
    folder = bnstat.compute(photos)
    assert bnstat.compute(path for path in [photos]).sum == folder.sum
    assert bnstat.compute([str(photos)]).source.locations == (str(photos),)
    assert bnstat.compute(Path(photos)).sum == folder.sum
