"""`bnstat pipelines`: the presets, or one of them as TOML."""

from __future__ import annotations

import click


@click.command("pipelines", short_help="List the presets, or print one of them as TOML.")
@click.argument("name", required=False, metavar="[NAME]")
def command(name: str | None) -> None:
    """List the presets for --augment, or print the TOML of NAME, to be edited.

    bnstat pipelines simclr > my.toml, then bnstat compute ./data --augment my.toml
    """
    from bnstat.augment import presets

    if name is not None:
        click.echo(presets.path(name).read_text(encoding="utf-8"), nl=False)
        return
    from bnstat.cli.terminal import show_list

    described = {name: presets.preset(name) for name in presets.names()}
    show_list({name: [p.description, *map(str, p.steps)] for name, p in described.items()})
