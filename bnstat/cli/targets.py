"""What `bnstat export` can write, and where it is put."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bnstat.errors import OutputError
from bnstat.targets import TARGETS, Target

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
