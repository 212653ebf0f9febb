"""Values that show themselves: in a session, in a notebook as HTML, and in rich's print.

How, is known to rooms above those that have the values; the package tells it here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Renderer(Protocol):
    """What makes text and HTML of a value, and what rich prints."""

    def text(self, value: Any) -> str:
        """Return a value as plain text."""

    def html(self, value: Any) -> str:
        """Return a value as HTML."""

    def renderable(self, value: Any) -> object:
        """Return a value as rich prints it."""


class Displayed:
    """A value that a session, a notebook and rich's print show as its report."""

    def __repr__(self) -> str:
        """Return its report as plain text."""
        return _renderer().text(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return _renderer().html(self)

    def __rich__(self) -> object:
        """Return what rich prints."""
        return _renderer().renderable(self)


_renderers: list[Callable[[], Renderer]] = []


def set_renderer(load: Callable[[], Renderer]) -> None:
    """Have values shown by what `load` returns when the first is."""
    _renderers[:] = [load]


def _renderer() -> Renderer:
    return _renderers[0]()
