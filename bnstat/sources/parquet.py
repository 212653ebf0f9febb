"""Parquet files with a column of images, as Hugging Face datasets write them.

The column is a struct of `bytes` and `path`, or has plain binary values
(https://huggingface.co/docs/datasets/image_load). Rows are read in batches, and references hold
their encoded bytes. A key is the row's number, as paths need not be unique, followed by the path;
keys stay the same when rows are appended. A path is never opened.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

from bnstat.errors import SourceError
from bnstat.sources.archive import ArchiveFile, Format, KeyOf
from bnstat.sources.bounds import DEFAULT_LIMITS, MAX_UNPACKED, ReadLimits, UnreadableError
from bnstat.sources.naming import MAX_NAME, member_key
from bnstat.sources.parquet_layout import PageHeader, WatchedFile
from bnstat.sources.reference import EncodedBytes, Reference

_ROWS = 32
# A page is decompressed whole, and each row of a batch may be as large as a page.
_MAX_BATCH = 64 << 20
# Bytes that pyarrow reads at a time, and what it may allocate for the file's own description.
_READING = {
    **{"pre_buffer": False, "buffer_size": 1 << 20, "page_checksum_verification": True},
    **{"thrift_container_size_limit": 100_000, "thrift_string_size_limit": 16 << 20},
}


class _FewerRowsError(UnreadableError):
    """A page is so large that fewer rows must be read at once."""


class _Pages:
    """What a page may take; `rows` is how many rows are read at once."""

    def __init__(self, limits: ReadLimits) -> None:
        self._most = max(limits.max_unpacked, MAX_UNPACKED)
        self.rows = _ROWS

    def check(self, header: PageHeader) -> None:
        size = max(header.uncompressed, header.compressed)
        if size > self._most:
            raise UnreadableError(
                f"has a page of {size} bytes, more than the {self._most} that are decompressed at "
                "once; write smaller row groups, or raise --max-bytes"
            )
        if size * self.rows > _MAX_BATCH and self.rows > 1:
            self.rows = max(1, _MAX_BATCH // size)
            raise _FewerRowsError("has a large page")


@dataclass(frozen=True)
class _OpenFile:
    """An open file, as pyarrow has it, and what is checked of its pages before it has them."""

    parquet: Any
    watched: WatchedFile
    pages: _Pages

    def values(self, group: int, column: str) -> Iterator[Any]:
        """Yield the values of a column in a row group, as pyarrow's scalars."""
        done = 0
        while True:
            self.watched.watch(self.watched.row_groups[group].ranges(column))
            of_column = {"row_groups": [group], "columns": [column]}
            try:
                at = 0
                for batch in self.parquet.iter_batches(self.pages.rows, **of_column):
                    values = batch.column(0)
                    for i in range(max(0, done - at), len(values)):
                        yield values[i]
                        done += 1
                    at += len(values)
                    del batch, values  # while the next one is read
                return
            except Exception as error:
                problem, self.watched.problem = self.watched.problem, None
                if problem is None:
                    raise
                if not isinstance(problem, _FewerRowsError):
                    raise problem from error


@contextmanager
def _opened(archive: ArchiveFile, limits: ReadLimits) -> Iterator[_OpenFile]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise SourceError(
            "a Parquet file needs the package pyarrow: pip install 'bnstat[parquet]'"
        ) from error
    with archive.open(limits) as file:
        pages = _Pages(limits)
        watched = WatchedFile(file, pages.check)
        with ParquetFile(watched, **_READING) as parquet:
            yield _OpenFile(parquet, watched, pages)


def _members(
    asked: str | None, archive: ArchiveFile, key_of: KeyOf, limits: ReadLimits
) -> Iterator[Reference]:
    with _opened(archive, limits) as file:
        column = _column(file.parquet.schema_arrow, asked)
        row, shared = 0, b""
        for group in range(len(file.watched.row_groups)):
            for value in file.values(group, column):
                reference = _reference(archive, row, value, limits, shared)
                shared = getattr(reference.content, "data", b"")
                yield reference
                row += 1


def _reference(
    archive: ArchiveFile, row: int, value: Any, limits: ReadLimits, shared: bytes = b""
) -> Reference:
    """Return the reference to the image in a row: bytes, or bytes and path.

    `shared` are bytes of another row, which are not held twice: many may be one dictionary value.
    """
    key = _key(row, value)
    if hasattr(value, "keys"):
        value = value["bytes"] if value.is_valid else value
    while hasattr(value, "dictionary"):
        value = value.value
    if not value.is_valid:
        return Reference(key, archive.path, 0, 0, "has no bytes in the file")
    buffer = value.as_buffer()
    try:
        limits.check(buffer.size, unpacked=True)
    except UnreadableError as error:
        return Reference(key, archive.path, buffer.size, 0, str(error))
    tag = b"%08x" % crc32(buffer)
    data = shared if buffer == shared else buffer.to_pybytes()
    return Reference(key, archive.path, buffer.size, 0, None, EncodedBytes(data), tag)


