"""The list of what `bnstat export` can write."""

from __future__ import annotations

import click

from bnstat.verbs.export import TARGETS, Target

_UNITS = {1: "[0, 1]", 255: "0-255"}


def print_targets(names_only: bool) -> None:
    """Print all targets, or their names alone."""
    if names_only:
        click.echo("\n".join(TARGETS))
        return
    from bnstat.cli.terminal import show_list

    show_list({name: [t.writes, "; ".join(_traits(t))] for name, t in TARGETS.items()})


def _traits(target: Target) -> tuple[str, ...]:
    """Return file, kind, units and order of channels; the first of several is the default."""
    return (
        f"{'binary' if target.binary else 'text'}, {target.file}",
        " or ".join(_UNITS[scale] for scale in target.scales),
        " or ".join(order.upper() for order in target.orders) or "channels as measured",
    )
