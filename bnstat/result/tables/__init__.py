"""Tables of records: a row for each image and draw; which kind of file a name means.

table      the columns, as values
parquet    Apache Parquet, through pyarrow (an extra)
csv        text with a heading
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from bnstat import files
from bnstat.errors import DocumentError, OutputError
from bnstat.result.tables.table import RecordTable

__all__ = ["RecordTable", "check_name", "holds_records", "read", "write"]


def holds_records(name: str) -> bool:
    """Whether a file is one of records: a Parquet file may hold images as well."""
    if not name.lower().endswith(".parquet"):
        return files.is_record_file(name)
    try:
        from pyarrow.parquet import read_schema

        return {"key", "failure", "histogram_hash"} <= set(read_schema(name).names)
    except Exception:  # what reads it as a source of images tells what is wrong
        return False


def check_name(name: str) -> None:
    """Find out before the work whether records can be written under a name.

    Raises
    ------
    ValueError
        If it does not say which kind of file it is to be.
    OutputError
        If it cannot be written, or the package for its kind is missing.
    """
    if not files.is_record_file(name):
        raise ValueError(f"{name!r} is neither FILE.parquet nor FILE.csv")
    if name.lower().endswith(".parquet"):
        _check_pyarrow()
    files.check_writable(Path(name))


def _check_pyarrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise OutputError(
            "a Parquet file needs the package pyarrow: pip install 'bnstat[parquet]'; or write .csv"
        )


def _format(name: str) -> ModuleType:
    if name.lower().endswith(".parquet"):
        from bnstat.result.tables import parquet

        return parquet
    from bnstat.result.tables import csv

    return csv


def write(
    name: str, batches: Iterable[RecordTable], channels: tuple[str, ...], header: dict[str, Any]
) -> None:
    """Write records batch by batch; readers see the old file or the whole new one.

    Raises
    ------
    OutputError
        If it cannot be written; an old file is then as it was.
    """
    with files.replacing(Path(name)) as file:
        _format(name).write(file, batches, channels, header)


def read(name: str, *, figures_alone: bool = False) -> RecordTable:
    """Read a file of records; with `figures_alone`, sums and locations may be left out as 0 and "".

    Raises
    ------
    DocumentError
        If it cannot be read, or is no file of records.
    """
    if name.lower().endswith(".parquet"):
        _check_pyarrow()
    try:
        table: RecordTable = _format(name).read(name, figures_alone=figures_alone)
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
    return table
