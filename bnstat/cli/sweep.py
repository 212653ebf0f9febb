"""`bnstat sweep`: what BatchNorm would hold under many schedules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.completion import complete_spec
from bnstat.cli.invocation import FAILURES
from bnstat.cli.warm_up import warm_up
from bnstat.settings import SweepSettings


@click.command("sweep", short_help="What BatchNorm would hold under many schedules.")
@click.argument("source", default="bnstat.json", metavar="[SOURCE]")
@click.option(
    "--augment",
    shell_complete=complete_spec,
    metavar="SPEC",
    help="Measure the images under this pipeline, as in compute.",
)
@options.settings(SweepSettings, "the result's")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the figures as JSON; - is standard output."
)
@options.failures
@options.verbose
@options.terminal
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source: str,
    augment: str | None,
    output: str | None,
    max_failures: int,
    verbose: bool,
    progress: bool | None,
    color: bool | None,
    **settings: Any,
) -> None:
    """Replay BatchNorm2d over the images of SOURCE, a folder or result (default: bnstat.json).

    From one scan: for each schedule, how far mean and std are from two-pass in the worst channel,
    and beside it the distance that is to be expected.
    """
    warm_up(settings["workers"], settings["engine"], pipeline=augment is not None)

    from bnstat import files, reports
    from bnstat.api.sweeping import sweep
    from bnstat.cli import messages, outputs
    from bnstat.cli.progress import bar
    from bnstat.cli.terminal import show

    outputs.check_output(output, [("SOURCE", source)])
    with messages.failures_printed(color), bar(progress) as update:
        found = sweep(
            source,
            augment=augment,
            progress=update,
            **options.given(settings),
        )
    messages.print_remarks([found.stats], color)
    text = reports.json(found)
    if output == "-":
        click.echo(text, nl=False)
    else:
        show(reports.report(found, verbose=verbose), color)
    if output not in (None, "-"):
        files.write(Path(output), text.encode())
    if len(found.stats.source.failures) > max_failures:
        ctx.exit(FAILURES)
