"""`bnstat duplicates`: images with equal pixels."""

from __future__ import annotations

from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.invocation import DRIFT
from bnstat.cli.terminal import Terminal
from bnstat.measure.warm_up import warm_up
from bnstat.settings import MeasureSettings


@subcommand("duplicates", "Images with equal pixels, within and across sources.")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@options.dataset
@click.option("--fail", is_flag=True, help="Exit with status 1 if any images are equal.")
@options.sheet
@options.form("json")
@options.settings(MeasureSettings)
@options.failures
@options.terminal("progress", "color")
def command(
    sources: tuple[str, ...],
    fail: bool,
    sheet: str | None,
    form: str,
    terminal: Terminal,
    **settings: Any,
) -> int:
    """Find images of SOURCEs whose decoded pixels are equal, whatever their files are called.

    Size, mode and pixels must be equal. Images that only look alike, such as resized copies,
    are not found.
    """
    if not sources:
        raise click.UsageError("name a SOURCE or --dataset")
    from bnstat.cli import outputs

    outputs.check_sheet(sheet, sources)
    warm_up(settings)

    from bnstat.verbs.duplicates import duplicates

    with terminal.measuring() as meter:
        found = duplicates(*sources, progress=meter.update, **options.given(settings))
    terminal.print_failures([(f.image, f.reason) for f in found.failures])
    terminal.show_as(form, found)
    outputs.save_sheet(found, sheet)
    if fail and found.sets:
        raise click.exceptions.Exit(DRIFT)
    return len(found.failures)
