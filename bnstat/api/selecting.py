"""Which pixels count: from the settings to what workers ask, and to what a result says of it."""

from __future__ import annotations

from collections.abc import Sequence

from bnstat.errors import MeasureError
from bnstat.images.raster import check_rasterio
from bnstat.images.selection import Conditions
from bnstat.images.selection.labels import Labels
from bnstat.images.selection.nodata import Nodata
from bnstat.scan import View
from bnstat.settings import MeasureSettings
from bnstat.stats import Selection
from bnstat.text import without_credentials


def conditions(settings: MeasureSettings) -> Conditions:
    """Return when a sample counts.

    Raises
    ------
    ValueError
        If values of masks are given without masks.
    """
    nodata, masks = settings["nodata"], settings["masks"]
    values, ignore = settings["mask_values"], settings["mask_ignore"]
    if masks is None and (values is not None or ignore is not None):
        raise ValueError("mask_values and mask_ignore are of masks; name their pattern, masks")
    return Conditions(
        alpha=settings["alpha"],
        nodata=None if nodata is None else Nodata.read(str(nodata)),
        labels=None if masks is None else _labels(masks, settings),
        exclude_fill=settings["exclude_fill"],
    )


def _labels(pattern: str, settings: MeasureSettings) -> Labels:
    values, ignore = settings["mask_values"], settings["mask_ignore"]
    return Labels(
        pattern,
        None if values is None else tuple(values),
        None if ignore is None else tuple(ignore),
        settings["masks_missing"] == "all",
    )


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
        "masks (the file's own count with --nodata auto)": asked.labels is not None,
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
    labels, nodata = asked.labels, settings["nodata"]
    return Selection(
        alpha=asked.alpha,
        nodata=None if nodata is None else str(nodata),
        masks=settings["masks"] and without_credentials(settings["masks"]),
        mask_values=labels.values if labels else None,
        mask_ignore=labels.ignore if labels else None,
        exclude_fill=asked.exclude_fill,
        excluded=view.records.left_out if len(view.records) else (),
        empty=view.records.empty if asked.excludes else 0,
        transparent=len(view.transparent),
    )
