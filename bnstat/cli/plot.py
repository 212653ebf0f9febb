"""`bnstat plot`: one picture of a result."""

from __future__ import annotations

from pathlib import Path

import click

from bnstat import files
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import say

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
def command(kind: str, result: str, output: str | None, records: str | None) -> None:
    """Plot KIND of a result (default: bnstat.json).

    KIND is histogram, batchnorm, margin, images or groups.
    """
    from bnstat.verbs.plot import form_of, plot

    name = output or f"{kind}.svg"
    try:
        form_of(name)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="'-o' / '--output'") from None
    files.check_distinct([("--output", name)], [("STATS", result), ("--records", records)])
    files.check_writable(Path(name))
    plot(result, kind, records=records, output=name)
    say(f"Saved to {name}.")
