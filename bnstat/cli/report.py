"""`bnstat report` and `bnstat plot`: results as one HTML page, or one picture of a result."""

from __future__ import annotations

from pathlib import Path

import click

from bnstat import files
from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import say

KINDS = ("histogram", "batchnorm", "margin", "images", "groups")


@subcommand("report", "One self-contained HTML page of results.")
@click.argument("results", nargs=-1, metavar="[STATS]...")
@click.option(
    "-o",
    "--output",
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="Where the page goes; - is standard output.",
)
@click.option(
    "--records",
    metavar="FILE",
    help="The records of the first result (compute --records), for pictures that need them.",
)
@options.whole(
    "--thumbnails",
    0,
    "Copy N images unlike the rest and N with the most influence into the page, small.",
)
def report_command(
    results: tuple[str, ...], output: str, records: str | None, thumbnails: int
) -> None:
    """Show results (default: bnstat.json) on a page: constants, pictures, failures, warnings.

    Of several results, the first is the baseline of the others. The page makes no request and runs
    no script.
    """
    if thumbnails and records is None:
        raise click.UsageError("--thumbnails needs --records, which tells the influence")
    from bnstat.cli import outputs
    from bnstat.verbs.report import report
    from bnstat.verbs.resolve import DOCUMENT

    inputs = [("STATS", name) for name in results or (DOCUMENT,)]
    outputs.check_output(output, [*inputs, ("--records", records)])
    page = None if output == "-" else output
    html = report(*results, output=page, records=records, thumbnails=thumbnails)
    if page is None:
        click.echo(html, nl=False)
    else:
        say(f"Saved to {page}: open it in a browser.")


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
def plot_command(kind: str, result: str, output: str | None, records: str | None) -> None:
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
