"""`--update`: change the normalization in a config of the user's, and no other byte of it.

The file is not written anew from what was read: that would lose comments, number formats, order,
indentation. A syntax finds where a value stands in the text, and only that stretch is replaced.
What comes out is read again, and must be what went in with the values changed.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from bnstat import files
from bnstat.errors import ExportError
from bnstat.targets import json_values, yaml_values
from bnstat.targets.figures import Figures, literal


@dataclass(frozen=True)
class Config:
    """A file of the user's, and what it says."""

    path: Path
    content: Any

    def get(self, *names: str) -> Any:
        """Return what it says under nested names; None where it says nothing.

        >>> Config(Path("config.json"), {"a": {"b": 1}}).get("a", "b")
        1
        """
        value = self.content
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class ConfigFormat:
    """The kind of config that a target's framework reads.

    syntax: "json" or "yaml"; changes: from a config and figures to the new values by name, in
    nested mappings. That raises ExportError if the config is of another kind, naming what it looked
    for, or if the figures would be wrong in it.
    """

    syntax: str
    changes: Callable[[Config, Figures], Mapping[str, Any]]


def check_kind(config: Config, marks: tuple[str, ...], kind: str) -> None:
    """Make sure that a config has one of the names by which its kind is known.

    `marks` are names, nested ones joined by dots. Raises ExportError.
    """
    if all(config.get(*mark.split(".")) is None for mark in marks):
        raise ExportError(f"it is not {kind}: it has none of {', '.join(marks)}")


def update(form: ConfigFormat, path: Path, figures: Figures) -> list[str]:
    """Change the normalization in a config; return the names of what has changed.

    Raises ExportError if the file cannot be read, is of another syntax or kind, or the figures
    would be wrong in it, and OutputError if it cannot be written; it is then as it was.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExportError(f"cannot read {path}: {error.strerror}") from error
    config = Config(path, read(data, form.syntax, str(path)))
    try:
        fields = form.changes(config, figures)
        check_lengths(config.content, fields)
    except ExportError as error:
        raise ExportError(f"cannot update {path}: {error}") from error
    files.write(path, edit_values(data, form.syntax, str(path), fields))
    return _names(fields)


def _names(fields: object) -> list[str]:
    if not isinstance(fields, dict):
        return []
    return [name for key, value in fields.items() for name in _names(value) or [key]]


# Each reads a text, and knows where its values are: the `root`, the `parts` of a place by name or
# index, the `span` of a place, and what puts names last into one that lacks them (`added`).
_SYNTAXES = {"json": json_values, "yaml": yaml_values}


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

    Raises ExportError if the file is not of its syntax, or a value cannot be changed alone.
    """
    language = _SYNTAXES[syntax]
    before = _text(data, name)
    expected = _merged(language.read(before, name), language.read(literal(fields), name), name)
    after = _splice(before, _edits(language, before, language.root(before), fields))
    try:
        unsafe = language.read(after, "") != expected
    except ExportError:
        unsafe = True
    if unsafe:
        raise ExportError(f"{name} is written in a way that cannot be changed safely; nothing is")
    bom = BOM_UTF8 if data.startswith(BOM_UTF8) else b""
    return bom + after.encode()


def _edits(
    language: ModuleType, text: str, place: Any, value: Any
) -> Iterator[tuple[int, int, str]]:
    """Yield what puts a value at a place: start, end, and what comes there.

    Within a list of the same length only the numbers change, so that its layout stays.
    """
    parts = language.parts(text, place)
    if isinstance(value, Mapping) and isinstance(parts, dict):
        for name in value.keys() & parts.keys():
            yield from _edits(language, text, parts[name], value[name])
        missing = {name: value[name] for name in value if name not in parts}
        if missing:
            at, members = language.added(text, place, missing)
            yield at, at, members
    elif isinstance(value, list) and isinstance(parts, list) and len(parts) == len(value):
        for part, new in zip(parts, value, strict=True):
            yield from _edits(language, text, part, new)
    else:
        start, end = language.span(text, place)
        yield start, end, " " * (start == end) + literal(value)


def _splice(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with stretches replaced, each by (start, end, new).

    Those at one place come out in their order.

    >>> _splice("a=1, b=2", [(2, 3, "7"), (8, 8, ", c=3")])
    'a=7, b=2, c=3'
    """
    parts, done = [], 0
    for start, end, new in sorted(edits, key=lambda edit: edit[0]):
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])


def _text(data: bytes, name: str) -> str:
    """Return a file's text without its byte order mark, which some editors write."""
    try:
        return data.decode("utf-8-sig")
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
