"""`bnstat compare`: results side by side; the first is the baseline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnstat.cli import options
from bnstat.cli.completion import complete_spec
from bnstat.cli.invocation import DRIFT, FAILURES
from bnstat.cli.warm_up import warm_up
from bnstat.settings import Settings

if TYPE_CHECKING:
    from bnstat.comparison import Comparison


@click.command("compare", short_help="Put results side by side; the first is the baseline.")
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
    help="Add constants: a config that export writes (JSON, YAML, TOML), named constants, or "
    "MEAN/STD like 0.485,0.456,0.406/0.229,0.224,0.225. Repeatable.",
)
@click.option("--groups", is_flag=True, help="Add a row for each group of the first SOURCE (--by).")
@click.option(
    "--fail-over",
    type=options.AMOUNT,
    metavar="TOL",
    help="Exit with status 1 if a mean or std differs by more, in [0, 1].",
)
@click.option(
    "--significant",
    is_flag=True,
    help="With --fail-over, count only differences that are more than their margins.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="What goes to standard output.",
)
@click.option(
    "-o", "--output", metavar="FILE", help="Write the comparison as JSON; - is standard output."
)
@options.settings(Settings, "the baseline's")
@options.failures
@options.verbose
@options.terminal
@click.pass_context
def command(
    ctx: click.Context,
    /,
    sources: tuple[str, ...],
    augment: tuple[str, ...],
    attribute: bool,
    to: tuple[str, ...],
    groups: bool,
    fail_over: float | None,
    significant: bool,
    form: str,
    output: str | None,
    max_failures: int,
    verbose: bool,
    progress: bool | None,
    color: bool | None,
    **settings: Any,
) -> None:
    """Compare SOURCEs, and pipelines applied to the first of them, with the first.

    A SOURCE is a folder, a result document (.json), or named constants (imagenet, clip,
    inception, cifar10, mnist; a folder of such a name is ./imagenet). Without one, the baseline is
    bnstat.json; one alone is compared with bnstat.json. What is not given, such as the mode, comes
    from the baseline.
    """
    if attribute and not augment:
        raise click.UsageError("--attribute needs a pipeline; name one with --augment", ctx)
    if significant and fail_over is None:
        raise click.UsageError("--significant goes with --fail-over; give a tolerance", ctx)
    warm_up(settings["workers"], settings["engine"], pipeline=bool(augment))

    from bnstat import files, reports
    from bnstat.api.comparing import compare, lacks_baseline
    from bnstat.api.documents import DOCUMENT, described
    from bnstat.cli import messages, outputs
    from bnstat.cli.progress import bar

    against_default = lacks_baseline(len(sources), len(augment), len(to), groups)
    inputs = [("the baseline", DOCUMENT)] if against_default else []
    inputs += [("SOURCE", name) for name in sources] + [("--to", name) for name in to]
    outputs.check_output(output, inputs)
    with messages.failures_printed(color), bar(progress) as update:
        found = compare(
            *sources,
            augment=augment,
            attribute=attribute,
            to=to,
            groups=groups,
            progress=update,
            **options.given(settings),
        )
    fresh = [row.result for row in found.rows if row.fresh and row.result]
    if against_default and found.rows[0].result is not None:
        click.echo(f"baseline: {described(found.rows[0].result, DOCUMENT)}", err=True)
    messages.print_remarks(fresh, color)
    if output is not None and output != "-":
        files.write(Path(output), reports.json(found).encode())
    _show(found, "json" if output == "-" else form, color, verbose=verbose)
    if fail_over is not None and _fails(found, fail_over, significant):
        ctx.exit(DRIFT)
    if any(len(stats.source.failures) > max_failures for stats in fresh):
        ctx.exit(FAILURES)


def _fails(found: Comparison, tolerance: float, significant: bool) -> bool:
    """Say on stderr which figures exceed a tolerance, and of which that is not sure."""
    from bnstat import reports

    sys.stdout.flush()
    over = list(reports.excesses(found, tolerance, significant=significant))
    for line in (*over, *reports.unsure(found, tolerance)):
        click.echo(line, err=True)
    return bool(over)


def _show(found: Comparison, form: str, color: bool | None, *, verbose: bool) -> None:
    """Print a comparison on stdout."""
    from bnstat import reports

    if form != "table":
        click.echo(reports.FORMATS[form](found), nl=False)
        return
    from bnstat.cli.terminal import show

    show(reports.report(found, verbose=verbose), color)
