"""A training loop's own batches, measured while its first epoch runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bnstat.result import Stats
from bnstat.sources.items import Choice
from bnstat.verbs.accumulator import Accumulator


@contextmanager
def measuring(
    loader: Any, *, image: Choice | None = None, **settings: Any
) -> Iterator[MeasuredBatches]:
    """Give the batches of a loader, of which those of the first pass are measured.

    Parameters
    ----------
    loader
        What yields batches, such as a DataLoader.
    image
        The key or place of the images in a batch, or a function that returns them; None is the
        first that can be some.
    settings
        `momentum` and `confidence`, as of `Accumulator`.

    Examples
    --------
    >>> import numpy as np
    >>> with measuring([np.full((4, 8, 8, 3), value, np.uint8) for value in (0, 255)]) as batches:
    ...     for epoch in range(10):
    ...         for batch in batches:
    ...             pass
    >>> batches.stats.mean
    array([0.5, 0.5, 0.5])
    """
    yield MeasuredBatches(loader, image, Accumulator(**settings))


class MeasuredBatches:
    """The batches of a loader, any number of times; the first time they are measured."""

    def __init__(self, loader: Any, image: Choice | None, accumulator: Accumulator) -> None:
        self._loader, self._image, self._accumulator = loader, image, accumulator
        self._first = True

    def __iter__(self) -> Iterator[Any]:
        first, self._first = self._first, False
        if first:
            return self._accumulator.watch(self._loader, self._image)
        return iter(self._loader)

    def __len__(self) -> int:
        """Return how many batches the loader says it has."""
        return len(self._loader)

    @property
    def stats(self) -> Stats:
        """The result of the first pass, as far as it has come."""
        return self._accumulator.compute()
