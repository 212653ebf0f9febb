"""`bnstat duplicates`: images with equal pixels."""

from __future__ import annotations

import sys
from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.invocation import DRIFT, FAILURES
from bnstat.cli.warm_up import warm_up
from bnstat.settings import MeasureSettings


@click.command("duplicates", short_help="Images with equal pixels, within and across sources.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--fail", is_flag=True, help="Exit with status 1 if any images are equal.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What goes to standard output.",
)
@options.settings(MeasureSettings)
@options.failures
@options.terminal
@click.pass_context
def command(
    ctx: click.Context,
    /,
    sources: tuple[str, ...],
    fail: bool,
    form: str,
    max_failures: int,
    progress: bool | None,
    color: bool | None,
    **settings: Any,
) -> None:
    """Find images of SOURCEs whose decoded pixels are equal, whatever their files are called.

    Size, mode and pixels must be equal. Images that only look alike, such as resized copies,
    are not found.
    """
    warm_up(settings["workers"], settings["engine"], pipeline=False)

    from bnstat import reports
    from bnstat.api.deduplicating import duplicates
    from bnstat.cli import messages
    from bnstat.cli.progress import bar
    from bnstat.cli.terminal import print_line, show

    with messages.failures_printed(color), bar(progress) as update:
        found = duplicates(*sources, progress=update, **options.given(settings))
    for each in found.failures:
        line = reports.Line(reports.failure(each.image, each.reason), "bad")
        print_line(line, color, err=True)
    if form == "json":
        click.echo(reports.json(found), nl=False)
    else:
        show(reports.report(found), color)
    sys.stdout.flush()
    if fail and found.sets:
        ctx.exit(DRIFT)
    if len(found.failures) > max_failures:
        ctx.exit(FAILURES)
