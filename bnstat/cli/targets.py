"""What `bnstat export` can write, and where it is put."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from bnstat import files
from bnstat.errors import ExportError, OutputError
from bnstat.export import TARGETS, Target
from bnstat.export.editing import check_lengths, edited, read
from bnstat.export.figures import Figures

_UNITS = {1: "[0, 1]", 255: "0-255"}


def show(names_only: bool) -> None:
    """Print all targets, or their names alone."""
    if names_only:
        click.echo("\n".join(TARGETS))
        return
    width = max(map(len, TARGETS))
    for name, target in TARGETS.items():
        click.echo(f"{name:{width}}  {target.writes}")
        click.echo(f"{'':{width}}    {'; '.join(_traits(target))}")


def _traits(target: Target) -> tuple[str, ...]:
    """Return file, kind, units and order of channels; the first of several is the default."""
    return (
        f"{'binary' if target.binary else 'text'}, {target.file}",
        " or ".join(_UNITS[scale] for scale in target.scales),
        " or ".join(order.upper() for order in target.orders) or "channels as measured",
    )


def place(output: str, name: str) -> Path:
    """Return the file to write: where only a folder is named, `name` in it."""
    path = Path(output)
    if not output.endswith(os.sep) and not path.is_dir():
        return path
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {output}: {error.strerror}") from error
    return path / name


def update(target: Target, path: Path, figures: Figures) -> str:
    """Change the normalization in a file, and say which of its names have changed."""
    assert target.fields is not None and target.syntax is not None
    fields = target.fields(figures)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExportError(f"cannot read {path}: {error.strerror}") from error
    _check(target, read(data, target.syntax, str(path)), figures, path)
    files.write(path, edited(data, target.syntax, str(path), fields))
    return ", ".join(_names(fields))


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
