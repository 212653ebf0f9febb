"""A target's figures into a config of the user's: checked, changed in memory, written whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnstat import files
from bnstat.errors import ExportError
from bnstat.targets.config import Config, ConfigFormat
from bnstat.targets.editing import check_lengths, edit_values, read
from bnstat.targets.figures import Figures


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
