"""The grid of schedules: what BatchNorm holds under each, and what theory expects of it."""

import json
import sys
import time

import numpy as np
import pytest

from bnstat.estimators import Schedule, batchnorm, two_pass
from bnstat.estimators.batchnorm import Epochs, expectation, running_values
from bnstat.estimators.replay import Grid
from bnstat.estimators.replay import sweep as replay_grid
from bnstat.result.running_statistics import THREE_DECIMALS, Cell, Off, Sweep


def sweep(records, grid):
    """Replay a grid on records that come without a result."""
    return replay_grid(records, grid, None)


def test_cells_come_in_the_grids_order(equal):
    """There is a cell for each order, batch size and momentum; a listed one has no repeats."""
    grid = Grid((8, 32), (0.1, None), ("shuffled", "listed"), repeats=3, epochs=2)
    found = sweep(equal, grid)
    assert [
        (order, size, momentum, repeats)
        for order, repeats in (("shuffled", 3), ("listed", 1))
        for size in (8, 32)
        for momentum in (0.1, None)
    ] == [(cell.order, cell.batch_size, cell.momentum, cell.repeats) for cell in found.cells]
    assert [16, 16, 4, 4] * 2 == [cell.batches for cell in found.cells]
    assert 60 == found.images


@pytest.mark.parametrize("order", ["shuffled", "listed"])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_agrees_with_the_estimator_for_each_seed(order, momentum, unequal):
    """Largest and root mean square are those of batchnorm's results, seed by seed."""
    grid = Grid((7,), (momentum,), (order,), repeats=4, seed=11, epochs=3)
    (cell,) = sweep(unequal, grid).cells
    exact = two_pass(unequal)
    seeds = range(11, 15) if order == "shuffled" else [11]
    replays = [batchnorm(unequal, Schedule(7, momentum, order, seed, 3)) for seed in seeds]
    assert (replays[0].batches, replays[0].start_weight) == (cell.batches, cell.start_weight)
    for off, away in (
        (cell.mean, [replay.mean[0] - exact.mean[0] for replay in replays]),
        (cell.std, [replay.std[0] - exact.std[0] for replay in replays]),
    ):
        assert pytest.approx(max(map(abs, away)), abs=1e-14) == off.largest
        assert pytest.approx(np.sqrt(np.mean(np.square(away))), abs=1e-14) == off.rms


def test_worst_channel_counts(records_of):
    """Of several channels the one that is off most is shown, whichever it is."""
    rng = np.random.default_rng(5)
    n, mean = np.full(40, 100), rng.beta(2, 3, (40, 3)) * (0.01, 0.1, 1.0)
    var = np.full((40, 3), 0.01)
    grid = Grid((8,), (0.1,), ("shuffled",), repeats=5)
    (together,) = sweep(records_of(n, mean, var), grid).cells
    apart = [sweep(records_of(n, mean[:, [c]], var[:, [c]]), grid).cells[0] for c in range(3)]
    for figure in ("mean", "std"):
        for of in ("largest", "rms", "expected"):
            each = [getattr(getattr(cell, figure), of) for cell in apart]
            assert pytest.approx(max(each), abs=1e-14) == getattr(getattr(together, figure), of)
    assert apart[2].mean.rms == max(cell.mean.rms for cell in apart)


# 2,000 repeats know a root mean square to 1.6 %, and the 400 shuffles of theory to 3.5 %.
REPEATS, CLOSE = 2000, 0.12


