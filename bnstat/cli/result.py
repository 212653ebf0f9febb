"""A result on a terminal, and what to type next."""

from __future__ import annotations

import shlex

from bnstat import reports
from bnstat.cli.terminal import show
from bnstat.stats import Stats
from bnstat.text import printable


def show_result(stats: Stats, output: str, color: bool | None, *, verbose: bool = False) -> None:
    """Show a result on stdout, and what to type next; `output` is where it was written."""
    last = reports.Paragraph.of(_next(stats, output))
    show([*reports.report(stats, verbose=verbose), last], color)


def _next(stats: Stats, output: str) -> str:
    if not stats.channels:
        return f"Nothing was measured. Saved to {printable(output)}, for bnstat merge."
    document = "" if output == "bnstat.json" else f" {shlex.quote(printable(output))}"
    export = f"bnstat export{document} --format normalize"
    return f"Saved to {printable(output)}. Next: {export}"
