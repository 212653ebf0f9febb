"""Reports of images that were looked for: outliers, and images equal to others."""

from __future__ import annotations

import math

from bnstat.result.found_images import Duplicates, EqualImages, Outlier, Outliers
from bnstat.show.blocks import Block, Column, Line, Paragraph, Row, Table, Tone
from bnstat.show.words import counted, signed
from bnstat.text import printable


def outliers_report(outliers: Outliers) -> tuple[Block, ...]:
    """Return how many there are, and a line for each: why, and what it does to the figures."""
    number = outliers.number
    looked_at = counted(outliers.images, "image")
    said = f"{looked_at}, of which {number:,} unlike the rest of their group "
    headline = Paragraph.of(f"{said}(robust z above {outliers.threshold:g}).", tone="title")
    if not number:
        return (headline,)
    columns = (
        Column("image", numbers=False),
        Column("on mean"),
        Column("on std"),
        Column("why", numbers=False),
    )
    rows = tuple(_outlier_row(outlier) for outlier in outliers.found)
    note = Line("on mean, on std: the set's figure less that without the image, at its largest.")
    return headline, Table(columns, rows, footnotes=(note,))


def _outlier_row(outlier: Outlier) -> Row:
    why = ", ".join(outlier.reasons)
    influences = (outlier.influence_on_mean, outlier.influence_on_std)
    figures = (signed(max(values, key=_size)) for values in influences)
    return Row((printable(outlier.image), *figures, why))


def _size(value: float) -> float:
    return -1.0 if math.isnan(value) else abs(value)


def duplicates_report(duplicates: Duplicates) -> tuple[Block, ...]:
    """Return how many images are equal to others, and each set of them."""
    equal = sum(len(each.images) for each in duplicates.sets)
    across = sum(each.across for each in duplicates.sets)
    tone: Tone = "warning" if duplicates.sets else "good"
    headline = f"{counted(duplicates.images, 'image')}: "
    if not duplicates.sets:
        return (Paragraph.of(headline + "no two have equal pixels.", tone=tone),)
    headline += f"{equal:,} are equal to others, in {counted(len(duplicates.sets), 'set')}"
    headline += f", {across:,} of them across sources." if across else "."
    return Paragraph.of(headline, tone=tone), *map(_equal_images, duplicates.sets)


def _equal_images(each: EqualImages) -> Paragraph:
    what = f"{each.width} × {each.height} {each.mode}{', across sources' if each.across else ''}:"
    names = (Line(f"  {printable(image)}") for image in each.images)
    return Paragraph((Line(what, "title"), *names))