# All pairs of sizes, momentum and epochs.
@pytest.mark.parametrize(
    ("sizes", "momentum", "epochs"),
    [
        ("equal", 0.01, 3), ("equal", 0.1, 1), ("equal", None, 3),
        ("unequal", 0.01, 1), ("unequal", 0.1, 3), ("unequal", None, 1),
    ],
)  # fmt: skip
def test_theory_expects_what_happens(sizes, momentum, epochs, request):
    """Over many shuffles, mean and std are off by what theory expects: start, bias and noise."""
    records = request.getfixturevalue(sizes)
    grid = Grid((8,), (momentum,), ("shuffled",), REPEATS, epochs=epochs)
    (cell,) = sweep(records, grid).cells
    assert pytest.approx(cell.mean.rms, rel=CLOSE) == cell.mean.expected
    assert pytest.approx(cell.std.rms, rel=CLOSE) == cell.std.expected


@pytest.mark.parametrize("momentum", [0.1, None], ids=["0.1", "cumulative"])
@pytest.mark.parametrize("sizes", ["equal", "unequal"])
def test_theory_knows_the_noise_alone(sizes, momentum, request):
    """The scatter about its own centre is expected_sd, of the mean and of the variance."""
    records = request.getfixturevalue(sizes)
    replays = [
        running_values(records, Schedule(16, momentum, seed=seed))[0] for seed in range(1000)
    ]
    of_mean, of_var = np.std(replays, axis=0, ddof=1)
    claimed = batchnorm(records, Schedule(16, momentum)).expected_sd
    assert pytest.approx(of_mean, rel=0.12) == claimed["mean"][0]
    assert pytest.approx(of_var, rel=0.12) == claimed["var"][0]


@pytest.mark.parametrize("size", [2, 4])
def test_theory_knows_the_bias_of_the_variance(size, equal):
    """Small batches leave out S²(1/b − 1/N) of the variance, and no averaging brings it back."""
    schedule = Schedule(size, None, epochs=5)
    column = equal.column(0)
    expected = expectation(Epochs.shuffled([column] * 5, size), schedule)
    replays = [running_values(equal, Schedule(size, None, seed=s, epochs=5)) for s in range(300)]
    found = np.array([replay[0][1] for replay in replays])
    error = found.std(ddof=1) / np.sqrt(len(found))
    missing = two_pass(equal).var[0] - expected.var
    left_out = column.mean.var(ddof=1) * (1 / size - 1 / 60)
    assert pytest.approx(left_out, abs=expected.sd_of_var / 4) == missing
    assert abs(found.mean() - expected.var) < 4 * error
    assert missing > 20 * error


def test_listed_order_of_a_folder_sorted_by_class_is_biased(records_of):
    """By class, the running mean is that of the last class, far beyond the noise of shuffles."""
    light = np.repeat([0.2, 0.8], 400)[:, np.newaxis]
    records = records_of(np.full(800, 100), light, np.full((800, 1), 0.01))
    shuffled, listed = sweep(records, Grid((8,), (0.1,), ("shuffled", "listed"), repeats=50)).cells
    assert ("shuffled", "listed") == (shuffled.order, listed.order)
    assert pytest.approx(shuffled.mean.rms, rel=0.3) == shuffled.mean.expected
    assert pytest.approx(0.8 - 0.5, rel=0.02) == listed.mean.largest
    assert listed.mean.largest > 5 * listed.mean.expected


def cell(mean, std, *, size=8, momentum=0.1, order="shuffled"):
    """Return a cell whose mean and std are off by this much at most."""
    return Cell(size, momentum, order, 20, 10, 0.0, Off(mean, mean, mean), Off(std, std, std))


def test_verdict_where_a_schedule_will_do():
    """The shuffled one that was off least is named, if it held three decimals in every repeat."""
    bad, good = cell(0.01, 0.01), cell(0.0001, 0.0002, size=32, momentum=None)
    better = cell(0.0001, 0.00015, size=8, momentum=0.01, order="listed")
    assert Sweep((bad, good), 100, None).verdict == (
        "For three decimals batches of 32, cumulative, shuffled would do: "
        "off by at most 0.0002 in every repeat."
    )
    assert Sweep((bad, good, better), 100, None).fitting == (good,)


