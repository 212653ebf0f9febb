"""A config of the user's, in which `--update` changes the normalization.

It is checked, changed in memory, and written whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnstat import files
from bnstat.errors import ExportError
from bnstat.targets.editing import check_lengths, edit_values, read
from bnstat.targets.figures import Figures


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

    Attributes
    ----------
    syntax
        "json" or "yaml".
    changes
        From a config and figures to the new values by name, in nested mappings. Raises ExportError
        if the config is of another kind, naming what it looked for, or if the figures would be
        wrong in it.
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

    Raises
    ------
    ExportError
        If the file cannot be read, is of another syntax or kind, or the figures would be wrong in
        it.
    OutputError
        If it cannot be written; it is then as it was.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExportError(f"cannot read {path}: {error.strerror}") from error
    config = Config(path, read(data, form.syntax, str(path)))
    fields = _changes(form, config, figures)
    files.write(path, edit_values(data, form.syntax, str(path), fields))
    return _names(fields)


def _changes(form: ConfigFormat, config: Config, figures: Figures) -> Mapping[str, Any]:
    try:
        fields = form.changes(config, figures)
        check_lengths(config.content, fields)
    except ExportError as error:
        raise ExportError(f"cannot update {config.path}: {error}") from error
    return fields


def _names(fields: object) -> list[str]:
    if not isinstance(fields, dict):
        return []
    return [name for key, value in fields.items() for name in _names(value) or [key]]
