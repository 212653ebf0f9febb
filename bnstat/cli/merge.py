"""`bnstat merge`: results of disjoint images to one."""

from __future__ import annotations

import sys

import click

from bnstat.cli import options
from bnstat.cli.invocation import FAILURES


@click.command("merge", short_help="Add results of disjoint shards, exactly.")
@click.argument("results", nargs=-1, required=True, metavar="STATS...")
@click.option("--partial", is_flag=True, help="Accept that shards are missing; the result says so.")
@options.failures
@options.output
@options.quiet
@options.verbose
@options.color
@click.pass_context
def command(
    ctx: click.Context,
    /,
    results: tuple[str, ...],
    partial: bool,
    max_failures: int,
    output: str,
    quiet: bool,
    verbose: bool,
    color: bool | None,
) -> None:
    """Add STATS, results of bnstat compute --shard, to the result of the whole set.

    They come in any order, and groups may be merged first. Results of different sets are added too.
    Counts, sums, histogram and two-pass are those of one run to the last digit.
    """
    from bnstat.api.merging import merge
    from bnstat.cli import messages, outputs
    from bnstat.cli.result import show_result

    outputs.check_output(output, [("STATS", result) for result in results])
    stats = merge(*results, partial=partial, remark=lambda line: click.echo(line, err=True))
    outputs.save(stats, output)
    messages.print_remarks([stats], color)
    if not quiet and output != "-":
        show_result(stats, output, color, verbose=verbose)
    if len(stats.source.failures) > max_failures:
        sys.stdout.flush()
        ctx.exit(FAILURES)
