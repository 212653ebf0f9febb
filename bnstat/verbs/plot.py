"""One picture of a result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat import files
from bnstat.measure.plot_data import picture
from bnstat.pictures import plot_on, render
from bnstat.result.tables import RecordTable
from bnstat.verbs.resolve import DOCUMENT, Named, loaded, records_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMS = ("svg", "png", "pdf")


def plot(
    stats: Named = DOCUMENT,
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
    drawn = picture(kind, loaded(stats), records_of(records))
    if output is None:
        return plot_on(drawn, ax)
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
