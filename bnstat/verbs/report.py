"""Results as a page and as pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.measure.plot_data import picture, pictures
from bnstat.pictures import draw_on, render
from bnstat.result import Stats
from bnstat.result import tables as record_tables
from bnstat.result.tables import RecordTable
from bnstat.show.comparison import Comparison, Row
from bnstat.show.comparison import compare as compare_rows
from bnstat.show.page import Section, check_jinja
from bnstat.show.page import page as page_of
from bnstat.text import printable
from bnstat.verbs.resolve import DOCUMENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Result = Stats | str | os.PathLike[str]
FORMS = ("svg", "png", "pdf")


def report(
    *results: Result | Iterable[Result],
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
        How many of the images with the most influence are shown, small; it copies pixels into
        the page, and needs the records.

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
    named = [_loaded(each) for each in _flat(results)] or [_loaded(DOCUMENT)]
    table = _table(records)
    sections = [
        Section(name, stats, list(pictures(stats, table if i == 0 else None)))
        for i, (name, stats) in enumerate(named)
    ]
    if thumbnails and table is not None:
        from bnstat.verbs.thumbnails import thumbnails as small_copies

        first = sections[0]
        copies = small_copies(first.stats, table, thumbnails)
        sections[0] = Section(first.name, first.stats, first.pictures, copies)
    html = page_of(sections, _comparison(named))
    if output is not None:
        files.write(Path(output), html.encode())
    return html


def _flat(results: Iterable[Result | Iterable[Result]]) -> Iterable[Result]:
    for each in results:
        if isinstance(each, Stats | str | os.PathLike):
            yield each
        else:
            yield from each


def _loaded(result: Result) -> tuple[str, Stats]:
    if isinstance(result, Stats):
        steps = " | ".join([" ".join(result.source.locations), *result.pipeline.transforms])
        return printable(steps), result
    return os.fspath(result), Stats.load(result)


def _table(records: RecordTable | str | os.PathLike[str] | None) -> RecordTable | None:
    if records is None or isinstance(records, RecordTable):
        return records
    return record_tables.read(os.fspath(records), figures_alone=True)


def _comparison(named: list[tuple[str, Stats]]) -> Comparison | None:
    """Return the results side by side, if there are several with figures."""
    measured = [(name, stats) for name, stats in named if stats.channels]
    if len(measured) < 2:
        return None
    return compare_rows([Row.of_stats(name, stats) for name, stats in measured])


def plot(
    stats: Result = DOCUMENT,
    kind: str = "histogram",
    *,
    records: RecordTable | str | os.PathLike[str] | None = None,
    ax: Axes | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Axes | None:
    """Draw one picture of a result: on axes, or into a file.

    Parameters
    ----------
    stats
        A result, or its document.
    kind
        "histogram", "batchnorm", "margin", "images" or "groups".
    records
        The records of the result, or their file, for pictures that need them.
    ax
        The axes to draw on; None makes a figure with pyplot.
    output
        Instead of axes, a file to write: .svg, .png or .pdf.

    Returns
    -------
    Axes or None
        The axes; None where a file was written.

    Raises
    ------
    ValueError
        If there is no such kind of picture or file.
    DocumentError
        If the result does not have this picture, or it needs records.
    OutputError
        If matplotlib is missing, or the file cannot be written.
    """
    form = None if output is None else form_of(os.fspath(output))
    _, result = _loaded(stats)
    drawn = picture(kind, result, _table(records))
    if output is None:
        return draw_on(drawn, ax)
    files.write(Path(output), render(drawn, str(form)))
    return None


def form_of(name: str) -> str:
    """Return the kind of a picture's file, by its name.

    Raises
    ------
    ValueError
        If it is none.
    """
    form = os.path.splitext(name)[1].lower().removeprefix(".")
    if form not in FORMS:
        raise ValueError(f"{name!r} is neither .svg, .png nor .pdf")
    return form
