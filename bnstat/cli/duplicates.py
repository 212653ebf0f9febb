"""`bnstat duplicates`: images with equal pixels, or that show the same."""

from __future__ import annotations

from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.app import DRIFT
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal
from bnstat.measure.warm_up import warm_up
from bnstat.settings import MeasureSettings


@subcommand("duplicates", "Images with equal pixels, within and across sources.")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@options.dataset
@click.option("--near", is_flag=True, help="Find resized, re-encoded and cropped copies instead.")
@click.option(
    "--bits",
    type=click.IntRange(0, 16),
    metavar="N",
    help="With --near: bits of 64 in which hashes may differ.  [default: 11]",
)
@click.option("--mirrored", is_flag=True, help="With --near: compare with mirror images, too.")
@click.option("--fail", is_flag=True, help="Exit with status 1 if any images are found.")
@options.sheet
@options.form("json")
@options.settings(MeasureSettings)
@options.failures
@options.terminal("progress", "color")
def command(
    terminal: Terminal,
    sources: tuple[str, ...],
    fail: bool,
    sheet: str | None,
    form: str,
    **settings: Any,
) -> int:
    """Find images of SOURCEs whose decoded pixels are equal, whatever their files are called.

    Size, mode and pixels must be equal. With --near, images are found that show the same: resized,
    re-encoded, brightened, or cropped by some percent.
    """
    sources = options.all_sources(sources, settings)
    if not settings["near"] and (settings["bits"] is not None or settings["mirrored"]):
        raise click.UsageError("--bits and --mirrored go with --near")
    if not sources:
        raise click.UsageError("name a SOURCE or --dataset")
    warm_up(settings)

    from bnstat.cli import outputs
    from bnstat.verbs.duplicates import duplicates

    outputs.check_sheet(sheet, sources)
    with terminal.measuring() as meter:
        found = duplicates(*sources, progress=meter.update, **options.given(settings))
    terminal.print_failures(found.failures)
    terminal.show_as(form, found)
    outputs.save_sheet(found, sheet)
    if fail and found.sets:
        raise click.exceptions.Exit(DRIFT)
    return len(found.failures)
