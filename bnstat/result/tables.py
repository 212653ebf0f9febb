"""The columns of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Texts: TypeAlias = Sequence[str | None]
Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

# In columns of integers: no value.
NULL = -1
TEXTS = ("key", "location", "group", "mode", "failure")
# Columns with a value for each channel: in files, each channel has a column of its own.
FIGURES = ("mean", "std", "low", "high", "entropy")
BY_CHANNEL = ("n", "sum", "sum_of_squares", *FIGURES)


@dataclass(frozen=True)
class RecordTable:
    """Records of R rows and C channels, in the order of keys and epochs; failures among them.

    key, location: of each image, its name in the set, and the file or archive that holds it; group:
    its label, or None; mode: Pillow's name for the decoded image's samples; failure: why the image
    was not measured, or None.

    Of shape (R,), int64: epoch: which draw of the image it is, from 0 on; width, height: of the
    decoded image in pixels, -1 where it was not decoded; depth: bits of a sample in the file;
    bytes: of the encoded image; scale: what integer samples are divided by, 255 or 65535, 1 for
    floats; histogram_hash: uint64, 64 bits of the histograms of all channels, 0 for samples that
    are not 8-bit.

    Of shape (R, C): n: samples that count; sum, sum_of_squares: of the integer samples, in units of
    `scale` and its square, 0 for floats; mean, std: in [0, 1], NaN where n is 0; low, high: shares
    of the smallest and of the largest value that samples of this depth can have, NaN for floats;
    entropy: of the histogram in bits, NaN for floats, and in files of version 0.2.

    header: what the rows were measured with, by name.
    """

    channels: tuple[str, ...]
    key: Sequence[str]
    location: Sequence[str]
    group: Texts
    epoch: Ints
    width: Ints
    height: Ints
    depth: Ints
    bytes: Ints
    scale: Ints
    mode: Texts
    failure: Texts
    histogram_hash: NDArray[np.uint64]
    n: Ints
    sum: Ints
    sum_of_squares: Ints
    mean: Floats
    std: Floats
    low: Floats
    high: Floats
    entropy: Floats
    header: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.key)

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """Which rows were measured, bool of shape (R,)."""
        return np.array([failure is None for failure in self.failure], dtype=bool)

    def take(self, rows: NDArray[Any]) -> RecordTable:
        """Return some rows, by their places or by a bool for each."""
        if rows.dtype == bool and rows.all():
            return self
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return replace(self, **{name: _taken(getattr(self, name), places) for name in COLUMNS})

    @classmethod
    def joined(cls, tables: Sequence[RecordTable]) -> RecordTable:
        """Return the rows of several tables of the same channels, one after another."""
        first = tables[0]
        columns = {name: _joined([getattr(t, name) for t in tables]) for name in COLUMNS}
        return replace(first, **columns)


COLUMNS = tuple(f.name for f in fields(RecordTable) if f.name not in ("channels", "header"))


def _taken(column: Any, places: NDArray[np.int64]) -> Any:
    return column[places] if isinstance(column, np.ndarray) else [column[i] for i in places]


def _joined(columns: Sequence[Any]) -> Any:
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    return [value for column in columns for value in column]


class FlatColumn(NamedTuple):
    """A column of a file: texts, None where there is none; or numbers, and which are missing."""

    name: str
    values: Sequence[str | None] | NDArray[Any]
    missing: NDArray[np.bool_] | None


def column_names(channels: tuple[str, ...]) -> list[str]:
    """Return the names of a file's columns, in order."""
    by_channel = {name: [f"{name}_{c}" for c in channels] for name in BY_CHANNEL}
    return [column for name in COLUMNS for column in by_channel.get(name, [name])]


def flat_columns(table: RecordTable) -> Iterator[FlatColumn]:
    """Yield the columns of a file: one for each channel of what channels have each."""
    for name in COLUMNS:
        column = getattr(table, name)
        if name in TEXTS:
            yield FlatColumn(name, column, None)
        elif name in BY_CHANNEL:
            missing = _without_value(table, name)
            for c, channel in enumerate(table.channels):
                none = missing if missing.ndim == 1 else missing[:, c]
                yield FlatColumn(f"{name}_{channel}", column[:, c], none)
        else:
            yield FlatColumn(name, column, column == null_of(name))


def _without_value(table: RecordTable, name: str) -> NDArray[np.bool_]:
    column = getattr(table, name)
    failed = ~table.measured
    if column.dtype == np.float64:
        missing: NDArray[np.bool_] = np.isnan(column)
        return missing
    return failed if name == "n" else failed | (table.scale == 1)


def from_flat_columns(columns: dict[str, Any], header: dict[str, Any]) -> RecordTable:
    """Return the table whose file has these columns.

    Raises KeyError if one is missing.
    """
    channels = tuple(name.removeprefix("n_") for name in columns if name.startswith("n_"))
    rows = len(columns["key"])
    own = {name: _column(name, columns[name], rows) for name in COLUMNS if name not in BY_CHANNEL}
    for name in BY_CHANNEL:
        names = [f"{name}_{c}" for c in channels]
        if name == "entropy":  # version 0.2 did not write it
            columns = dict.fromkeys(names) | columns
        own[name] = _stacked(name, [columns.pop(each) for each in names], rows)
    return RecordTable(channels, header=header, **own)


def _stacked(name: str, columns: list[Any], rows: int) -> Any:
    """Return a column for each channel as one array; the columns may go as they are copied."""
    kind = kind_of_column(name)
    if columns and columns[0] is None:  # not read
        return np.broadcast_to(np.array(null_of(name), kind), (rows, len(columns)))
    both = np.zeros((rows, len(columns)), kind)
    for c in range(len(columns)):
        both[:, c], columns[c] = _column(name, columns[c]), None
    return both


def _column(name: str, values: Any, rows: int = 0) -> Any:
    if name in TEXTS:
        return [""] * rows if values is None else values
    kind: Any = kind_of_column(name)
    if isinstance(values, np.ndarray):
        return values.astype(kind, copy=False)
    null = null_of(name)
    return np.array([null if value is None else kind(value) for value in values], dtype=kind)


def kind_of_column(name: str) -> type[Any]:
    if name == "histogram_hash":
        return np.uint64
    return np.float64 if name in FIGURES else np.int64


def null_of(name: str) -> float | int:
    """Return what stands in a column of numbers where there is no value."""
    if kind_of_column(name) is np.float64:
        return np.nan
    return 0 if name in ("n", "sum", "sum_of_squares", "scale", "histogram_hash") else NULL
