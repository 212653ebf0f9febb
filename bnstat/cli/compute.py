"""`bnstat compute`: measure, show the three ways, write the document."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from typing import Any

import click

from bnstat import files
from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal, say
from bnstat.measure.warm_up import warm_up
from bnstat.settings import Settings, check_until, shard_of
from bnstat.text import pluralize


def _check_records(name: str) -> None:
    if not files.is_record_file(name):
        raise ValueError(f"{name!r} is neither FILE.parquet nor FILE.csv")


@subcommand("compute", "Measure; show the three ways; write bnstat.json.")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@options.dataset
@options.sources
@options.augment(
    "Measure what this pipeline makes of the images: a preset (bnstat pipelines), with "
    "arguments if of one transform; a TOML file; inline text like 'Resize(256) | "
    "CenterCrop(224)'; or package.module:attribute, the only form that runs code of yours."
)
@options.settings(Settings)
@click.option(
    "--shard",
    type=options.checked(shard_of),
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
    type=options.checked(_check_records),
    help="Write a row for each image and draw: FILE.parquet or FILE.csv.",
)
@click.option(
    "--report", metavar="FILE", help="Write an HTML page with pictures, as bnstat report does."
)
@click.option(
    "--strict", is_flag=True, help="Exit with status 4, and write nothing, if there are warnings."
)
@options.failures
@options.output
@options.terminal("quiet", "verbose", "progress", "color")
def command(terminal: Terminal, sources: tuple[str, ...], output: str, **settings: Any) -> int:
    """Measure the images of SOURCEs: folders, files, tar and zip archives, URLs, patterns.

    Shows per-channel mean and std three ways (two-pass, welford, batchnorm) in [0, 1], and writes
    the result to bnstat.json for export.
    """
    sources = options.all_sources(sources, settings)
    _check_sources(sources, settings["files_from"])
    _check_combinations(settings)
    if output.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"--output is the result, as JSON; a page is --report {output}")
    warm_up(settings)

    from bnstat.cli import outputs
    from bnstat.errors import JournalError
    from bnstat.verbs.compute import compute

    inputs = [("--files-from", settings["files_from"]), *(("SOURCE", s) for s in sources)]
    others = [(f"--{name}", settings[name]) for name in ("journal", "records", "report")]
    outputs.check_output(output, inputs, others)
    started = time.perf_counter()
    lost = None
    try:
        with terminal.measuring() as meter:
            stats = compute(*sources, progress=meter.update, **options.given(settings))
    except JournalError as error:  # it could not be written to its end
        if error.stats is None:
            raise
        stats, lost = error.stats, error
    seconds = time.perf_counter() - started
    outputs.save(stats, output)
    terminal.print_remarks([stats])
    if not terminal.quiet:
        images = stats.source.images + stats.source.failed
        say(f"{pluralize(images, 'image')} in {seconds:.2f} s, {images / seconds:,.0f} images/s")
        outputs.show_result(stats, output, terminal)
    if lost is not None:
        raise lost
    return stats.source.failed


def _check_sources(sources: Sequence[str], files_from: str | None) -> None:
    """Refuse a command line that names no images, or names them in two ways."""
    for name in sources:
        if name.endswith(".json") and os.path.isfile(name):
            raise click.UsageError(
                f"{name} is a result or a list, not images; show a result with bnstat report "
                f"{shlex.quote(name)}, or name a list with --files-from"
            )
    if "-" in sources:
        raise click.UsageError("a list of images on standard input is --files-from -")
    if not sources and files_from is None:
        raise click.UsageError(
            "name a SOURCE, a folder or file to measure, or --files-from, or --dataset"
        )
    if sources and files_from is not None:
        raise click.UsageError("give SOURCEs or --files-from, not both")


def _check_combinations(settings: dict[str, Any]) -> None:
    """Refuse options that do not go with each other."""
    for name in ("records", "report"):
        if settings[name] is not None and settings["journal"] is not None:
            raise click.UsageError(f"--{name} needs what a --journal does not hold; use one")
    try:
        check_until(settings, "--")
    except ValueError as error:
        raise click.UsageError(str(error)) from None
