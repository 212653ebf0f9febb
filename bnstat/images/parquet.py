"""Parquet files with a column of images, as Hugging Face datasets write them.

The column is a struct of `bytes` and `path`, or has plain binary values
(https://huggingface.co/docs/datasets/image_load). Rows are read in batches, and references hold
their encoded bytes. A key is the row's number, as paths need not be unique, followed by the path;
keys stay the same when rows are appended. A path is never opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from bnstat.errors import SourceError
from bnstat.images.archive import Format, Place
from bnstat.images.limits import ReadLimits, UnreadableError
from bnstat.images.naming import member_key
from bnstat.images.reference import EncodedBytes, Reference

_ROWS = 32


@contextmanager
def _opened(place: Place, limits: ReadLimits) -> Iterator[Any]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise SourceError(
            "a Parquet file needs the package pyarrow: pip install 'bnstat[parquet]'"
        ) from error
    with place.open(limits) as file, ParquetFile(file) as parquet:
        yield parquet


def _members(
    place: Place, key_of: Callable[[bytes], bytes | None], limits: ReadLimits
) -> Iterator[Reference]:
    with _opened(place, limits) as file:
        column = _column(file.schema_arrow)
        row = 0
        for batch in file.iter_batches(batch_size=_ROWS, columns=[column]):
            for value in batch.column(0):
                yield _reference(place, row, value.as_py())
                row += 1


def _reference(place: Place, row: int, value: Any) -> Reference:
    """Return the reference to the image in a row: bytes, or bytes and path."""
    data, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, "")
    name = member_key((path or "").encode("utf-8", "surrogateescape"))
    key = b"%09d" % row + (b"/" + name if name else b"")
    if data is None:
        return Reference(key, place.path, 0, 0, "has no bytes in the file")
    tag = b"%08x" % crc32(data)
    return Reference(key, place.path, len(data), 0, None, EncodedBytes(data), tag)


def _column(schema: Any) -> str:
    """Return the name of the column of images.

    It is `image`, if there is one, or else the only one: first of the columns that the metadata of
    a Hugging Face dataset calls images, then of structs with bytes, then of binary values.
    """
    for names in (_declared(schema), _structs(schema), _binaries(schema)):
        if "image" in names:
            return "image"
        if len(names) == 1:
            return names[0]
        if names:
            several = ", ".join(names)
            raise UnreadableError(f"has several columns of images ({several}); call one 'image'")
    raise UnreadableError(f"has no column of images, only {', '.join(schema.names)}")


def _declared(schema: Any) -> list[str]:
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"].items()
    except (KeyError, ValueError, AttributeError, TypeError):
        return []
    images = [name for name, kind in features if _is_image(kind)]
    return [name for name in images if name in schema.names]


def _is_image(kind: Any) -> bool:
    return isinstance(kind, dict) and kind.get("_type") == "Image"


def _structs(schema: Any) -> list[str]:
    from pyarrow import types

    structs = [field for field in schema if types.is_struct(field.type)]
    return [field.name for field in structs if field.type.get_field_index("bytes") >= 0]


def _binaries(schema: Any) -> list[str]:
    from pyarrow import types

    kinds = (types.is_binary, types.is_large_binary)
    return [field.name for field in schema if any(kind(field.type) for kind in kinds)]


def _count(place: Place) -> int | None:
    with _opened(place, ReadLimits()) as file:
        rows: int = file.metadata.num_rows
        return rows


PARQUET = Format(_members, _count, ordered=True)
