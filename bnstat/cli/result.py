"""A result on a terminal, how long it took, and what to type next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bnstat import show as reports
from bnstat.cli.terminal import Terminal, say
from bnstat.text import printable

if TYPE_CHECKING:
    from bnstat import Stats


def show_result(stats: Stats, output: str, terminal: Terminal) -> None:
    """Show a result on stdout, and what to type next; `output` is where it was written."""
    last = reports.Paragraph.of(_next(stats, output))
    terminal.show([*reports.report(stats, verbose=terminal.verbose), last])


def print_speed(stats: Stats, seconds: float) -> None:
    """Say on stderr how long it took."""
    images = stats.source.images + len(stats.source.failures)
    say(f"{reports.counted(images, 'image')} in {seconds:.2f} s, {images / seconds:,.0f} images/s")


def _next(stats: Stats, output: str) -> str:
    if not stats.channels:
        return f"Nothing was measured. Saved to {printable(output)}, for bnstat merge."
    document = "" if output == "bnstat.json" else f" {shlex.quote(printable(output))}"
    export = f"bnstat export{document} --format normalize"
    return f"Saved to {printable(output)}. Next: {export}"
