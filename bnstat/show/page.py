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
from bnstat.show.remarks import remarks
from bnstat.show.result_tables import cards
from bnstat.show.results import answer
from bnstat.text import printable


@dataclass(frozen=True)
class Figure:
    """A picture on a page: two addresses of data, words, and a table of numbers."""

    title: str
    description: str
    light: str
    dark: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def figure(picture: Picture) -> Figure:
    """Return a picture in both themes; the page has its title."""
    headings, rows = picture.table()
    light, dark = (
        "data:image/svg+xml;base64,"
        + b64encode(render(picture, "svg", theme, title=False)).decode()
        for theme in (LIGHT, DARK)
    )
    return Figure(picture.title, picture.description, light, dark, headings, rows)


MISSING = "a report needs the packages matplotlib and Jinja2: pip install matplotlib jinja2"
# More failures are counted, not named.
_MAX_FAILURES = 50


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

    Raises
    ------
    OutputError
        If a package is missing.
    """
    check_jinja()
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = _file("page.css")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    template = environment.from_string(_file("page.html"))
    return template.render(
        title=_title(sections[0].stats),
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:",
        version=sections[0].stats.bnstat,
        created=sections[0].stats.created,
        sections=[_context(section) for section in sections],
        comparison=list(comparison_report(comparison)) if comparison else [],
        compared=[figure(comparison.picture())] if comparison else [],
        is_table=lambda block: isinstance(block, Table),
        is_headline=lambda block: isinstance(block, Headline),
    )


@cache
def _file(name: str) -> str:
    return files("bnstat.show").joinpath(name).read_text(encoding="utf-8")


def _title(stats: Stats) -> str:
    return printable(" ".join(stats.source.locations)) or "bnstat"


def _context(section: Section) -> dict[str, Any]:
    """Return what the template shows of a section."""
    stats = section.stats
    figures = [figure(each) for each in section.pictures if not isinstance(each, str)]
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
        "failures": [(printable(f.image), printable(f.reason)) for f in _first(stats)],
        "more_failures": stats.source.failed - len(_first(stats)),
        "figures": figures,
        "missing": [each for each in section.pictures if isinstance(each, str)],
        "galleries": section.galleries,
    }


def _first(stats: Stats) -> Sequence[Any]:
    return stats.source.failures[:_MAX_FAILURES]


def _snippet(stats: Stats) -> str | None:
    """Return the constants ready to copy; None where nothing was measured, or a std is 0."""
    if not stats.channels:
        return None
    mean, std = (
        ", ".join(f"{v:.6f}" for v in values) for values in (stats.exact.mean, stats.exact.std)
    )
    return f"mean=[{mean}], std=[{std}]"


def _facts(stats: Stats) -> Iterator[tuple[str, str]]:
    """Yield what the figures were measured on, by name."""
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
