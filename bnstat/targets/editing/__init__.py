"""`--update`: change some values of a file of the user's, and no other byte of it.

The file is not written anew from what was read: that would lose comments, number formats, order,
indentation. A syntax finds where a value stands in the text, and only that stretch is replaced.
What comes out is read again, and must be what went in with the values changed.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.editing import json, yaml
from bnstat.targets.literals import literal

_SYNTAXES = {"json": json, "yaml": yaml}


def read(data: bytes, syntax: str, name: str) -> Any:
    """Return what a file says; raise ExportError if it is not of its syntax."""
    return _SYNTAXES[syntax].read(_text(data, name), name)


def check_lengths(content: Any, fields: Mapping[str, Any]) -> None:
    """Make sure that lists stay as long as they are, or raise ExportError."""
    for key, value in fields.items():
        old = content.get(key) if isinstance(content, dict) else None
        if isinstance(value, Mapping):
            check_lengths(old, value)
        elif isinstance(value, list) and isinstance(old, list) and len(old) != len(value):
            raise ExportError(
                f"it has {key} for {len(old)} channels, and the result has {len(value)}"
            )


def edit_values(data: bytes, syntax: str, name: str, fields: Mapping[str, Any]) -> bytes:
    """Return a file's bytes with the values of `fields`, which may be nested, put into it.

    Raises
    ------
    ExportError
        If the file is not of its syntax, or a value cannot be changed alone.
    """
    language = _SYNTAXES[syntax]
    before = _text(data, name)
    expected = _merged(language.read(before, name), language.read(literal(fields), name), name)
    after = splice(before, language.edits(before, fields))
    if not _reads_as(after, expected, language):
        raise ExportError(f"{name} is written in a way that cannot be changed safely; nothing is")
    bom = BOM_UTF8 if data.startswith(BOM_UTF8) else b""
    return bom + after.encode()


def splice(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with stretches replaced, each by (start, end, new).

    Those at one place come out in their order.

    >>> splice("a=1, b=2", [(2, 3, "7"), (8, 8, ", c=3")])
    'a=7, b=2, c=3'
    """
    parts, done = [], 0
    for start, end, new in sorted(edits, key=lambda edit: edit[0]):
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])


def _reads_as(text: str, expected: Any, language: ModuleType) -> bool:
    try:
        return bool(language.read(text, "") == expected)
    except ExportError:
        return False


def _text(data: bytes, name: str) -> str:
    """Return a file's text without its byte order mark, which some editors write."""
    try:
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise ExportError(f"{name} is not UTF-8 text: {error.reason}") from error


def _merged(document: Any, fields: Mapping[str, Any], name: str) -> Any:
    if not isinstance(document, dict):
        raise ExportError(f"{name} does not hold names and values, as such a file should")
    merged = dict(document)
    for key, value in fields.items():
        inner = document.get(key)
        nested = isinstance(value, Mapping) and isinstance(inner, dict)
        merged[key] = _merged(inner, value, name) if nested else value
    return merged
