"""The files that a command writes: checked before the work, what they replace, and what is next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnstat import files
from bnstat import show as reports
from bnstat.cli.documents import replaced
from bnstat.cli.terminal import Terminal, say
from bnstat.errors import BnstatError, OutputError
from bnstat.text import pluralize, printable
from bnstat.verbs.load import load
from bnstat.verbs.resolve import names_images

if TYPE_CHECKING:
    from bnstat import Duplicates, Outliers, Stats


def check_output(
    output: str | None,
    inputs: Sequence[tuple[str, str | None]],
    others: Sequence[tuple[str, str | None]] = (),
) -> None:
    """Find out before the work that an output cannot be written, or would destroy another file.

    `inputs` and `others`, which are outputs too, are files by what messages call them.

    Raises
    ------
    OutputError
        If it is an input or another output, an image, or cannot be written.
    """
    files.check_distinct([*others, ("--output", output)], inputs)
    if output is None or output == "-":
        return
    path = Path(output)
    if path.is_file() and _holds_images(path):
        raise OutputError(f"{output} is an image or an archive; name another --output")
    files.check_writable(path)


def check_sheet(sheet: str | None, sources: Sequence[str]) -> None:
    """Find out before the work that a contact sheet cannot be written, or would be measured.

    Raises
    ------
    OutputError
        If it is no PNG, is or would be among the images, or cannot be written.
    """
    if sheet is None:
        return
    if not sheet.lower().endswith(".png"):
        raise OutputError(f"a sheet is a picture: name FILE.png, not {sheet}")
    files.check_distinct([("--sheet", sheet)], [("SOURCE", name) for name in sources])
    place = Path(sheet).resolve()
    for name in sources:
        if Path(name).is_dir() and place.is_relative_to(Path(name).resolve()):
            raise OutputError(f"{sheet} would be an image of {name}; name another --sheet")
    files.check_writable(place)


def save_sheet(found: Outliers | Duplicates, sheet: str | None) -> None:
    """Write a contact sheet of what was found, if one is asked for; say so on stderr."""
    if sheet is not None:
        found.sheet().save(sheet)
        say(f"Saved to {printable(sheet)}.")


def _holds_images(path: Path) -> bool:
    """Whether a file has a name that images have: a pattern behind -o may have become one."""
    return path.suffix != ".json" and names_images(path.name)


def save(stats: Stats, output: str) -> None:
    """Write a result; say on stderr if it replaces that of other images, or of other settings."""
    old = _old_result(output)
    stats.save(output)
    if old is not None and (line := replaced(old, stats)) is not None:
        click.echo(f"replaced {output}, {line}", err=True)


def _old_result(output: str) -> Stats | None:
    try:
        return load(output) if output != "-" and Path(output).is_file() else None
    except BnstatError:
        return None


def show_result(stats: Stats, output: str, terminal: Terminal) -> None:
    """Show a result on stdout, and what to type next; `output` is where it was written."""
    last = reports.Paragraph.of(*_worth_a_look(stats, output), _next(stats, output))
    terminal.show([*reports.report(stats, verbose=terminal.verbose), last])


def print_speed(stats: Stats, seconds: float) -> None:
    """Say on stderr how long it took."""
    images = stats.source.images + stats.source.failed
    say(f"{pluralize(images, 'image')} in {seconds:.2f} s, {images / seconds:,.0f} images/s")


def _worth_a_look(stats: Stats, output: str) -> Iterator[str]:
    """Yield what the scan has shown of single images, and the command that shows them."""
    if number := stats.known_outliers:
        are = "image is" if number == 1 else "images are"
        yield f"{number:,} {are} unlike the rest: bnstat outliers{_document(output)}"


def _document(output: str) -> str:
    return "" if output == "bnstat.json" else f" {shlex.quote(printable(output))}"


def _next(stats: Stats, output: str) -> str:
    if not stats.channels:
        return f"Nothing was measured. Saved to {printable(output)}, for bnstat merge."
    export = f"bnstat export{_document(output)} --format normalize"
    return f"Saved to {printable(output)}. Next: {export}"
