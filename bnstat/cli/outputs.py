"""The files that a command writes: checked before the work, what is replaced, and what is next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnstat import files
from bnstat.cli.terminal import Terminal, say
from bnstat.errors import BnstatError, OutputError
from bnstat.settings import Settings, settings_of
from bnstat.show.blocks import Paragraph
from bnstat.show.results import result_report
from bnstat.text import is_url, printable
from bnstat.verbs.load import load
from bnstat.verbs.resolve import names_images, recorded

if TYPE_CHECKING:
    from bnstat import Duplicates, Outliers, Stats
    from bnstat.show import Reportable


def check_output(
    output: str | None,
    inputs: Sequence[tuple[str, str | None]],
    others: Sequence[tuple[str, str | None]] = (),
) -> None:
    """Find out before the work that an output cannot be written, or would destroy another file.

    `inputs` and `others`, which are outputs too, are files by what messages call them.

    Raises OutputError if it is an input or another output, an image, or cannot be written.
    """
    files.check_distinct([*others, ("--output", output)], inputs)
    if output is None or output == "-":
        return
    path = Path(output)
    # A pattern behind -o may have become the name of an image.
    if path.is_file() and path.suffix != ".json" and names_images(path.name):
        raise OutputError(f"{output} is an image or an archive; name another --output")
    files.check_writable(path)


def save(stats: Stats, output: str) -> None:
    """Write a result; say on stderr if it replaces that of other images, or of other settings."""
    old = None
    with suppress(BnstatError):
        old = load(output) if output != "-" and Path(output).is_file() else None
    stats.save(output)
    if old is not None and (line := replaced(old, stats)) is not None:
        click.echo(f"replaced {output}, {line}", err=True)


def write_and_show(found: Reportable, output: str | None, form: str, terminal: Terminal) -> None:
    """Print what was found, as JSON if that is asked for; write it as JSON, if a file is named."""
    terminal.show_as("json" if output == "-" else form, found)
    if output not in (None, "-"):
        from bnstat.show.formats import json

        files.write(Path(output), json(found).encode())


def show_result(stats: Stats, output: str, terminal: Terminal) -> None:
    """Show a result on stdout, and what to type next, unless `output`, where it went, is stdout."""
    if output == "-":
        return
    last = []
    document = "" if output == "bnstat.json" else f" {shlex.quote(printable(output))}"
    if number := stats.known_outliers:
        are = "image is" if number == 1 else "images are"
        last.append(f"{number:,} {are} unlike the rest: bnstat outliers{document}")
    if stats.channels:
        export = f"bnstat export{document} --format normalize"
        last.append(f"Saved to {printable(output)}. Next: {export}")
    else:
        last.append(f"Nothing was measured. Saved to {printable(output)}, for bnstat merge.")
    whole = result_report(stats, verbose=terminal.verbose)
    terminal.show([*whole, Paragraph.of(*last)])


def replaced(old: Stats, new: Stats) -> str | None:
    """Return, in words, what was in a document that is replaced; None if it was the same thing."""
    if _places(old) != _places(new):
        where = printable(" ".join(old.source.locations)) or "unknown"
        shard = f", shard {old.source.shards}" if old.source.shards else ""
        return f"a result of other images: {where}{shard}"
    settings = _settings_in_words(old)
    other = [text for text in settings if text not in _settings_in_words(new)]
    return f"a result of other settings: {', '.join(other)}" if other else None


def _places(stats: Stats) -> tuple[object, ...]:
    """Return where the images of a result are, whatever the current folder."""
    source = stats.source
    paths = [n if is_url(os.fsencode(n)) else os.path.join(source.cwd, n) for n in source.locations]
    return paths, source.files_from, source.shards


def _settings_in_words(stats: Stats) -> list[str]:
    known = settings_of(Settings)
    values = {name: known[name].text(value) for name, value in recorded(stats).items()}
    texts = {"pipeline": " | ".join(stats.pipeline.transforms) or "none"} | values
    return [f"{name.replace('_', ' ')} {printable(text)}" for name, text in texts.items()]


def check_sheet(sheet: str | None, sources: Sequence[str]) -> None:
    """Raise OutputError if a contact sheet is no PNG, would be measured, or cannot be written."""
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
        say(f"Saved to {sheet}.")
