"""A target's figures into a file of the user's: suited, changed in memory, written whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bnstat import files
from bnstat.errors import ExportError
from bnstat.targets.editing import check_lengths, edited, read
from bnstat.targets.figures import Figures
from bnstat.targets.target import Target


def update(target: Target, path: Path, figures: Figures) -> list[str]:
    """Change the normalization in a file of the user's; return the names of what has changed.

    Raises
    ------
    ExportError
        If the file cannot be read, is of another syntax, or does not suit the figures.
    OutputError
        If it cannot be written; it is then as it was.
    """
    assert target.fields is not None and target.syntax is not None
    fields = target.fields(figures)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExportError(f"cannot read {path}: {error.strerror}") from error
    _check(target, read(data, target.syntax, str(path)), figures, path)
    files.write(path, edited(data, target.syntax, str(path), fields))
    return _names(fields)


def _check(target: Target, document: Any, figures: Figures, path: Path) -> None:
    assert target.fields is not None
    check_lengths(document, target.fields(figures), str(path))
    try:
        if target.suits is not None:
            target.suits(document, figures)
    except ExportError as error:
        raise ExportError(f"{path} does not suit the result: {error}") from error


def _names(fields: object) -> list[str]:
    if not isinstance(fields, dict):
        return []
    return [name for key, value in fields.items() for name in _names(value) or [key]]
