"""`bnstat compute`: measure, show the three ways, write the document."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from bnstat.cli import options
from bnstat.cli.completion import complete_spec
from bnstat.cli.invocation import FAILURES
from bnstat.cli.warm_up import warm_up
from bnstat.settings import Settings


@click.command("compute", short_help="Measure; show the three ways; write bnstat.json.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@options.sources
@click.option(
    "--augment",
    shell_complete=complete_spec,
    metavar="SPEC",
    help="Measure what this pipeline makes of the images: a preset (bnstat pipelines), with "
    "arguments if of one transform; a TOML file; inline text like 'Resize(256) | "
    "CenterCrop(224)'; or package.module:attribute, the only form that runs code of yours.",
)
@options.settings(Settings)
@click.option(
    "--shard",
    callback=options.shard,
    metavar="I/N",
    help="Measure the I-th of N disjoint shards of the images; bnstat merge adds their results.",
)
@click.option(
    "--journal",
    metavar="FILE",
    help="Remember in FILE what was measured: started again, a run that was killed goes on where "
    "it was, and one of a changed folder measures what is new.",
)
@click.option(
    "--records",
    metavar="FILE",
    callback=options.record_file,
    help="Write a row for each image and draw: FILE.parquet or FILE.csv.",
)
@click.option(
    "--report",
    metavar="FILE",
    help="Write an HTML page with pictures, as bnstat report does.",
)
@options.failures
@options.output
@options.quiet
@options.verbose
@options.terminal
@click.pass_context
def command(
    ctx: click.Context,
    /,
    sources: tuple[str, ...],
    max_failures: int,
    output: str,
    quiet: bool,
    verbose: bool,
    progress: bool | None,
    color: bool | None,
    **settings: Any,
) -> None:
    """Measure the images of SOURCEs: folders, files, tar and zip archives, URLs, patterns.

    Shows per-channel mean and std three ways (two-pass, welford, batchnorm) in [0, 1], and writes
    the result to bnstat.json for export.
    """
    if "-" in sources:
        raise click.UsageError("a list of images on standard input is --files-from -", ctx)
    if not sources and settings["files_from"] is None:
        raise click.UsageError("name a SOURCE, a folder or file to measure, or --files-from", ctx)
    if sources and settings["files_from"] is not None:
        raise click.UsageError("give SOURCEs or --files-from, not both", ctx)
    _check_sample(settings, ctx)
    warm_up(settings["workers"], settings["engine"], pipeline=settings["augment"] is not None)
    from bnstat.api.computing import compute
    from bnstat.cli import messages, outputs
    from bnstat.cli.progress import bar
    from bnstat.cli.result import show_result
    from bnstat.errors import JournalError

    inputs = [("--files-from", settings["files_from"]), *(("SOURCE", s) for s in sources)]
    others = [(f"--{name}", settings[name]) for name in ("journal", "records", "report")]
    outputs.check_output(output, inputs, others)
    started = time.perf_counter()
    lost = None
    with messages.failures_printed(color), bar(progress) as update:
        try:
            stats = compute(*sources, progress=update, **options.given(settings))
        except JournalError as error:
            if error.stats is None:
                raise
            stats, lost = error.stats, error
    seconds = time.perf_counter() - started
    outputs.save(stats, output)
    messages.print_remarks([stats], color)
    if not quiet:
        messages.print_speed(stats, seconds)
        if output != "-":
            show_result(stats, output, color, verbose=verbose)
    if lost is not None:
        raise lost
    if len(stats.source.failures) > max_failures:
        sys.stdout.flush()
        ctx.exit(FAILURES)


def _check_sample(settings: dict[str, Any], ctx: click.Context) -> None:
    """Refuse options beside --until that would each decide what is measured."""
    for name in ("records", "report"):
        if settings[name] is not None and settings["journal"] is not None:
            raise click.UsageError(f"--{name} needs what a --journal does not hold; use one", ctx)
    if settings["until"] is None:
        return
    others = {
        "sample": "which sets the size itself",
        "shard": "as each shard would stop on its own",
        "journal": "which is read in the order of the keys",
    }
    for name, reason in others.items():
        if settings[name] is not None:
            way_out = "give one of them" if name == "sample" else "use --sample instead of --until"
            raise click.UsageError(f"--until does not go with --{name}, {reason}; {way_out}", ctx)
