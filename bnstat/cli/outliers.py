"""`bnstat outliers`: images that are unlike the rest."""

from __future__ import annotations

from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal
from bnstat.measure.warm_up import warm_up
from bnstat.settings import Settings


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
@options.sheet
@options.form("json", "keys")
@click.option("-0", "--null", is_flag=True, help="Print keys that end in NUL, for xargs -0.")
@options.augment()
@options.dataset
@options.settings(Settings, "the result's")
@options.terminal("verbose", "progress", "color")
def command(
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
    warm_up(settings)

    from bnstat.cli import outputs
    from bnstat.verbs.outliers import outliers

    outputs.check_sheet(sheet, sources)
    with terminal.measuring() as meter:
        found = outliers(*sources, progress=meter.update, **options.given(settings))
    if null or form == "keys":
        end = "\0" if null else "\n"
        click.echo("".join(outlier.image + end for outlier in found.found), nl=False)
    else:
        terminal.show_as(form, found)
    outputs.save_sheet(found, sheet)
