"""Files of records, with a row for each image and draw: Apache Parquet, or text with a heading.

Parquet goes through pyarrow (an extra), and holds in its metadata what records were measured with.
In CSV a line is a row, and an empty cell is no value.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

import numpy as np

from bnstat import files
from bnstat.errors import DocumentError, OutputError
from bnstat.result.tables import (
    BY_CHANNEL,
    FIGURES,
    TEXTS,
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
# The beginnings of the names of columns that are not read where figures alone are asked for.
_LEFT_OUT = ("sum_", "location")


def holds_records(name: str) -> bool:
    """Whether a file is one of records: a Parquet file may hold images as well."""
    if not _is_parquet(name):
        return files.is_record_file(name)
    try:
        from pyarrow.parquet import read_schema

        return {"key", "failure", "histogram_hash"} <= set(read_schema(name).names)
    except Exception:  # what reads it as a source of images tells what is wrong
        return False


def check_name(name: str) -> None:
    """Find out before the work whether records can be written under a name.

    Raises ValueError if it does not say which kind of file it is to be. Raises OutputError if it
    cannot be written, or the package for its kind is missing.
    """
    if not files.is_record_file(name):
        raise ValueError(f"{name!r} is neither FILE.parquet nor FILE.csv")
    _check_pyarrow(name)
    files.check_writable(Path(name))


def write(
    name: str, batches: Iterable[RecordTable], channels: tuple[str, ...], header: dict[str, Any]
) -> None:
    """Write records batch by batch; readers see the old file or the whole new one.

    Raises OutputError if it cannot be written; an old file is then as it was.
    """
    with files.replacing(Path(name)) as file:
        if _is_parquet(name):
            _write_parquet(file, batches, channels, header)
        else:
            _write_csv(file, batches, channels)


def read(name: str, *, figures_alone: bool = False) -> RecordTable:
    """Read a file of records; with `figures_alone`, sums and locations may be left out as 0 and "".

    Raises DocumentError if it cannot be read, or is no file of records.
    """
    _check_pyarrow(name)
    try:
        return _read_parquet(name, figures_alone) if _is_parquet(name) else _read_csv(name)
    except FileNotFoundError as error:
        raise DocumentError(
            f"no file {name}; make one: bnstat compute FOLDER --records {name}"
        ) from error
    except OSError as error:
        raise DocumentError(f"cannot read {name}: {error.strerror or error}") from error
    except Exception as error:
        raise DocumentError(
            f"{name} is no file of records ({type(error).__name__}: {error}); make one: "
            f"bnstat compute FOLDER --records {name}"
        ) from error


def _is_parquet(name: str) -> bool:
    return name.lower().endswith(".parquet")


def _check_pyarrow(name: str) -> None:
    from importlib.util import find_spec

    if _is_parquet(name) and find_spec("pyarrow") is None:
        raise OutputError(
            "a Parquet file needs the package pyarrow: pip install 'bnstat[parquet]'; or write .csv"
        )


def _write_csv(file: IO[bytes], batches: Iterable[RecordTable], channels: tuple[str, ...]) -> None:
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


def _read_csv(name: str) -> RecordTable:
    with Path(name).open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines)
        heading = next(rows)
        columns: dict[str, list[Any]] = {column: [] for column in heading}
        for row in rows:
            for column, cell in zip(heading, row, strict=True):
                columns[column].append(cell or None)
    return from_flat_columns(columns, {})


def _write_parquet(
    file: IO[bytes],
    batches: Iterable[RecordTable],
    channels: tuple[str, ...],
    header: dict[str, Any],
) -> None:
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


def _type(name: str, channels: tuple[str, ...]) -> str:
    """Return a column's type by the name that Arrow has for it, and numpy unless it is text."""
    own = name
    for channel in channels:
        own = own.removesuffix(f"_{channel}")
    if own in TEXTS:
        return "string"
    if own in FIGURES:
        return "float64"
    if own == "histogram_hash":
        return "uint64"
    return "int32" if own in ("epoch", "width", "height", "depth", "scale") else "int64"


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


def _read_parquet(name: str, figures_alone: bool) -> RecordTable:
    """Read a file; names stay in Arrow's memory, as a million Python objects would take more."""
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
    if name in TEXTS:
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
