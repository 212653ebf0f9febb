"""A result on a terminal, and what to type next."""

from __future__ import annotations

import shlex

from bnstat import reports
from bnstat.stats import Stats
from bnstat.text import printable


def show_result(stats: Stats, output: str, color: bool | None) -> None:
    """Show a result on stdout, and what to type next; `output` is where it was written."""
    from bnstat.cli.terminal import show

    show([*reports.report(stats), reports.Paragraph.of(_next(stats, output))], color)


def _next(stats: Stats, output: str) -> str:
    if not stats.channels:
        return f"Nothing was measured. Written to {printable(output)}, for bnstat merge."
    document = "" if output == "bnstat.json" else f" {shlex.quote(printable(output))}"
    export = f"bnstat export{document} --format normalize"
    return f"Written to {printable(output)}. Next: {export}"
