"""`bnstat outliers` and `bnstat duplicates`: images that are unlike the rest, or like another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnstat import files
from bnstat.cli import options
from bnstat.cli.app import DRIFT
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal, say
from bnstat.errors import OutputError
from bnstat.measure.warm_up import warm_up
from bnstat.settings import MeasureSettings, Settings

if TYPE_CHECKING:
    from bnstat import Duplicates, Outliers

_sheet = click.option(
    "--sheet",
    metavar="FILE.png",
    help="Write a contact sheet, too: the images, small, with their names.",
)


@subcommand("outliers", "Images unlike the rest, and what each does to the figures.")
@click.argument("sources", nargs=-1, metavar="[STATS|RECORDS|SOURCE]...")
@click.option(
    "--threshold",
    type=options.AMOUNT,
    default=4.0,
    show_default=True,
    metavar="SCORE",
    help="Show images whose score, of all figures together, is above.",
)
@click.option(
    "--expect",
    type=options.number(int, ge=0),
    metavar="N",
    help="At most so many images are outliers.  [default: 1 % of all]",
)
@options.whole("--limit", 20, "Show at most so many, the strongest first.", least=1)
@_sheet
@options.form("json", "keys")
@click.option("-0", "--null", is_flag=True, help="Print keys that end in NUL, for xargs -0.")
@options.augment()
@options.dataset
@options.settings(Settings, "the result's")
@options.terminal("verbose", "progress", "color")
def outliers_command(
    terminal: Terminal,
    sources: tuple[str, ...],
    sheet: str | None,
    form: str,
    null: bool,
    **settings: Any,
) -> None:
    """Find images unlike the rest of their group (--by), by their figures taken together.

    Compares brightness, channels, contrast, clipping, histogram, size, shape, bytes per pixel and
    bits a sample. For each outlier: why, and what it does to the set's mean and std. A file of
    records is read; the images of a result, or of other sources, are measured.
    """
    sources = options.all_sources(sources, settings)
    _check_sheet(sheet, sources)
    warm_up(settings)

    from bnstat.verbs.outliers import outliers

    with terminal.measuring() as meter:
        found = outliers(*sources, progress=meter.update, **options.given(settings))
    if null or form == "keys":
        end = "\0" if null else "\n"
        click.echo("".join(outlier.image + end for outlier in found.found), nl=False)
    else:
        terminal.show_as(form, found)
    _save_sheet(found, sheet)


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
@_sheet
@options.form("json")
@options.settings(MeasureSettings)
@options.failures
@options.terminal("progress", "color")
def duplicates_command(
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
    _check_sheet(sheet, sources)
    warm_up(settings)

    from bnstat.verbs.duplicates import duplicates

    with terminal.measuring() as meter:
        found = duplicates(*sources, progress=meter.update, **options.given(settings))
    terminal.print_failures(found.failures)
    terminal.show_as(form, found)
    _save_sheet(found, sheet)
    if fail and found.sets:
        raise click.exceptions.Exit(DRIFT)
    return len(found.failures)


def _check_sheet(sheet: str | None, sources: Sequence[str]) -> None:
    """Raise OutputError if a contact sheet is no PNG, would be measured, or cannot be written."""
    if sheet is None:
        return
    if not sheet.lower().endswith(".png"):
        raise OutputError(f"a sheet is a picture: name FILE.png, not {sheet}")
    files.check_distinct([("--sheet", sheet)], [("SOURCE", name) for name in sources])
    place = Path(sheet).resolve()
    for name in sources:
        if Path(name).is_dir() and place.is_relative_to(Path(name).resolve()):
            raise OutputError(f"{sheet} would be an image of {name}; name another --sheet")
    files.check_writable(place)


def _save_sheet(found: Outliers | Duplicates, sheet: str | None) -> None:
    if sheet is not None:
        found.sheet().save(sheet)
        say(f"Saved to {sheet}.")
