"""`bnstat report`: results as one HTML page."""

from __future__ import annotations

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand


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
@click.option(
    "--thumbnails",
    type=options.number(int, ge=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Copy N images unlike the rest and N with the most influence into the page, small.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    results: tuple[str, ...],
    output: str,
    records: str | None,
    thumbnails: int,
) -> None:
    """Show results (default: bnstat.json) on a page: constants, pictures, failures, warnings.

    Of several results, the first is the baseline of the others. The page makes no request and runs
    no script.
    """
    if thumbnails and records is None:
        raise click.UsageError("--thumbnails needs --records, which tells the influence", ctx)
    from bnstat.cli import outputs
    from bnstat.text import printable
    from bnstat.verbs.report import report
    from bnstat.verbs.resolve import DOCUMENT

    inputs = [("STATS", name) for name in results or (DOCUMENT,)]
    outputs.check_output(output, [*inputs, ("--records", records)])
    to_stdout = output == "-"
    html = report(
        *results, output=None if to_stdout else output, records=records, thumbnails=thumbnails
    )
    if to_stdout:
        click.echo(html, nl=False)
    else:
        click.echo(f"Saved to {printable(output)}: open it in a browser.", err=True)
