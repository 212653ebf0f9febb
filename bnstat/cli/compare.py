"""`bnstat compare`: results side by side; the first is the baseline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnstat.cli import options
from bnstat.cli.app import DRIFT
from bnstat.cli.help import subcommand
from bnstat.cli.options import complete_spec
from bnstat.cli.terminal import Terminal, say
from bnstat.measure.warm_up import warm_up
from bnstat.settings import Settings

if TYPE_CHECKING:
    from bnstat.show.comparison import Comparison


@subcommand("compare", "Put results side by side; the first is the baseline.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--augment",
    shell_complete=complete_spec,
    multiple=True,
    metavar="SPEC",
    help="Add the first SOURCE under this pipeline, as in compute; none is the plain image. "
    "Repeatable.",
)
@click.option("--attribute", is_flag=True, help="Add a row after each transform of the pipelines.")
@click.option(
    "--to",
    multiple=True,
    metavar="CONSTANTS",
    help="Add constants: a config that export writes, names, or MEAN/STD like "
    "0.5,0.5,0.5/0.2,0.2,0.2. Repeatable.",
)
@click.option("--groups", is_flag=True, help="Add a row for each group of the first SOURCE (--by).")
@click.option(
    "--fail-over",
    type=options.AMOUNT,
    metavar="TOL",
    help="Exit with status 1 if a mean or std differs by more.",
)
@click.option(
    "--significant",
    is_flag=True,
    help="With --fail-over, count only differences that are more than their margins.",
)
@options.form("json", "csv", "markdown")
@click.option("-o", "--output", metavar="FILE", help="Write the comparison as JSON; - is stdout.")
@options.dataset
@options.settings(Settings, "the baseline's")
@options.failures
@options.terminal("quiet", "verbose", "progress", "color")
def command(
    sources: tuple[str, ...],
    fail_over: float | None,
    significant: bool,
    form: str,
    output: str | None,
    terminal: Terminal,
    **settings: Any,
) -> int:
    """Compare SOURCEs, and pipelines applied to the first of them, with the first.

    A SOURCE is a folder, a result document (.json), or named constants (imagenet, clip,
    inception, cifar10, mnist; a folder of such a name is ./imagenet). Without one, the baseline is
    bnstat.json; one alone is compared with bnstat.json. What is not given, such as the mode, comes
    from the baseline.
    """
    _check_combinations(settings, fail_over, significant)
    warm_up(settings)

    from bnstat import files
    from bnstat import show as reports

    found = _compared(sources, output, terminal, settings)
    fresh = [row.result for row in found.rows if row.fresh and row.result]
    terminal.print_remarks(fresh)
    if output is not None and output != "-":
        files.write(Path(output), reports.json(found).encode())
    if not terminal.quiet or form != "table" or output == "-":
        terminal.show_as("json" if output == "-" else form, found)
    if fail_over is not None and _fails(found, fail_over, significant):
        raise click.exceptions.Exit(DRIFT)
    return max((stats.source.failed for stats in fresh), default=0)


def _check_combinations(
    settings: dict[str, Any], fail_over: float | None, significant: bool
) -> None:
    """Refuse options that need another."""
    if settings["attribute"] and not settings["augment"]:
        raise click.UsageError("--attribute needs a pipeline; name one with --augment")
    if significant and fail_over is None:
        raise click.UsageError("--significant goes with --fail-over; give a tolerance")


def _compared(
    sources: tuple[str, ...], output: str | None, terminal: Terminal, settings: dict[str, Any]
) -> Comparison:
    """Compare, and say on stderr what the baseline is if none was named."""
    from bnstat.cli import outputs
    from bnstat.cli.outputs import described
    from bnstat.verbs.compare import compare, lacks_baseline
    from bnstat.verbs.resolve import DOCUMENT

    pipelines, constants = len(settings["augment"]), len(settings["to"])
    against_default = lacks_baseline(len(sources), pipelines, constants, settings["groups"])
    inputs = [("the baseline", DOCUMENT)] if against_default else []
    inputs += [("SOURCE", name) for name in sources] + [("--to", name) for name in settings["to"]]
    outputs.check_output(output, inputs)
    with terminal.measuring() as meter:
        found = compare(*sources, progress=meter.update, **options.given(settings))
    if against_default and found.rows[0].result is not None:
        say(f"baseline: {described(found.rows[0].result, DOCUMENT)}")
    return found


def _fails(found: Comparison, tolerance: float, significant: bool) -> bool:
    """Say on stderr which figures exceed a tolerance, and of which that is not sure."""
    from bnstat import show as reports

    sys.stdout.flush()
    over = list(reports.excesses(found, tolerance, significant=significant))
    for line in (*over, *reports.unsure(found, tolerance)):
        say(line)
    return bool(over)
