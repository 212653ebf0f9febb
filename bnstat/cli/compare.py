"""`bnstat compare`: results side by side; the first is the baseline."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bnstat.cli import options
from bnstat.cli.app import DRIFT
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal, say
from bnstat.measure.warm_up import warm_up
from bnstat.settings import Settings
from bnstat.text import pluralize, printable

if TYPE_CHECKING:
    from bnstat import Comparison, Stats


@subcommand("compare", "Put results side by side; the first is the baseline.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@options.augment(
    "Add the first SOURCE under this pipeline, as in compute; none is the plain image. Repeatable.",
    multiple=True,
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
    terminal: Terminal,
    sources: tuple[str, ...],
    fail_over: float | None,
    significant: bool,
    form: str,
    output: str | None,
    **settings: Any,
) -> int:
    """Compare SOURCEs, and pipelines applied to the first of them, with the first.

    A SOURCE is a folder, a result document (.json), or named constants (imagenet, clip,
    inception, cifar10, mnist; a folder of such a name is ./imagenet). Without one, the baseline is
    bnstat.json; one alone is compared with bnstat.json. What is not given, such as the mode, comes
    from the baseline.
    """
    sources = options.all_sources(sources, settings)
    if settings["attribute"] and not settings["augment"]:
        raise click.UsageError("--attribute needs a pipeline; name one with --augment")
    if significant and fail_over is None:
        raise click.UsageError("--significant goes with --fail-over; give a tolerance")
    warm_up(settings)

    from bnstat.cli import outputs
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
    fresh = [row.result for row in found.rows if row.fresh and row.result]
    terminal.print_remarks(fresh)
    outputs.write_and_show(found, output, form, terminal)
    if fail_over is not None and _fails(found, fail_over, significant):
        raise click.exceptions.Exit(DRIFT)
    return max((stats.source.failed for stats in fresh), default=0)


def _fails(found: Comparison, tolerance: float, significant: bool) -> bool:
    """Say on stderr which figures exceed a tolerance, and of which that is not sure."""
    from bnstat import show as reports

    sys.stdout.flush()
    over = list(reports.excesses(found, tolerance, significant=significant))
    for line in (*over, *reports.unsure(found, tolerance)):
        say(line)
    return bool(over)


def described(stats: Stats, name: str, now: datetime | None = None) -> str:
    """Return, in words, what a result document is of and how old it is."""
    from bnstat.verbs.resolve import title_of

    where = title_of(stats)
    images = pluralize(stats.source.images, "image")
    return f"{name}, of {where} ({images}), measured {_age(stats, now or datetime.now(UTC))}"


def _age(stats: Stats, now: datetime) -> str:
    try:
        created = datetime.fromisoformat(stats.created)
        seconds = (now - created).total_seconds()
    except (ValueError, TypeError):  # of a document that something else has written
        return f"at {printable(stats.created)}"
    if seconds < 60:
        return "just now" if seconds > -60 else f"at {stats.created}, which is yet to come"
    units = ("day", 86400), ("hour", 3600), ("minute", 60)
    unit, length = next((u, n) for u, n in units if seconds >= n)
    return f"{pluralize(int(seconds // length), unit)} ago"
