"""The values that a result is made of."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bnstat import files
from bnstat._version import __version__
from bnstat.errors import DocumentError
from bnstat.stats.draws import draws_at_random

Floats = tuple[float, ...]


@dataclass(frozen=True)
class Estimate:
    """Mean and variance of one method.

    mean, var, std: one float64 a channel, in [0, 1]; `var` is the population's for `two-pass` and
    `welford`, and what `running_var` holds for `batchnorm`.
    """

    mean: Floats
    var: Floats

    @property
    def std(self) -> Floats:
        """The square root of `var`."""
        return tuple(math.sqrt(v) for v in self.var)


@dataclass(frozen=True)
class BatchNormEstimate(Estimate):
    """What `BatchNorm2d` would hold after one schedule of batches.

    Attributes
    ----------
    batch_size, order
        Images a batch; "shuffled" or "listed" (by key).
    momentum
        Weight of a new batch, or None for torch's cumulative average.
    batches
        How many batches were seen: `num_batches_tracked`.
    start_weight
        Share of the initial mean 0 and variance 1 that is still in the result.
    expected_sd
        "mean" and "var": standard deviation, per channel, of the running values over shuffles.
    """

    batch_size: int
    momentum: float | None
    order: str
    batches: int
    start_weight: float
    expected_sd: Mapping[str, Floats]


@dataclass(frozen=True)
class Failure:
    """An image that could not be measured: its key, and why."""

    image: str
    reason: str


@dataclass(frozen=True)
class Warned:
    """An image that Pillow warned of, though it could be measured or not: key, and what it said."""

    image: str
    warning: str


MOST_WARNINGS = 20


@dataclass(frozen=True)
class Warnings:
    """How many images Pillow warned of, and the first of them by key, at most MOST_WARNINGS."""

    images: int = 0
    first: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Shards:
    """Some of the `of` disjoint shards of a set of images; `indices` count from 1 and ascend."""

    indices: tuple[int, ...]
    of: int

    def __str__(self) -> str:
        """Return them as they are typed: "2/8", or "1/8, 3/8".

        >>> str(Shards((1, 3), 8))
        '1/8, 3/8'
        """
        return ", ".join(f"{index}/{self.of}" for index in self.indices)


@dataclass(frozen=True)
class FileList:
    """How the list of images in `Source.locations` is read.

    null: names end in NUL, not in newline; root: a folder that their keys leave out; again: whether
    the list can be read a second time (standard input and pipes cannot).
    """

    null: bool
    root: str | None
    again: bool


@dataclass(frozen=True)
class Source:
    """Where the images are, and what became of them.

    `locations` are as typed, relative to `cwd`; with `files_from`, the one location is a list of
    images. `images` were measured, `skipped` files have no image extension. `fingerprint` is the
    sum modulo 2²⁵⁶ of blake2b-256(key, size, mtime) over all images found, as 64 hex digits.
    `shards` are those that were measured, None for all images. `warnings` are Pillow's.
    """

    locations: tuple[str, ...]
    cwd: str
    images: int
    skipped: int
    duplicates: int
    deeper_than_8_bits: int
    failures: tuple[Failure, ...]
    fingerprint: str
    files_from: FileList | None = None
    shards: Shards | None = None
    warnings: Warnings = Warnings()


@dataclass(frozen=True)
class Pipeline:
    """What was done to each image before it was measured; `spec` is None for nothing.

    `before_normalize`: whether a Normalize at the end was left out.
    """

    spec: str | None
    transforms: tuple[str, ...]
    seed: int
    epochs: int
    before_normalize: bool = False


@dataclass(frozen=True)
class Selection:
    """Which pixels counted, and how many did not.

    Attributes
    ----------
    alpha
        "drop": colours as stored; "exclude": pixels of alpha 0 left out; "over:COLOR": composed
        over a colour first.
    nodata
        The value, or one for each channel, that was left out, as typed; "auto" for what files name.
    masks, mask_values, mask_ignore
        Where the image that selects pixels was found for each image, and which of its values.
    exclude_fill
        Whether pixels that the pipeline filled in were left out.
    excluded
        Samples of each channel that were left out.
    empty
        Images of which nothing was left.
    transparent
        Images with fully transparent pixels; None where it is not known.
    """

    alpha: str = "drop"
    nodata: str | None = None
    masks: str | None = None
    mask_values: tuple[int, ...] | None = None
    mask_ignore: tuple[int, ...] | None = None
    exclude_fill: bool = False
    excluded: tuple[int, ...] = ()
    empty: int = 0
    transparent: int | None = None

    @property
    def excludes(self) -> bool:
        """Whether samples may have been left out."""
        conditions = self.nodata, self.masks
        return self.alpha == "exclude" or self.exclude_fill or conditions != (None, None)


@dataclass(frozen=True)
class Sample:
    """Which share of the images was measured: `images` of `of`; `asked` as typed; `seed`."""

    images: int
    of: int
    asked: str
    seed: int


@dataclass(frozen=True)
class MeanAndStd:
    """A figure of the mean and one of the std, per channel, in [0, 1]."""

    mean: Floats
    std: Floats


@dataclass(frozen=True)
class Uncertainty:
    """How sure `two-pass` is.

    Attributes
    ----------
    confidence
        Of the margins, in (0, 1).
    of
        What makes the figures uncertain: "sample", "draws"; empty where they are exact.
    margin
        Half-widths of the confidence intervals; None where the figures are exact.
    reliable
        Whether enough images carry the figures for the margins to hold.
    superpopulation
        Standard errors: how far a new set of as many images like these would be off.
    """

    confidence: float
    of: tuple[str, ...]
    margin: MeanAndStd | None
    reliable: bool
    superpopulation: MeanAndStd


@dataclass(frozen=True)
class Group:
    """The figures of the images under one label; the sums are None for float samples."""

    images: int
    count: tuple[int, ...]
    sum: tuple[int, ...] | None
    sum_of_squares: tuple[int, ...] | None
    mean: Floats
    var: Floats

    @property
    def std(self) -> Floats:
        """The square root of `var`."""
        return tuple(math.sqrt(v) for v in self.var)


@dataclass(frozen=True, kw_only=True)
class Stats:
    """A result: per-channel mean and variance by three methods, and how they were come by.

    Attributes
    ----------
    mean, var, std
        The exact ones (`two-pass`), one float64 a channel, in [0, 1].
    methods
        "two-pass", "welford" and "batchnorm"; None for one that could not be had, with the cause
        in `reasons` under the same name.
    conventions
        Other figures in circulation that are not the std, under their own names.
    scale
        What integer samples were divided by: 255, or 65535 where any were 16-bit; 1 for floats.
    count
        Samples of each channel.
    sum, sum_of_squares
        Exact integers in units of `scale` and of its square; None for float samples.
    histogram
        How often each 8-bit value occurs, 256 counts a channel; None for other depths.
    selection
        Which pixels counted.
    sample
        Which share of the images was measured; None for all.
    uncertainty
        How sure the figures of `two-pass` are; None where it is not known.
    groups
        Figures by label; None where images have none.

    A shard in which nothing was measured has no channels and no method.
    """

    source: Source
    pipeline: Pipeline
    mode: str
    channels: tuple[str, ...]
    scale: int
    count: tuple[int, ...]
    sum: tuple[int, ...] | None
    sum_of_squares: tuple[int, ...] | None
    histogram: tuple[tuple[int, ...], ...] | None
    methods: Mapping[str, Estimate | None]
    conventions: Mapping[str, Floats]
    reasons: Mapping[str, str] = field(default_factory=dict)
    selection: Selection = Selection()
    sample: Sample | None = None
    uncertainty: Uncertainty | None = None
    groups: Mapping[str, Group] | None = None
    created: str
    bnstat: str = __version__

    @property
    def mean(self) -> Floats:
        """The exact mean of each channel, in [0, 1]."""
        return self._exact.mean

    @property
    def var(self) -> Floats:
        """The exact population variance of each channel."""
        return self._exact.var

    @property
    def std(self) -> Floats:
        """The exact population standard deviation of each channel."""
        return self._exact.std

    @property
    def is_exact(self) -> bool:
        """Whether nothing was sampled or drawn at random, so that `two-pass` is exact."""
        return not self.uncertain_by

    @property
    def uncertain_by(self) -> tuple[str, ...]:
        """What makes `two-pass` uncertain: "sample", "draws"; empty where it is exact."""
        if self.uncertainty is not None:
            return self.uncertainty.of
        sampled = self.sample is not None and self.sample.images < self.sample.of
        drawn = draws_at_random(self.pipeline.transforms)
        return ("sample",) * sampled + ("draws",) * drawn

    @property
    def _exact(self) -> Estimate:
        estimate = self.methods["two-pass"]
        if estimate is None:
            raise DocumentError(
                "a result in which nothing was measured has no figures; "
                "merge it with the other shards: bnstat merge"
            )
        return estimate

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Stats:
        """Read a document; "-" is standard input.

        Raises
        ------
        DocumentError
            If it cannot be read, is no result document, or is of a version not known here.
        """
        from bnstat.stats import document

        return document.load(path)

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "the document") -> Stats:
        """Parse a document; `name` is what errors call it."""
        from bnstat.stats import document

        return document.parse(text, name)

    def to_json(self) -> str:
        """Return the document, as docs/document.md describes it."""
        from bnstat.stats import document

        return document.render(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document atomically; "-" is standard output.

        Raises
        ------
        OutputError
            If it cannot be written; an old file is then left as it was.
        """
        # In JSON, what a lone surrogate is escaped to is that surrogate.
        data = self.to_json().encode(errors="backslashreplace")
        if os.fspath(path) != "-":
            files.write(Path(path), data)
        elif hasattr(sys.stdout, "buffer"):  # UTF-8 whatever the locale
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        else:  # a notebook's
            sys.stdout.write(data.decode())
