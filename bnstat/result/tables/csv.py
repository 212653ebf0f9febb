"""Records as text: a line a row, a heading, an empty cell where there is no value."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

import numpy as np

from bnstat.result.tables.table import (
    FlatColumn,
    RecordTable,
    column_names,
    flat_columns,
    from_flat_columns,
)


def write(
    file: IO[bytes],
    batches: Iterable[RecordTable],
    channels: tuple[str, ...],
    header: dict[str, Any],
) -> None:
    """Write batches; the header has no place in a CSV file."""
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(column_names(channels))
    for batch in batches:
        lines.writerows(zip(*map(_cells, flat_columns(batch)), strict=True))
    text.flush()
    text.detach()


def _cells(column: FlatColumn) -> Sequence[Any]:
    if not isinstance(column.values, np.ndarray):
        return column.values
    values: list[Any] = column.values.tolist()
    if column.missing is None or not column.missing.any():
        return values
    return [None if gone else value for value, gone in zip(values, column.missing, strict=True)]


def read(name: str, *, figures_alone: bool = False) -> RecordTable:
    """Read a file; whole, as its text has to be read anyway."""
    with Path(name).open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines)
        heading = next(rows)
        columns: dict[str, list[Any]] = {column: [] for column in heading}
        for row in rows:
            for column, cell in zip(heading, row, strict=True):
                columns[column].append(cell or None)
    return from_flat_columns(columns, {})