def _key(row: int, value: Any) -> bytes:
    path = value["path"].as_py() if hasattr(value, "keys") and "path" in value else None
    named = isinstance(path, str) and len(path) <= MAX_NAME
    name = member_key(str(path).encode()) if named else b""
    return b"%09d/%s" % (row, name) if name else b"%09d" % row


@dataclass(frozen=True)
class _Rows:
    """The rows of a file; only row groups that hold some of those asked for are read."""

    archive: ArchiveFile
    limits: ReadLimits
    column: str
    keys: Sequence[bytes]

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        wanted, first = sorted(positions), 0
        with _opened(self.archive, self.limits) as file:
            for group, described in enumerate(file.watched.row_groups):
                end = first + described.rows
                rows = set(wanted[bisect_left(wanted, first) : bisect_left(wanted, end)])
                if rows:
                    values = file.values(group, self.column)
                    for row, value in zip(range(first, max(rows) + 1), values, strict=False):
                        if row in rows:
                            yield _reference(self.archive, row, value, self.limits)
                first = end


def _index(asked: str | None, archive: ArchiveFile, limits: ReadLimits) -> _Rows:
    """Return the rows, of which only the paths are read."""
    with _opened(archive, limits) as file:
        schema, groups = file.parquet.schema_arrow, file.watched.row_groups
        column = _column(schema, asked)
        kind = schema.field(column).type
        if not _is_struct(kind) or kind.get_field_index("path") < 0:
            number = sum(group.rows for group in groups)
            if number > file.watched.seek(0, os.SEEK_END):
                raise UnreadableError("says that it has more images than bytes")
            return _Rows(archive, limits, column, [b"%09d" % row for row in range(number)])
        paths = (v for group in range(len(groups)) for v in file.values(group, f"{column}.path"))
        return _Rows(archive, limits, column, [_key(row, value) for row, value in enumerate(paths)])


def _column(schema: Any, asked: str | None) -> str:
    """Return the name of the column of images.

    It is the one that is asked for, or else `image`, if there is one, or else the only one: first
    of the columns that the metadata of a Hugging Face dataset calls images, then of structs with
    bytes, then of binary values.
    """
    fitting = {field.name for field in schema if _holds_images(field.type)}
    if asked is not None:
        if asked in fitting:
            return asked
        known = ", ".join(field.name for field in schema if field.name in fitting) or "none"
        raise UnreadableError(f"has no column {asked!r} of images (--column); it has {known}")
    structs = [field.name for field in schema if _is_struct(field.type)]
    for names in (_declared(schema), structs, [field.name for field in schema]):
        found = [name for name in names if name in fitting]
        if "image" in found:
            return "image"
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(found)
            raise UnreadableError(
                f"has several columns of images ({several}); name one with --column"
            )
    columns = ", ".join(f"{field.name} ({field.type})" for field in schema)
    raise UnreadableError(
        f"has no column of images, which is binary, or a struct with bytes; only {columns}"
    )


def _declared(schema: Any) -> list[str]:
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"].items()
    except (KeyError, ValueError, AttributeError, TypeError):
        return []
    kinds = ((name, kind) for name, kind in features if isinstance(kind, dict))
    return [name for name, kind in kinds if kind.get("_type") == "Image"]


def _holds_images(kind: Any) -> bool:
    """Whether a column's type is binary, or a struct with binary `bytes`, dictionaries or not."""
    from pyarrow import types

    if _is_struct(kind):
        kind = kind.field("bytes").type
        if types.is_null(kind):
            return True  # of which each row has only a path
    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (types.is_binary, types.is_large_binary, types.is_binary_view)
    return any(test(kind) for test in tests)


def _is_struct(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind)) and kind.get_field_index("bytes") >= 0


def _count(archive: ArchiveFile) -> int | None:
    with _opened(archive, DEFAULT_LIMITS) as file:
        rows: int = file.parquet.metadata.num_rows
        return rows


def parquet(column: str | None) -> Format:
    """Return the format with this column of images; None is the one that must be meant."""
    index = partial(_index, column)
    return Format(partial(_members, column), _count, ordered=True, index=index, columns=True)
