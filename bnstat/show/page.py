"""What stands on the page of a report, and its pictures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from bnstat.errors import OutputError
from bnstat.pictures import DARK, LIGHT, Picture, render
from bnstat.result import Stats
from bnstat.show.blocks import Headline, Table
from bnstat.show.comparison import Comparison
from bnstat.show.comparison_report import comparison_report
from bnstat.show.input_remarks import remarks
from bnstat.show.result_tables import cards
from bnstat.show.results import answer
from bnstat.text import printable

MISSING = "a report needs the packages matplotlib and Jinja2: pip install matplotlib jinja2"
# More failures are counted, not named.
_MAX_FAILURES = 50


def _figure(picture: Picture) -> dict[str, Any]:
    """Return a picture in both themes, as addresses of data, with its words and its numbers."""
    headings, rows = picture.table()
    light, dark = (
        "data:image/svg+xml;base64,"
        + b64encode(render(picture, "svg", theme, title=False)).decode()
        for theme in (LIGHT, DARK)
    )
    said = {"title": picture.title, "description": picture.description}
    return said | {"light": light, "dark": dark, "headings": headings, "rows": rows}


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of an image: an address of data; its name; a note on it."""

    source: str
    name: str
    note: str


@dataclass(frozen=True)
class Section:
    """A result on a page: its name, its pictures (or why there is none), thumbnails by heading."""

    name: str
    stats: Stats
    pictures: Sequence[Picture | str]
    galleries: Mapping[str, Sequence[Thumbnail]] = field(default_factory=dict)


def check_jinja() -> None:
    """Raise OutputError if a package that pages need is missing."""
    from importlib.util import find_spec

    if not (find_spec("jinja2") and find_spec("matplotlib")):
        raise OutputError(MISSING)


def page(sections: Sequence[Section], comparison: Comparison | None = None) -> str:
    """Return the page of one or several results; the same text for the same results.

    Raises OutputError if a package is missing.
    """
    check_jinja()
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    stats, style = sections[0].stats, _file("page.css")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    template = environment.from_string(_file("page.html"))
    return template.render(
        title=printable(" ".join(stats.source.locations)) or "bnstat",
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:",
        version=stats.bnstat,
        created=stats.created,
        sections=[_context(section) for section in sections],
        comparison=list(comparison_report(comparison)) if comparison else [],
        compared=[_figure(comparison.picture())] if comparison else [],
        is_table=lambda block: isinstance(block, Table),
        is_headline=lambda block: isinstance(block, Headline),
    )


@cache
def _file(name: str) -> str:
    return files("bnstat.show").joinpath(name).read_text(encoding="utf-8")


def _context(section: Section) -> dict[str, Any]:
    stats = section.stats
    failures, pictures = stats.source.failures[:_MAX_FAILURES], section.pictures
    headline, *blocks = answer(stats)
    assert isinstance(headline, Headline)
    return {
        "name": printable(section.name),
        "snippet": _snippet(stats),
        "cards": list(cards(stats.summary)) if stats.summary else [],
        "headline": headline.line.text,
        "blocks": blocks,
        "facts": list(_facts(stats)),
        "remarks": [printable(line) for line in remarks(stats)],
        "failures": [(printable(f.image), printable(f.reason)) for f in failures],
        "more_failures": stats.source.failed - len(failures),
        "figures": [_figure(each) for each in pictures if not isinstance(each, str)],
        "missing": [each for each in pictures if isinstance(each, str)],
        "galleries": section.galleries,
    }


def _snippet(stats: Stats) -> str | None:
    """Return the constants ready to copy; None where nothing was measured, or a std is 0."""
    if not stats.channels:
        return None
    mean, std = (
        ", ".join(f"{v:.6f}" for v in values) for values in (stats.exact.mean, stats.exact.std)
    )
    return f"mean=[{mean}], std=[{std}]"


def _facts(stats: Stats) -> Iterator[tuple[str, str]]:
    source, sample, selection = stats.source, stats.sample, stats.selection
    yield "Images", f"{source.images:,} measured, {source.failed:,} failed"
    if sample is not None:
        yield "Sample", f"{sample.images:,} of {sample.of:,} ({sample.asked}), seed {sample.seed}"
    if source.skipped or source.duplicates:
        yield "Left out", f"{source.skipped:,} other files, {source.duplicates:,} duplicate names"
    yield "Values", f"{stats.mode}, divided by {stats.scale:,}"
    pipeline = " | ".join(stats.pipeline.transforms) or "none: images as they are"
    yield "Pipeline", printable(pipeline)
    if stats.pipeline.transforms:
        yield "Draws", f"{stats.pipeline.epochs:,} of each image, seed {stats.pipeline.seed}"
    yield "Pixels", printable(selection.words) or "all"
    yield "Fingerprint", source.fingerprint[:16]
