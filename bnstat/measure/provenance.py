"""Where the figures come from: the sources that were read, and which pixels counted."""

from __future__ import annotations

import os

import numpy as np

from bnstat.measure.found import Scan, View, of_files
from bnstat.measure.plan import Plan
from bnstat.measure.texts_by_key import Failures
from bnstat.moments import Records
from bnstat.result import (
    FileList,
    FloatImages,
    Sample,
    Selection,
    Source,
    Warned,
    Warnings,
)
from bnstat.sources.listing import Listing
from bnstat.sources.sources import Sources
from bnstat.text import key_text, without_credentials


def source_of(sources: Sources, scan: Scan, view: View, plan: Plan) -> Source:
    """Return what the images of a view came from, and which of them failed."""
    listed = sources.listing
    records, failures = view.records, Failures(view.failures)
    warned = tuple(Warned(key_text(key), text) for key, text in view.warnings)
    return Source(
        locations=sources.locations,
        cwd=key_text(os.getcwdb()),
        images=scan.images - len(view.failures),
        skipped=sources.skipped,
        duplicates=sources.duplicates,
        deeper_than_8_bits=len(view.deep),
        failures=failures,
        service_folders=tuple(sorted(sources.service_folders.items())),
        floats=_floats(records),
        replaced=sources.replaced,
        not_replaced=sources.not_replaced,
        unnamed_failures=len(view.failures) - len(failures),
        warnings=Warnings(len(view.warnings), warned),
        fingerprint=f"{scan.fingerprint:064x}",
        files_from=_file_list(listed) if listed else None,
        shards=sources.shards,
        include=tuple(sources.globs.include) or None,
        exclude=tuple(sources.globs.exclude) or None,
        column=sources.column,
        files_column=listed.column if listed else None,
        where=(tuple(listed.where) or None) if listed else None,
        links=sources.links,
        inner_links=sources.inner_links,
        unfollowed_links=tuple(map(key_text, sources.unfollowed)),
        dataset=sources.dataset,
        array=plan.settings["array"],
        layout=plan.settings["layout"],
        frames=plan.settings["frames"],
        files=(len(of_files(records)) if len(records) else 0) if plan.by_file else None,
        truncated_images=_truncated(view, plan),
    )


def _truncated(view: View, plan: Plan) -> int | None:
    if plan.settings["truncated"] == "fail":
        return None
    noted = view.notes.get("truncated")
    return noted.images if noted else 0


def _file_list(listing: Listing) -> FileList:
    root = None if listing.root is None else key_text(os.fsencode(listing.root))
    return FileList(listing.null, root, listing.can_be_read_again)


def _floats(records: Records) -> FloatImages | None:
    """Return how many images have float samples beyond [0, 1], beside images of integers.

    Samples in [0, 1] have a variance of mean · (1 - mean) at most.
    """
    kinds = list(records.by_kind())
    if all(kind.integral for kind, _, _ in kinds) or not any(k.integral for k, _, _ in kinds):
        return None
    beyond: list[bytes] = []
    for kind, keys, table in kinds:
        if not kind.integral:
            mean, var = table.sum_or_mean, table.sumsq_or_m2 / np.maximum(table.n, 1)
            outside = (mean < 0) | (mean > 1) | (var > mean * (1 - mean) + 1e-9)
            rows = outside.any(axis=1).reshape(len(keys), -1).any(axis=1)
            beyond += keys.take(np.flatnonzero(rows).tolist())
    return FloatImages(len(beyond), key_text(min(beyond))) if beyond else None


def sample_of(sources: Sources, scan: Scan) -> Sample | None:
    """Return which of the images found were to be measured; None where all were."""
    asked = sources.sampling
    if asked is None:
        return None
    return Sample(int(scan.files), sources.population.found, asked.asked, asked.seed)


def selection_of(plan: Plan, view: View) -> Selection:
    """Return which pixels counted in a view, and how many did not."""
    asked, settings = plan.conditions, plan.settings
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
