"""Records as Apache Parquet, with what they were measured with in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from bnstat.result.tables.table import (
    BY_CHANNEL,
    FIGURES,
    FlatColumn,
    RecordTable,
    column_names,
    flat_columns,
    from_flat_columns,
    kind_of_column,
    null_of,
)

_METADATA = b"bnstat.records"
_BATCH = 10_000
_LEFT_OUT = ("sum_", "location")


def _type(name: str, channels: tuple[str, ...]) -> str:
    """Return a column's type by the name that Arrow has for it, and numpy unless it is text."""
    own = name
    for channel in channels:
        own = own.removesuffix(f"_{channel}")
    if own in ("key", "location", "group", "mode", "failure"):
        return "string"
    if own in FIGURES:
        return "float64"
    if own == "histogram_hash":
        return "uint64"
    return "int32" if own in ("epoch", "width", "height", "depth", "scale") else "int64"


def write(
    file: IO[bytes],
    batches: Iterable[RecordTable],
    channels: tuple[str, ...],
    header: dict[str, Any],
) -> None:
    """Write each batch as a row group."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    types = {name: _type(name, channels) for name in column_names(channels)}
    schema = pa.schema(
        [(name, pa.type_for_alias(type_)) for name, type_ in types.items()],
        metadata={_METADATA: json.dumps(header).encode()},
    )
    with ParquetWriter(file, schema) as writer:
        for batch in batches:
            columns = [_array(column, types[column.name]) for column in flat_columns(batch)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _array(column: FlatColumn, type_: str) -> Any:
    """Return a column as Arrow lays it out; its own function for this imports pandas first."""
    import pyarrow as pa

    if isinstance(column.values, np.ndarray):
        missing = column.missing
        buffers: list[Any] = [np.ascontiguousarray(column.values, type_)]
    else:
        missing = np.array([text is None for text in column.values], dtype=bool)
        texts = [(text or "").encode() for text in column.values]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        buffers = [ends, b"".join(texts)]
    valid = None if missing is None else np.packbits(~missing, bitorder="little")
    every = [each if each is None else pa.py_buffer(each) for each in (valid, *buffers)]
    return pa.Array.from_buffers(pa.type_for_alias(type_), len(column.values), every)


def read(name: str, *, figures_alone: bool = False) -> RecordTable:
    """Read a file; with `figures_alone` without sums and locations.

    Names stay in Arrow's memory, as a million Python objects would take more.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(name) as file:
        header = json.loads((file.schema_arrow.metadata or {}).get(_METADATA, b"{}"))
        names = file.schema_arrow.names
        read = (each for each in names if not (figures_alone and each.startswith(_LEFT_OUT)))
        columns = dict.fromkeys(names) | {each: _column(file, each) for each in read}
    return from_flat_columns(columns, header)


def _column(file: Any, name: str) -> Any:
    """Return a column's values; what Arrow held for them is given back to the system."""
    import pyarrow as pa

    values = _values(name, file.read([name], use_threads=False).column(0))
    pa.default_memory_pool().release_unused()
    return values


def _values(name: str, column: Any) -> Any:
    if name in ("key", "location"):
        return ArrowTexts(column.combine_chunks())
    if name in ("group", "mode", "failure"):
        coded = column.combine_chunks().dictionary_encode()
        texts = [*coded.dictionary.to_pylist(), None]
        return [texts[i] for i in coded.indices.fill_null(len(texts) - 1).to_pylist()]
    own = next((each for each in BY_CHANNEL if name.startswith(f"{each}_")), name)
    return column.fill_null(null_of(own)).to_numpy().astype(kind_of_column(own))


@dataclass(frozen=True)
class ArrowTexts(Sequence[str]):
    """Text in an Arrow array, as a sequence."""

    array: Any

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return ArrowTexts(self.array[place])
        return self.array[int(place)].as_py()

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self.array), _BATCH):
            yield from self.array[start : start + _BATCH].to_pylist()
