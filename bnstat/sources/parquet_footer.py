"""Where the columns of a Parquet file lie, from its footer.

pyarrow tells it too, but ends the process on some damaged footers, where its readers of columns
only raise. FileMetaData and what is in it:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import os
from io import BufferedReader
from typing import NamedTuple

from bnstat.sources.limits import UnreadableError
from bnstat.sources.thrift import Compact, IncompleteError, Struct

_ROW_GROUPS = 4
_COLUMNS, _ROWS = 1, 3
_META_DATA = 3
_PATH, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 3, 7, 9, 11


class RowGroup(NamedTuple):
    """A row group: its rows, and for each column by its path, where its pages begin and end."""

    rows: int
    columns: dict[str, tuple[int, int]]

    def ranges(self, column: str) -> list[tuple[int, int]]:
        """Return where a column's pages lie, one range for each of a struct's fields."""
        return [
            place
            for path, place in self.columns.items()
            if path == column or path.startswith(f"{column}.")
        ]


def row_groups(file: BufferedReader) -> list[RowGroup]:
    """Return the row groups of a file that pyarrow has opened, and so has a whole footer.

    Raises
    ------
    UnreadableError
        If the footer is damaged.
    """
    file.seek(-8, os.SEEK_END)
    length = int.from_bytes(file.read(4), "little")
    file.seek(-8 - length, os.SEEK_END)
    try:
        described = Compact(file.read(length)).struct()
        return [_row_group(group) for group in described[_ROW_GROUPS]]
    except (IncompleteError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableError("its description is damaged") from error


def _row_group(group: Struct) -> RowGroup:
    columns = [column[_META_DATA] for column in group[_COLUMNS]]
    return RowGroup(int(group[_ROWS]), {_path(each): _range(each) for each in columns})


def _path(column: Struct) -> str:
    return b".".join(column[_PATH]).decode()


def _range(column: Struct) -> tuple[int, int]:
    start = int(column[_DATA_PAGE])
    if 0 < column.get(_DICTIONARY_PAGE, 0) < start:
        start = column[_DICTIONARY_PAGE]
    return start, start + int(column[_COMPRESSED])
