"""`bnstat report`: results as one HTML page."""

from __future__ import annotations

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import say


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
def command(results: tuple[str, ...], output: str, records: str | None, thumbnails: int) -> None:
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
