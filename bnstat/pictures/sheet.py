"""A contact sheet: small copies of images with their names, as PNG and as HTML."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.pictures.picture import LIGHT, style
from bnstat.text import printable

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

# Pixels of the longer side of a small copy.
SIDE = 160
# Of a sheet, in pixels: a tile with its two lines of text, what is around it, and a line.
_TILE = (SIDE + 16, SIDE + 40)
_MARGIN, _LINE = 16, 16
_COLUMNS, _DPI = 6, 100
# The gray of frames, in which white images are seen.
_FRAME = 208
# Characters of a name that fit below a tile.
_NAME = 27


@dataclass(frozen=True)
class Tile:
    """An image: its name, a few words on it, and a small copy as JPEG, None if it has none."""

    name: str
    note: str
    copy: bytes | None


@dataclass(frozen=True)
class Sheet:
    """Small copies of images, below headings; the empty heading is none."""

    title: str
    parts: Sequence[tuple[str, Sequence[Tile]]]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as PNG.

        Raises
        ------
        OutputError
            If it cannot be written, or matplotlib is missing.
        """
        files.write(Path(path), self.png())

    def png(self) -> bytes:
        """Return it as PNG; the same bytes for the same copies."""
        with style(LIGHT):
            from matplotlib.figure import Figure

            rows, copies = list(self._rows()), self._pixels()
            width = _COLUMNS * _TILE[0] + 2 * _MARGIN
            top = sum(map(_height, rows)) + _MARGIN
            figure = Figure(figsize=(width / _DPI, (top + _MARGIN) / _DPI), dpi=_DPI)
            for row in rows:
                _draw(figure, row, copies, top)
                top -= _height(row)
            file = BytesIO()
            figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
        return file.getvalue()

    def _rows(self) -> Iterator[str | Sequence[Tile]]:
        """Yield headings, and as many tiles as stand beside each other."""
        yield self.title
        for heading, tiles in self.parts:
            if heading:
                yield heading
            yield from (tiles[i : i + _COLUMNS] for i in range(0, len(tiles), _COLUMNS))

    def _pixels(self) -> Mapping[Tile, NDArray[np.uint8]]:
        """Return the pixels of copies in a thin frame, as large as all fit in the same scale."""
        from matplotlib.image import imread
        from numpy import pad

        tiles = [tile for _, own in self.parts for tile in own]
        copies = {t: imread(BytesIO(t.copy), format="jpg") for t in tiles if t.copy is not None}
        largest = max((max(pixels.shape[:2]) for pixels in copies.values()), default=SIDE)
        times = max(1, SIDE // largest)
        frame = (1, 1), (1, 1), (0, 0)
        return {
            tile: pad(p.repeat(times, axis=0).repeat(times, axis=1), frame, constant_values=_FRAME)
            for tile, p in copies.items()
        }

    def html(self, most: int) -> str:
        """Return it as a part of a page, which holds the copies of so many images at most."""
        shown, left = [_heading(self.title)], most
        for heading, tiles in self.parts:
            if left > 0:
                shown.append(_heading(heading) + _tiles(tiles[:left]))
            left -= len(tiles)
        if left < 0:
            shown.append(_heading(f"{-left:,} more"))
        return f"<div>{''.join(shown)}</div>"


def _height(row: str | Sequence[Tile]) -> int:
    return 2 * _LINE if isinstance(row, str) else _TILE[1]


def _draw(
    figure: Figure, row: str | Sequence[Tile], copies: Mapping[Tile, NDArray[np.uint8]], top: int
) -> None:
    """Draw a heading, or tiles beside each other, below a line of pixels."""
    if isinstance(row, str):
        _write(figure, printable(row), _MARGIN, top - _LINE, weight="bold")
        return
    for column, tile in enumerate(row):
        left = _MARGIN + column * _TILE[0]
        if tile in copies:
            figure.figimage(copies[tile], left, top - SIDE)
        else:
            _write(figure, "no picture", left, top - SIDE // 2, color=LIGHT.muted)
        name, note = (printable(text) for text in (tile.name, tile.note))
        _write(figure, _end(name), left, top - SIDE - _LINE)
        _write(figure, note[:_NAME], left, top - SIDE - 2 * _LINE, color=LIGHT.muted)


def _write(figure: Figure, text: str, left: int, bottom: int, **how: str) -> None:
    width, height = figure.bbox.size
    figure.text(left / width, bottom / height, text, fontsize=7.5, **how)  # type: ignore[arg-type]


def _end(name: str) -> str:
    """Return the end of a name that is too long: many begin alike."""
    return name if len(name) <= _NAME else "…" + name[1 - _NAME :]


def _heading(text: str) -> str:
    return f"<p><b>{escape(printable(text))}</b></p>" if text else ""


def _tiles(tiles: Sequence[Tile]) -> str:
    shown = "".join(map(_tile, tiles))
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{shown}</div>'


def _tile(tile: Tile) -> str:
    name, note = (escape(printable(text)) for text in (tile.name, tile.note))
    image = "" if tile.copy is None else f'<img src="{address(tile.copy)}" alt="">'
    return (
        f'<figure style="margin:0;width:{SIDE}px;overflow-wrap:anywhere">{image}'
        f"<figcaption>{name}<br><small>{note}</small></figcaption></figure>"
    )


def address(copy: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(copy).decode()
