"""What recipes need of images: the moments of each, in the order in which they are listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bnstat.moments import Floats, Ints, Records
from bnstat.result.tables import RecordTable


@dataclass(frozen=True)
class ImageMoments:
    """n, mean and M2 of each image, float64 of shape (N, C), in the order in which they are listed.

    histogram: how often each value occurs in all of them, int64 of shape (C, scale + 1), or None.
    """

    n: Floats
    mean: Floats
    m2: Floats
    histogram: Ints | None = None
    _batches: dict[int, ImageMoments] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of_records(cls, records: Records) -> ImageMoments:
        """Return the moments of the records in which any sample counts."""
        columns = [records.column(channel) for channel in range(len(records.channels))]
        n, mean, m2 = (np.stack(each, axis=1) for each in zip(*columns, strict=True))
        some = (n > 0).all(axis=1)
        own = records.max_value is None  # or else its values are in other units
        return cls(n[some], mean[some], m2[some], records.histogram if own else None)

    @classmethod
    def of_table(cls, table: RecordTable) -> ImageMoments:
        """Return the moments of the rows of a file of records in which any sample counts."""
        some = table.measured & (table.n > 0).all(axis=1)
        n = table.n[some].astype(np.float64)
        return cls(n, table.mean[some], n * table.std[some] ** 2)

    @classmethod
    def joined(cls, sets: Sequence[ImageMoments]) -> ImageMoments:
        n, mean, m2 = (np.concatenate([getattr(s, k) for s in sets]) for k in ("n", "mean", "m2"))
        counts = [s.histogram for s in sets]
        same = all(c is not None and c.shape == counts[0].shape for c in counts)  # type: ignore[union-attr]
        return cls(n, mean, m2, sum(counts) if same else None)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.n)

    def first(self, images: int) -> ImageMoments:
        return ImageMoments(self.n[:images], self.mean[:images], self.m2[:images])

    @cached_property
    def var(self) -> Floats:
        return self.m2 / self.n

    @cached_property
    def sample_var(self) -> Floats:
        """The variance with n − 1 of each image; NaN of a single sample."""
        return self.m2 / np.where(self.n > 1, self.n - 1, np.nan)

    @cached_property
    def pooled(self) -> tuple[Floats, Floats, Floats]:
        """n, mean and M2 of all samples together, of shape (C,)."""
        n = self.n.sum(axis=0)
        mean = (self.n * self.mean).sum(axis=0) / n
        return n, mean, (self.m2 + self.n * (self.mean - mean) ** 2).sum(axis=0)

    @cached_property
    def together(self) -> ImageMoments:
        """The moments of each image over all of its channels, as those of one."""
        n = self.n.sum(axis=1, keepdims=True)
        mean = (self.n * self.mean).sum(axis=1, keepdims=True) / n
        m2 = (self.m2 + self.n * (self.mean - mean) ** 2).sum(axis=1, keepdims=True)
        return ImageMoments(n, mean, m2)

    @cached_property
    def equal_sizes(self) -> bool:
        """Whether all images have as many samples, so that they can stand in a batch."""
        return bool((self.n == self.n[0]).all())

    def batches(self, size: int) -> ImageMoments:
        """Return the moments of batches of so many images; the last one may be short."""
        if size not in self._batches:
            self._batches[size] = self._as_batches(size)
        return self._batches[size]

    def _as_batches(self, size: int) -> ImageMoments:
        starts = np.arange(0, len(self), size)
        n = np.add.reduceat(self.n, starts)
        mean = np.add.reduceat(self.n * self.mean, starts) / n
        away = self.mean - np.repeat(mean, np.diff(np.append(starts, len(self))), axis=0)
        return ImageMoments(n, mean, np.add.reduceat(self.m2 + self.n * away**2, starts))
