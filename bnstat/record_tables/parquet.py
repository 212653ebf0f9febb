"""Records as Apache Parquet, with what they were measured with in the file's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any

from bnstat.record_tables.csv import names
from bnstat.record_tables.table import RecordTable, flat_columns, from_flat_columns

_METADATA = b"bnstat.records"


def _type(name: str, channels: tuple[str, ...]) -> Any:
    import pyarrow as pa

    own = name
    for channel in channels:
        own = own.removesuffix(f"_{channel}")
    if own in ("key", "location", "group", "mode", "failure"):
        return pa.string()
    if own in ("mean", "std", "low", "high"):
        return pa.float64()
    if own == "histogram_hash":
        return pa.uint64()
    return pa.int32() if own in ("epoch", "width", "height", "depth", "scale") else pa.int64()


def write(
    file: IO[bytes],
    batches: Iterable[RecordTable],
    channels: tuple[str, ...],
    header: dict[str, Any],
) -> None:
    """Write each batch as a row group."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema = pa.schema(
        [(name, _type(name, channels)) for name in names(channels)],
        metadata={_METADATA: json.dumps(header).encode()},
    )
    with ParquetWriter(file, schema) as writer:
        for batch in batches:
            arrays = [
                pa.array(values, type=schema.field(name).type)
                for name, values in flat_columns(batch)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def read(name: str) -> RecordTable:
    """Read a file."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(name) as file:
        table = file.read()
    header = json.loads((table.schema.metadata or {}).get(_METADATA, b"{}"))
    return from_flat_columns({c: table.column(c).to_pylist() for c in table.column_names}, header)
