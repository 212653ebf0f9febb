"""`bnstat pipelines`: the presets, or one of them as TOML."""

from __future__ import annotations

import click

from bnstat.cli.help import subcommand


@subcommand("pipelines", "List the presets, or print one of them as TOML.")
@click.argument("name", required=False, metavar="[NAME]")
def command(name: str | None) -> None:
    """List the presets for --augment, or print the TOML of NAME, to be edited.

    bnstat pipelines simclr > my.toml, then bnstat compute ./data --augment my.toml
    """
    from bnstat.verbs.pipelines import pipelines, preset_text

    if name is not None:
        click.echo(preset_text(name), nl=False)
        return
    from bnstat.cli.terminal import show_list

    show_list({n: [p.description, *map(str, p.steps)] for n, p in pipelines().items()})
