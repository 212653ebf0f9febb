"""`bnstat sweep`: what BatchNorm would hold under many schedules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.run import FAILURES
from bnstat.cli.starting import warm_up


def _sizes(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    sizes = tuple(int(part) if part.strip().isdecimal() else 0 for part in value.split(","))
    if 0 in sizes:
        raise click.BadParameter(f"{value!r} is not a list like 8,32,128.")
    return sizes


def _momenta(
    context: click.Context, parameter: click.Parameter, value: str
) -> tuple[float | None, ...]:
    momenta = [options.one_momentum(part.strip()) for part in value.split(",")]
    return tuple(None if isinstance(m, str) else m for m in momenta)


def _orders(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    orders = tuple(part.strip() for part in value.split(","))
    if not set(orders) <= {"shuffled", "listed"}:
        raise click.BadParameter(f"{value!r} is not a list of shuffled and listed.")
    return orders


@click.command("sweep", short_help="What BatchNorm would hold under many schedules.")
@click.argument("source", default="bnstat.json", metavar="[SOURCE]")
@click.option("--augment", metavar="SPEC", help="Of the images under this pipeline, as in compute.")
@click.option(
    "--batch-size",
    "batch_sizes",
    callback=_sizes,
    default="8,32,128",
    show_default=True,
    metavar="N,...",
    help="Images in a batch.",
)
@click.option(
    "--momentum",
    "momenta",
    callback=_momenta,
    default="0.01,0.1,cumulative",
    show_default=True,
    metavar="M,...",
    help="Weight of a new batch; cumulative averages all.",
)
@click.option(
    "--order",
    "orders",
    callback=_orders,
    default="shuffled,listed",
    show_default=True,
    metavar="ORDER,...",
    help="In which the images are seen.",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="Seeds for each shuffled schedule.",
)
@options.measuring("the result's")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the figures as JSON; - is standard output."
)
@options.failures
@options.terminal
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source: str,
    augment: str | None,
    batch_sizes: tuple[int, ...],
    momenta: tuple[float | None, ...],
    orders: tuple[str, ...],
    repeats: int,
    output: str | None,
    max_failures: int,
    progress: bool | None,
    color: bool | None,
    **settings: Any,
) -> None:
    """Replay BatchNorm2d over the images of SOURCE, a folder or result (default: bnstat.json).

    From one scan: for each schedule, how far mean and std are from two-pass in the worst channel,
    and beside it what theory expects.
    """
    warm_up(settings["workers"], settings["engine"], pipeline=augment is not None)

    from bnstat import files, reports
    from bnstat.api import sweep
    from bnstat.cli import messages
    from bnstat.cli.progress import bar
    from bnstat.cli.terminal import show

    if output not in (None, "-"):
        files.check_writable(Path(output))
    with messages.failures_printed(), bar(progress) as update:
        found, stats = sweep(
            source,
            augment=augment,
            batch_sizes=batch_sizes,
            momenta=momenta,
            orders=orders,
            repeats=repeats,
            progress=update,
            **options.given(settings),
        )
    messages.print_remarks([stats])
    text = reports.json(found)
    if output == "-":
        click.echo(text, nl=False)
    else:
        show(reports.report(found), color)
    if output not in (None, "-"):
        files.write(Path(output), text.encode())
    if len(stats.source.failures) > max_failures:
        ctx.exit(FAILURES)
