"""The list of what `bnstat export` can write."""

from __future__ import annotations

import click

from bnstat.targets import TARGETS, Target

_UNITS = {1: "[0, 1]", 255: "0-255"}


def print_targets(names_only: bool) -> None:
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
