"""The tables of a result: what is in the folder, all methods, common recipes, percentiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from bnstat.result import EXACT, Estimate, Stats
from bnstat.result.summary import Counts, Summary, Value
from bnstat.show.blocks import Block, Column, Paragraph, Row, Table, signed
from bnstat.text import pluralize, printable

# Formats and modes that are named on a line, and values in a row of the table.
_NAMED = 3
_NAMES = {
    "formats": "format",
    "modes": "mode",
    "depths": "bits a sample",
    "sizes": "size",
    "aspect_ratios": "aspect ratio",
    "bytes": "file size",
}
_CONVENTIONS = {
    "mean_of_image_stds": "mean of the images' stds",
    "root_mean_image_variance": "root of the mean image variance",
    "mean_of_image_means": "mean of the images' means",
}


class Card(NamedTuple):
    """A figure of a folder: its name, what is said first of it, and more."""

    name: str
    value: str
    note: str


def summary_line(summary: Summary) -> str:
    """Return what is in a folder: how many images of which format, mode, depth and size.

    >>> summary_line(Summary.of({(28, 28, "L", 8, "PNG"): 70000}, [300]))
    '70,000 PNG, L, 28 × 28'
    """
    parts = [_formats(summary), _names(summary.modes, "modes")]
    if set(summary.depths) != {"8"}:
        parts.append(f"{_names(summary.depths, 'depths')} bits")
    return ", ".join([*parts, _range(summary.sizes, size_text)])


def _formats(summary: Summary) -> str:
    """Return how many images have which format, where that is known of all and they are few."""
    formats = summary.formats
    if sum(formats.values()) < summary.images or len(formats) > _NAMED:
        kinds = f" of {len(formats)} formats" if len(formats) > _NAMED else ""
        return pluralize(summary.images, "image") + kinds
    return _listed([f"{number:,} {printable(name)}" for name, number in _by_number(formats)])


def _names(images: Mapping[str, int], noun: str) -> str:
    if len(images) > _NAMED:
        return f"{len(images)} {noun}"
    return _listed([printable(name) for name, _ in _by_number(images)])


def _listed(texts: list[str]) -> str:
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else texts[0]


def _by_number(images: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(images.items(), key=lambda each: (-each[1], each[0]))


def size_text(value: Value) -> str:
    """Return width and height.

    >>> size_text((1920, 1080))
    '1920 × 1080'
    """
    return f"{value[0]:.0f} × {value[1]:.0f}"


def ratio_text(value: Value) -> str:
    """Return a ratio of width to height, by the name of common ones.

    >>> ratio_text((1.33,)), ratio_text((0.667,)), ratio_text((2.2,))
    ('4:3', '2:3', '2.2')
    """
    for wide, high in ((1, 1), (5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (2, 1)):
        for width, height in ((wide, high), (high, wide)):
            if value[0] == float(f"{width / height:.3g}"):
                return f"{width}:{height}"
    return f"{value[0]:g}"


def bytes_text(value: Value) -> str:
    """Return a number of bytes in its unit.

    >>> bytes_text((312,)), bytes_text((2_000_000,))
    ('312 B', '2 MB')
    """
    size, units = value[0], ["B", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"


_TEXTS = {"sizes": size_text, "aspect_ratios": ratio_text, "bytes": bytes_text}


def _range(counts: Counts, text: Callable[[Value], str]) -> str:
    least, largest = text(counts.least), text(counts.largest)
    return least if least == largest else f"{least} to {largest}"


def cards(summary: Summary) -> Iterator[Card]:
    """Yield what is known of the images: the range or the names, and the most frequent."""
    yield Card("images", f"{summary.images:,}", "")
    for field, name in _NAMES.items():
        known = getattr(summary, field)
        if not known:
            continue
        if isinstance(known, Counts):
            yield Card(name, _range(known, _TEXTS[field]), _frequent(known, field))
        else:
            shares = [f"{printable(each)} {number:,}" for each, number in _by_number(known)]
            note = ", ".join(shares[: 2 * _NAMED]) if len(known) > 1 else ""
            yield Card(name, _names(known, field), note)


def _frequent(counts: Counts, field: str) -> str:
    """Return the most frequent values; nothing where all are the same."""
    if counts.binned:
        return "more than 256 different"
    if len(counts.images) == 1 or field == "bytes":
        return ""
    values = sorted(counts.images, key=lambda value: (-counts.images[value], value))
    shown = [f"{_TEXTS[field](v)} ({counts.images[v]:,})" for v in values[:_NAMED]]
    return f"{len(values)} different: {', '.join(shown)}{', ...' * (len(values) > _NAMED)}"


def summary_table(summary: Summary) -> Table:
    columns = tuple(Column(name, numbers=False) for name in ("in the folder", "", ""))
    return Table(columns, tuple(Row(tuple(card)) for card in cards(summary)))


def values(stats: Stats) -> Table:
    """Return each method's mean and std, to enough digits to tell two-pass and batchnorm apart."""
    digits = _digits(stats)
    rows = []
    for name, estimate in _present(stats):
        for label, figure in (("mean", estimate.mean), ("std", estimate.std)):
            method = name if label == "mean" else ""
            rows.append([method, label, *(f"{value:.{digits}f}" for value in figure)])
    return Table.by_channel(["", ""], stats.channels, rows)


