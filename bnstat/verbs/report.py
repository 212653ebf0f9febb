"""Results as one page."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bnstat import files
from bnstat.measure.plot_data import most_influential, pictures, unlike_the_rest
from bnstat.measure.second_decode import small_copies
from bnstat.pictures.sheet import address
from bnstat.result import Stats
from bnstat.result.tables import RecordTable
from bnstat.show.changes import ComparedRow
from bnstat.show.comparison import Comparison
from bnstat.show.comparison import compare as compare_rows
from bnstat.show.page import Section, Thumbnail, check_jinja
from bnstat.show.page import page as page_of
from bnstat.text import printable
from bnstat.verbs.resolve import (
    DOCUMENT,
    Named,
    flat,
    loaded,
    plain_images_of,
    records_of,
    title_of,
)


def report(
    *results: Named | Iterable[Named],
    output: str | os.PathLike[str] | None = None,
    records: RecordTable | str | os.PathLike[str] | None = None,
    thumbnails: int = 0,
) -> str:
    """Return one self-contained HTML page of results; write it, too, if `output` names a file.

    Parameters
    ----------
    results
        Results or their documents; the first is the baseline of the others. None is bnstat.json.
    output
        The file to write.
    records
        The records of the first result, or their file, for pictures that need them.
    thumbnails
        How many of the images unlike the rest, and of those with the most influence, are shown,
        small; it copies pixels into the page, and needs the records.

    Raises
    ------
    DocumentError
        If a document or the records cannot be read.
    OutputError
        If the page cannot be written, or matplotlib or Jinja2 is missing.
    ValueError
        If thumbnails are asked for without records.
    """
    check_jinja()
    if thumbnails and records is None:
        raise ValueError("thumbnails need the records; name their file")
    if output is not None:
        files.check_writable(Path(output))
    named = [(title_of(n), loaded(n)) for n in flat(results) or [DOCUMENT]]
    table = records_of(records)
    sections = [
        Section(name, stats, list(pictures(stats, table if i == 0 else None)))
        for i, (name, stats) in enumerate(named)
    ]
    if thumbnails and table is not None:
        galleries = _galleries(named[0][1], table, thumbnails)
        sections[0] = replace(sections[0], galleries=galleries)
    html = page_of(sections, _comparison(named))
    if output is not None:
        files.write(Path(output), html.encode())
    return html


def _galleries(stats: Stats, records: RecordTable, number: int) -> dict[str, list[Thumbnail]]:
    """Return at most so many images under each heading, small, with a note on each."""
    images = plain_images_of(stats, {"sample": None})  # the records say which are meant
    unlike = dict(islice(unlike_the_rest(records).items(), number))
    notes = {
        "unlike the rest": unlike,
        "with the most influence": most_influential(records, number),
    }
    wanted = {key for chosen in notes.values() for key in chosen}
    copies = small_copies(images.open, images.settings, wanted)
    return {
        f"Images {name}": [
            Thumbnail(address(copies[key]), printable(key), note)
            for key, note in chosen.items()
            if key in copies
        ]
        for name, chosen in notes.items()
    }


def _comparison(named: list[tuple[str, Stats]]) -> Comparison | None:
    """Return the results side by side, if there are several with figures."""
    measured = [(name, stats) for name, stats in named if stats.channels]
    if len(measured) < 2:
        return None
    return compare_rows([ComparedRow.of_stats(name, stats) for name, stats in measured])
