"""Tables of names, as data sets have them: which column has the names, and which rows count."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from bnstat.errors import SourceError

# What the column of names is called, in any case.
NAMES = ("filename", "file_name", "path", "image", "key")


def rows_of(text: str) -> list[list[str]]:
    """Return the rows of a CSV file but for empty ones; raise csv.Error where it is none."""
    return [row for row in csv.reader(StringIO(text, newline="")) if row]


def names_column(header: Sequence[str]) -> int | None:
    """Return where the names are by the heading; None if no heading says it.

    >>> names_column(["split", "File_Name"]), names_column(["a.png", "cat"])
    (1, None)
    """
    small = [heading.strip().lower() for heading in header]
    return next((small.index(name) for name in NAMES if name in small), None)


def chosen_names(
    rows: Sequence[Sequence[str]], table: str, column: str | None, where: Iterable[str]
) -> Iterator[str]:
    """Yield the names in a table with a heading, of the rows that all conditions let pass.

    where: COLUMN=VALUE; of several for one column, a row needs one. Raise SourceError for a column
    that is not there.
    """
    header, *others = rows or [[]]
    names = names_column(header) if column is None else _place(header, column, table)
    if names is None:
        raise SourceError(
            f"{table} has no column {', '.join(NAMES[:-1])} or {NAMES[-1]}, "
            f"but {', '.join(header)}; name it with --files-column"
        )
    wanted: dict[int, set[str]] = {}
    for condition in where:
        name, _, value = condition.partition("=")
        wanted.setdefault(_place(header, name, table), set()).add(value)
    for number, row in enumerate(others, 2):
        if len(row) != len(header):
            raise SourceError(f"line {number} of {table} has {len(row)} columns, not {len(header)}")
        if all(row[place] in values for place, values in wanted.items()):
            yield row[names]


def _place(header: Sequence[str], name: str, table: str) -> int:
    if name not in header:
        raise SourceError(f"{table} has no column {name!r}; it has {', '.join(header)}")
    return list(header).index(name)
