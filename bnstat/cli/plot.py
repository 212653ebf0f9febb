"""`bnstat plot`: one picture of a result."""

from __future__ import annotations

import click

from bnstat.cli.help import subcommand

KINDS = ("histogram", "batchnorm", "margin", "images", "groups")


@subcommand("plot", "One picture of a result: .svg, .png or .pdf.")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@click.argument("result", default="bnstat.json", metavar="[STATS]")
@click.option(
    "-o", "--output", metavar="FILE", help="FILE.svg, FILE.png or FILE.pdf.  [default: KIND.svg]"
)
@click.option(
    "--records",
    metavar="FILE",
    help="The records of the result (compute --records); batchnorm and images need them.",
)
@click.pass_context
def command(
    ctx: click.Context, /, kind: str, result: str, output: str | None, records: str | None
) -> None:
    """Plot KIND of a result (default: bnstat.json).

    KIND is histogram, batchnorm, margin, images or groups.
    """
    from pathlib import Path

    from bnstat import files
    from bnstat.text import printable
    from bnstat.verbs.plot import form_of, plot

    name = output or f"{kind}.svg"
    try:
        form_of(name)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", ctx, param_hint="'-o' / '--output'") from None
    files.check_distinct([("--output", name)], [("STATS", result), ("--records", records)])
    files.check_writable(Path(name))
    plot(result, kind, records=records, output=name)
    click.echo(f"Saved to {printable(name)}.", err=True)
