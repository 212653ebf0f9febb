"""`bnstat export`: a result in the form that a framework reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bnstat.cli import options
from bnstat.errors import ExportError
from bnstat.export import TARGETS, Target
from bnstat.stats import Stats
from bnstat.text import printable


@click.command("export", short_help="Write what a framework reads.")
@click.argument("document", default="bnstat.json", metavar="[STATS]")
@click.option(
    "--format",
    "name",
    type=click.Choice(list(TARGETS)),
    default="normalize",
    show_default=True,
    help="; ".join(f"{target.name}: {target.writes}" for target in TARGETS.values()) + ".",
)
@click.option(
    "--method",
    type=click.Choice(["two-pass", "welford", "batchnorm"]),
    default="two-pass",
    show_default=True,
    help="Whose figures.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write; - is standard output.  [default: bnstat.pt if binary, else -]",
)
@click.option(
    "--affine/--no-affine", default=None, help="state_dict: with weight and bias, or without."
)
@click.option("--prefix", metavar="NAME.", help="state_dict: put before each name.")
@click.option(
    "--absorb-eps",
    type=options.Amount(),
    metavar="EPS",
    help="state_dict: store var - EPS, so that a layer with this eps (torch's default is 1e-5) "
    "equals Normalize.",
)
@click.pass_context
def command(
    ctx: click.Context, /, document: str, name: str, method: str, output: str | None, **given: Any
) -> None:
    """Write the result STATS (default: bnstat.json; - is standard input) for a framework."""
    target = TARGETS[name]
    chosen = _applicable(ctx, target, given)
    output = output or target.file or "-"
    if target.binary and output == "-" and sys.stdout.isatty():
        raise ExportError(f"{name} is binary and not for a terminal; name a file with -o")
    data = target.render(Stats.load(document), method, **chosen)
    _write(data, output)
    if target.check is not None:
        written = data if output == "-" else Path(output).read_bytes()
        _say(f"checked: {target.check(written)}")


def _applicable(ctx: click.Context, target: Target, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given; refuse what the target does not take."""
    chosen = {option: value for option, value in given.items() if value is not None}
    for option in chosen.keys() - target.options:
        takers = [other.name for other in TARGETS.values() if option in other.options]
        flag = next(p for p in ctx.command.params if p.name == option).opts[0]
        raise click.UsageError(f"{flag} is for {', '.join(takers)}, not for {target.name}", ctx)
    return chosen


def _write(data: bytes, output: str) -> None:
    from bnstat import files

    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        files.write(Path(output), data)
        _say(f"written: {printable(output)}")


def _say(text: str) -> None:
    click.echo(text, err=True)
