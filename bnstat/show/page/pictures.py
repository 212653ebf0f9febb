"""Pictures of a page: light and dark, with a description and their numbers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from bnstat.pictures import DARK, LIGHT, Picture, render


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
