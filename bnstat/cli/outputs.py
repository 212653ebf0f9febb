"""The files that a command writes: checked before the work, what is replaced, and what is next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bnstat import files
from bnstat import show as reports
from bnstat.cli.terminal import Terminal, say
from bnstat.errors import BnstatError, OutputError
from bnstat.settings import Settings, settings_of
from bnstat.text import is_url, pluralize, printable
from bnstat.verbs.load import load
from bnstat.verbs.resolve import names_images, recorded, title_of

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


def described(stats: Stats, name: str, now: datetime | None = None) -> str:
    """Return, in words, what a result document is of and how old it is."""
    where = title_of(stats)
    images = pluralize(stats.source.images, "image")
    return f"{name}, of {where} ({images}), measured {_age(stats, now or datetime.now(UTC))}"


def _age(stats: Stats, now: datetime) -> str:
    try:
        created = datetime.fromisoformat(stats.created)
        seconds = (now - created).total_seconds()
    except (ValueError, TypeError):  # of a document that something else has written
        return f"at {printable(stats.created)}"
    if seconds < 60:
        return "just now" if seconds > -60 else f"at {stats.created}, which is yet to come"
    units = ("day", 86400), ("hour", 3600), ("minute", 60)
    unit, length = next((u, n) for u, n in units if seconds >= n)
    return f"{pluralize(int(seconds // length), unit)} ago"


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
    paths = [
        name if is_url(os.fsencode(name)) else os.path.join(source.cwd, name)
        for name in source.locations
    ]
    return paths, source.files_from, source.shards


def _settings_in_words(stats: Stats) -> list[str]:
    pipeline = " | ".join(stats.pipeline.transforms) or "none"
    known = settings_of(Settings)
    values = {name: known[name].text(value) for name, value in recorded(stats).items()}
    texts = {"pipeline": printable(pipeline)} | {n: printable(v) for n, v in values.items()}
    return [f"{name.replace('_', ' ')} {text}" for name, text in texts.items()]
