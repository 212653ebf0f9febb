"""`bnstat merge`: results of disjoint images to one."""

from __future__ import annotations

import click

from bnstat.cli import options
from bnstat.cli.help import subcommand
from bnstat.cli.terminal import Terminal, say


@subcommand("merge", "Add results of disjoint shards, exactly.")
@click.argument("results", nargs=-1, required=True, metavar="STATS...")
@click.option("--partial", is_flag=True, help="Accept that shards are missing; the result says so.")
@options.failures
@options.output
@options.terminal("quiet", "verbose", "color")
def command(terminal: Terminal, results: tuple[str, ...], partial: bool, output: str) -> int:
    """Add STATS, results of bnstat compute --shard, to the result of the whole set.

    They come in any order, and groups may be merged first. Results of different sets are added too.
    Counts, sums, histogram and two-pass are those of one run to the last digit.
    """
    from bnstat.cli import outputs
    from bnstat.verbs.merge import merge

    outputs.check_output(output, [("STATS", result) for result in results])
    stats = merge(*results, partial=partial, remark=say)
    outputs.save(stats, output)
    terminal.print_remarks([stats])
    if not terminal.quiet:
        outputs.show_result(stats, output, terminal)
    return stats.source.failed
