"""`bnstat sweep`: what BatchNorm would hold under many schedules."""

from __future__ import annotations

from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal
from bnstat.measure.warm_up import warm_up
from bnstat.settings import SweepSettings


@subcommand("sweep", "What BatchNorm would hold under many schedules.")
@click.argument("source", default="bnstat.json", metavar="[SOURCE]")
@options.dataset
@options.augment()
@options.settings(SweepSettings, "the result's")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the figures as JSON; - is standard output."
)
@options.failures
@options.terminal("verbose", "progress", "color")
def command(terminal: Terminal, source: str, output: str | None, **settings: Any) -> int:
    """Replay BatchNorm2d over the images of SOURCE, a folder or result (default: bnstat.json).

    From one scan: for each schedule, how far mean and std are from two-pass in the worst channel,
    and beside it the distance that is to be expected.
    """
    source = options.one_source(source, settings)
    warm_up(settings)

    from bnstat.cli import outputs
    from bnstat.verbs.sweep import sweep

    outputs.check_output(output, [("SOURCE", source)])
    with terminal.measuring() as meter:
        found = sweep(source, progress=meter.update, **options.given(settings))
    terminal.print_remarks([found.stats])
    outputs.write_and_show(found, output, "table", terminal)
    return found.stats.source.failed
