"""`bnstat help`: the help of a command."""

from __future__ import annotations

import click


@click.command("help", short_help="Show the help of a command.")
@click.argument("name", required=False, metavar="[COMMAND]")
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Show the help of COMMAND, as COMMAND --help does, or that of bnstat."""
    parent = ctx.parent
    assert parent is not None and isinstance(parent.command, click.Group)
    if name is None:
        click.echo(parent.get_help())
        return
    _, found, _ = parent.command.resolve_command(parent, [name])
    assert found is not None
    click.echo(click.Context(found, info_name=name, parent=parent).get_help())