def test_verdict_where_none_will_do():
    """Otherwise the nearest schedule is named, with how far off it was."""
    assert Sweep((cell(0.01, 0.0), cell(0.0001, 0.002, size=32)), 100, None).verdict == (
        "No shuffled schedule of at least 4 batches holds three decimals here; the nearest, "
        "batches of 32, momentum 0.1, shuffled, was off by up to 0.002. two-pass is exact."
    )


@pytest.mark.parametrize(("images", "batches"), [(97, 4), (96, 3), (65, 3), (32, 1)])
def test_few_batches_are_no_schedule_for_training(images, batches):
    """One batch of all images is as exact as two-pass, and of no use: it is not recommended."""
    assert batches == len(Schedule(32).batch_sizes(images))
    few = Sweep((cell(0.0, 0.0, size=32), cell(0.0, 0.0, order="listed")), images, None)
    assert (batches >= 4) == bool(few.fitting)
    if batches < 4:
        assert few.verdict == (
            "No shuffled schedule of at least 4 batches was tried, and others are not for "
            "training. two-pass is exact."
        )


@pytest.mark.parametrize(
    ("mean", "std", "holds"),
    [
        (0.0, 0.0, True),
        (0.99 * THREE_DECIMALS, 0.0, True),
        (THREE_DECIMALS, 0.0, False),
        (0.0, 0.99 * THREE_DECIMALS, True),
        (0.0, THREE_DECIMALS, False),
    ],
)
def test_three_decimals_are_half_a_thousandth(mean, std, holds):
    """A schedule holds three decimals if both mean and std are off by less than 0.0005."""
    assert 0.0005 == THREE_DECIMALS
    assert holds == cell(mean, std).holds_three_decimals


def test_json(equal):
    """The sweep as JSON has every figure of every cell; a momentum of None reads cumulative."""
    found = sweep(equal, Grid((8,), (0.1, None), ("shuffled",), 2))
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert ("bnstat.sweep", 1, 60) == tuple(document[k] for k in ("format", "version", "images"))
    assert found.verdict == document["verdict"]
    first, second = document["cells"]
    assert [0.1, "cumulative"] == [first["momentum"], second["momentum"]]
    assert first == {
        "batch_size": 8,
        "momentum": 0.1,
        "order": "shuffled",
        "repeats": 2,
        "batches": 8,
        "start_weight": pytest.approx(0.9**8),
        "mean": vars(found.cells[0].mean),
        "std": vars(found.cells[0].std),
        "ranks": 1,
        "synchronized": False,
    }


@pytest.mark.parametrize("size", [60, 61, 10**6, 10**30])
def test_batches_of_everything(size, equal):
    """A batch of all images is exact; a larger one is the same, however large."""
    (found,) = sweep(equal, Grid((size,), (None,), ("shuffled",), 3)).cells
    assert (1, 0.0) == (found.batches, found.start_weight)
    assert pytest.approx(0.0, abs=1e-15) == found.mean.largest
    assert found.std.largest < 1e-5  # the batch variance is unbiased


@pytest.mark.long
def test_a_hundred_thousand_images_take_seconds(records_of, capsys):
    """18 schedules with 20 repeats over the records of 100,000 images: under 20 s."""
    rng = np.random.default_rng(6)
    n = rng.integers(10_000, 90_000, 100_000)
    light = np.repeat(rng.uniform(0.2, 0.8, (100, 3)), 1000, axis=0)
    mean = light + rng.normal(0, 0.05, (100_000, 3))
    records = records_of(n, mean, rng.uniform(0.01, 0.05, (100_000, 3)))
    begun = time.perf_counter()
    found = sweep(records, Grid((8, 32, 128), (0.01, 0.1, None), ("shuffled", "listed"), 20))
    seconds = time.perf_counter() - begun
    with capsys.disabled():
        sys.stdout.write(f"\nsweep of {len(found.cells)} cells: {seconds:.1f} s\n")
    assert 18 == len(found.cells)
    assert seconds < 20