def differences(stats: Stats) -> Table:
    """Return how far the other methods are from two-pass: in 1/255, and in two-pass's std."""
    rows = []
    for name, estimate in _present(stats):
        if name == EXACT:
            continue
        for label, figure, exact in (
            ("mean", estimate.mean, stats.exact.mean),
            ("std", estimate.std, stats.exact.std),
        ):
            off = [value - true for value, true in zip(figure, exact, strict=True)]
            method = name if label == "mean" else ""
            rows.append([method, label, "1/255", *(signed(255 * d) for d in off)])
            in_std = [d / s if s else None for d, s in zip(off, stats.exact.std, strict=True)]
            rows.append(["", "", "std", *map(signed, in_std)])
    return Table.by_channel([f"method − {EXACT}", "", "in"], stats.channels, rows)


def conventions(stats: Stats) -> Table:
    rows = [
        [label, *(f"{value:.6f}" for value in stats.conventions[name])]
        for name, label in _CONVENTIONS.items()
        if name in stats.conventions
    ]
    return Table.by_channel(["common but wrong recipes, for comparison"], stats.channels, rows)


def distribution(stats: Stats) -> Iterator[Block]:
    """Yield percentiles, smallest and largest value, and the figures of all channels together."""
    known = stats.order_statistics
    if known.min is not None and known.max is not None:
        quantiles = known.quantiles or {}
        rows = [("min", known.min), *((f"{q} %", v) for q, v in quantiles.items())]
        rows.append(("max", known.max))
        table = [[label, *(f"{value:.6f}" for value in values)] for label, values in rows]
        heading = "percentiles" if quantiles else "smallest and largest value"
        yield Table.by_channel([heading], stats.channels, table)
    if stats.pooled is not None and len(stats.channels) > 1:
        mean, std = stats.pooled.mean, stats.pooled.std
        yield Paragraph.of(f"All channels together: mean {mean:.6f}, std {std:.6f}.")


def _present(stats: Stats) -> Iterator[tuple[str, Estimate]]:
    return ((name, value) for name, value in stats.methods.items() if value is not None)


def _digits(stats: Stats) -> int:
    """Return the fewest digits after the point, at least 6, that tell two-pass from batchnorm."""
    batchnorm = stats.methods.get("batchnorm")
    if batchnorm is None:
        return 6
    pairs = [*zip(stats.exact.mean, batchnorm.mean, strict=True)]
    pairs += zip(stats.exact.std, batchnorm.std, strict=True)
    smallest = min((abs(a - b) for a, b in pairs if a != b), default=1.0)
    digits = 6
    while digits < 15 and smallest < 10.0**-digits:
        digits += 1
    return digits
