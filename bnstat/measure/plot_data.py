"""The pictures that can be made of a result, and of its records if they are at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnstat.errors import DocumentError
from bnstat.estimators import Schedule, moments_of_batches
from bnstat.estimators.intervals import margin
from bnstat.estimators.outlier_figures import TableImages
from bnstat.estimators.outliers import Scores
from bnstat.estimators.spreads import Design, spreads
from bnstat.moments import ChannelMoments
from bnstat.pictures import ImageScatter, MarginCurve, Picture, RunningValues
from bnstat.pictures.picture import distinct
from bnstat.result import BatchNormEstimate, Stats
from bnstat.result.plots import PICTURES, sample_sizes
from bnstat.result.tables import RecordTable
from bnstat.sources.source import hash_rank
from bnstat.text import printable

# Outliers that are marked.
_MAX_MARKED = 50

KINDS = ("histogram", "batchnorm", "margin", "images", "groups")


def picture(kind: str, stats: Stats, records: RecordTable | None = None) -> Picture:
    """Return one picture of a result.

    Raises ValueError if there is no such kind. Raises DocumentError if it cannot be made of this
    result, or needs its records.
    """
    if kind not in KINDS:
        raise ValueError(f"no picture {kind!r}; there are {', '.join(KINDS)}")
    if kind in _WITH_RECORDS:
        return _WITH_RECORDS[kind](stats, records)
    return PICTURES[kind](stats)


def pictures(stats: Stats, records: RecordTable | None = None) -> Iterator[Picture | str]:
    """Yield each picture that a result has, or in words why it has not."""
    for kind in KINDS:
        try:
            yield picture(kind, stats, records)
        except DocumentError as error:
            yield str(error)


def _batchnorm(stats: Stats, records: RecordTable | None) -> RunningValues:
    estimate = stats.methods.get("batchnorm")
    if not isinstance(estimate, BatchNormEstimate):
        reason = stats.reasons.get("batchnorm", "nothing was measured")
        raise DocumentError(f"No running values of BatchNorm: {printable(reason)}.")
    if records is None:
        raise DocumentError(
            "BatchNorm over the batches is drawn from records; bnstat compute --records FILE "
            "has them."
        )
    seed, epochs = stats.pipeline.seed, stats.pipeline.epochs
    schedule = Schedule(estimate.batch_size, estimate.momentum, estimate.order, seed, epochs)
    rows = _measured(records)
    orders = schedule.orders(list(_keys(rows)))
    running = [_running(column, _draws(rows), orders, schedule) for column in _columns(rows)]
    mean, var = zip(*running, strict=True)
    momentum = "cumulative" if estimate.momentum is None else f"momentum {estimate.momentum:g}"
    batches = f"{estimate.batches:,} batch{'es' * (estimate.batches != 1)}"
    words = f"{batches} of {estimate.batch_size}, {momentum}, {estimate.order}"
    names, shown = distinct(stats.channels, [(*m, *v) for m, v in running])

    def of(figures: Sequence[Any]) -> list[Any]:
        return [figures[i] for i in shown]

    low, high = ([of(figures) for figures in ends] for ends in _band(estimate))
    exact = stats.exact
    return RunningValues(words, names, of(mean), of(var), of(exact.mean), of(exact.var), low, high)


def _measured(records: RecordTable) -> RecordTable:
    return records.take(records.measured)


def _columns(records: RecordTable) -> Iterator[ChannelMoments]:
    """Yield n, mean and M2 of all rows, by channel."""
    for c in range(len(records.channels)):
        n = records.n[:, c].astype(np.float64)
        mean, std = (np.nan_to_num(v[:, c]) for v in (records.mean, records.std))
        yield ChannelMoments(n, mean, std**2 * n)


def _keys(records: RecordTable) -> Iterator[bytes]:
    pairs = zip(records.key, records.epoch.tolist(), strict=True)
    return (key.encode(errors="surrogateescape") for key, epoch in pairs if epoch == 0)


def _draws(records: RecordTable) -> int:
    return int(records.epoch.max(initial=0)) + 1


def _running(
    column: ChannelMoments, draws: int, orders: Sequence[NDArray[np.int64]], schedule: Schedule
) -> tuple[list[float], list[float]]:
    means, variances = [], []
    for epoch, order in enumerate(orders):
        drawn = ChannelMoments(*(v[min(epoch, draws - 1) :: draws] for v in column))
        mean, var = moments_of_batches(drawn, order, schedule.batch_size)
        means.append(mean)
        variances.append(var)
    return (
        _averaged(np.concatenate(means), 0.0, schedule.momentum),
        _averaged(np.concatenate(variances), 1.0, schedule.momentum),
    )


def _averaged(batches: np.ndarray, start: float, momentum: float | None) -> list[float]:
    """Return the running average after each batch, as torch updates it."""
    if momentum is None:
        return list(np.cumsum(batches) / np.arange(1, len(batches) + 1))
    values, now = [], start
    for value in batches.tolist():
        now += momentum * (value - now)
        values.append(now)
    return values


def _band(
    estimate: BatchNormEstimate,
) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]]:
    """Return two standard deviations below and above what shuffles lead to, of mean and var."""
    if not estimate.expected:
        return (), ()
    pairs = [(estimate.expected[n], estimate.expected_sd[n]) for n in ("mean", "var")]
    low = tuple(tuple(e - 2 * sd for e, sd in zip(*pair, strict=True)) for pair in pairs)
    high = tuple(tuple(e + 2 * sd for e, sd in zip(*pair, strict=True)) for pair in pairs)
    return low, high


def _margin(stats: Stats, records: RecordTable | None) -> MarginCurve:
    """Return the margins that samples have shown, or that the result lets expect."""
    curve = PICTURES["margin"](stats)
    assert isinstance(curve, MarginCurve)
    if records is None:
        return curve
    sizes, both = _measured_margins(records, curve.found, curve.confidence)
    return replace(curve, sizes=sizes, mean=both[0], std=both[1]) if sizes else curve


def _measured_margins(
    records: RecordTable, found: int, confidence: float
) -> tuple[list[int], list[list[float]]]:
    """Return sizes, and the widest margins of mean and std that samples of these have shown.

    Samples are the images whose hash is smallest, as `--sample` takes them.
    """
    rows = _measured(records)
    first = np.flatnonzero(rows.epoch == 0)
    ranks = np.fromiter((hash_rank(0, key) for key in _keys(rows)), np.uint64, len(first))
    order = first[np.argsort(ranks, kind="stable")]
    sizes = [size for size in sample_sizes(found) if 2 <= size <= len(order)]
    both = [[0.0] * len(sizes), [0.0] * len(sizes)]
    for column in _columns(rows):  # one at a time: they are large
        for at, size in enumerate(sizes):
            design, chosen = Design(found), order[:size]
            pair = spreads(ChannelMoments(*(v[chosen] for v in column)), design)
            for widest, spread in zip(both, pair, strict=True):
                widest[at] = max(widest[at], margin(spread, confidence))
    return sizes, both


def _images(stats: Stats, records: RecordTable | None) -> ImageScatter:
    if records is None:
        raise DocumentError(
            "Each image is drawn from records; bnstat compute --records FILE has them."
        )
    images = TableImages.of(records)
    if not len(images.first):
        raise DocumentError("No brightness and contrast: nothing was measured.")
    brightness, contrast = images.mean.mean(axis=1), images.std.mean(axis=1)
    table = images.table
    marked = [
        (printable(table.key[int(images.first[i])]), float(brightness[i]), float(contrast[i]))
        for i in Scores.of(images).strongest()[:_MAX_MARKED].tolist()
    ]
    return ImageScatter(brightness, contrast, marked)


_WITH_RECORDS: Mapping[str, Callable[[Stats, RecordTable | None], Picture]] = {
    "batchnorm": _batchnorm,
    "margin": _margin,
    "images": _images,
}


def unlike_the_rest(records: RecordTable) -> dict[str, str]:
    """Return the keys of the outliers, the strongest first, and why they are."""
    images = TableImages.of(records)
    scores = Scores.of(images)
    chosen = scores.strongest()
    return {
        images.table.key[int(images.first[image])]: next(iter(reasons))
        for image, reasons in zip(chosen.tolist(), scores.reasons(chosen), strict=True)
    }


def most_influential(records: RecordTable, number: int) -> dict[str, str]:
    """Return the keys of the images whose leaving moves a mean or std most, and by how much."""
    images = TableImages.of(records)
    on_mean, on_std = (np.nan_to_num(values) for values in images.influences())
    both = np.concatenate([on_mean, on_std], axis=1)
    largest = np.abs(both).max(axis=1, initial=0.0)
    found = {}
    for image in np.argsort(-largest, kind="stable")[:number].tolist():
        mean, std = (values[image][np.abs(values[image]).argmax()] for values in (on_mean, on_std))
        key = images.table.key[int(images.first[image])]
        found[key] = f"on mean {mean:+.2g}, on std {std:+.2g}"
    return found
