"""Which pixels count: from the settings to what workers ask, and to what a result says of it."""

from __future__ import annotations

from collections.abc import Sequence

from bnstat.decode.raster import check_rasterio
from bnstat.decode.selection import conditions
from bnstat.errors import MeasureError
from bnstat.measure.found import View
from bnstat.result import Selection
from bnstat.settings import MeasureSettings
from bnstat.text import without_credentials


def check_bands(augments: Sequence[object], settings: MeasureSettings, *, journal: bool) -> None:
    """Refuse what does not go with the bands of rasters, before any is read.

    Raises
    ------
    MeasureError
        If it is asked for, or rasterio is missing.
    """
    asked = conditions(settings)
    refused = {
        "a pipeline": any(augment is not None for augment in augments),
        "masks (the file's own count with --nodata auto)": asked.masks is not None,
        "alpha (an alpha band counts with --nodata auto)": asked.alpha != "drop",
        "a journal": journal,
    }
    for what, is_asked in refused.items():
        if is_asked:
            raise MeasureError(f"--mode bands does not go with {what}")
    check_rasterio()


def selection(settings: MeasureSettings, view: View) -> Selection:
    """Return which pixels counted in a view, and how many did not."""
    asked = conditions(settings)
    rule, nodata = asked.masks, settings["nodata"]
    return Selection(
        alpha=asked.alpha,
        nodata=None if nodata is None else str(nodata),
        masks=settings["masks"] and without_credentials(settings["masks"]),
        mask_values=rule.values if rule else None,
        mask_ignore=rule.ignore if rule else None,
        exclude_fill=asked.exclude_fill,
        excluded=view.records.excluded_count if len(view.records) else (),
        empty=view.records.empty if asked.excludes else 0,
        transparent=len(view.transparent),
    )
