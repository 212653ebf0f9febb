"""Measuring images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from bnstat import files
from bnstat.augment import Spec
from bnstat.errors import BnstatError, MeasureError, OutputError
from bnstat.measure.outcomes import Outcome
from bnstat.measure.scanning import measure
from bnstat.result import Stats, record_files
from bnstat.settings import Settings, check_until, complete, takes_settings
from bnstat.sources.opening import Location, open_sources
from bnstat.sources.source import read_shard
from bnstat.verbs.resolve import locations_of

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup


@takes_settings(Settings)
def compute(
    *sources: Location | Iterable[Location],
    files_from: str | os.PathLike[str] | None = None,
    null: bool = False,
    root: str | os.PathLike[str] | None = None,
    augment: Spec | None = None,
    shard: tuple[int, int] | str | None = None,
    journal: str | os.PathLike[str] | None = None,
    records: str | os.PathLike[str] | None = None,
    report: str | os.PathLike[str] | None = None,
    group: ProcessGroup | None = None,
    strict: bool = False,
    **settings: Unpack[Settings],
) -> Stats:
    """Measure the images of folders, files, archives and URLs: exact mean and std, three ways.

    Parameters
    ----------
    sources
        Folders, searched for images; files; tar and zip archives; Parquet files; URLs for fsspec;
        patterns like "shards/{000..127}.tar"; or lists of these. docs/sources.md tells of each. Or
        one object that gives images: a dataset, a DataLoader, an iterable, an array
        (docs/datasets.md).
    files_from, null, root
        Instead of sources, a file with the names of images ("-" is standard input), ending in
        newline or, with `null`, in NUL; `root` is a folder that their keys leave out.
    augment
        The pipeline that images go through before they are measured: a preset, a TOML file, inline
        text, or package.module:attribute, which runs that code. A Normalize at its end is left out
        unless `keep_normalize` is set. Each image is drawn once an epoch, and all figures cover all
        draws.
    shard
        Measure the I-th of N disjoint shards of the images, by a hash of their keys: (I, N), I from
        1 on, or "I/N". `merge` adds the results of all shards to that of the whole. A shard may
        have no images; its result has no figures then.
    journal
        A file that remembers what was measured: a run that was killed goes on where it was when it
        is started again, and a later one measures only images that are new or changed.
    records
        Write a row for each image and draw to this file, FILE.parquet or FILE.csv
        (docs/records.md).
    report
        Write the result as an HTML page to this file, with all pictures (docs/records.md).
    group
        An initialized torch.distributed group whose ranks all make this call: each measures a part
        of the images, and all return the same result. Without it, nothing is communicated.
    strict
        Raise an error instead of returning a result with warnings (docs/inputs.md).
    settings
        How images are measured; each is listed below.

    Returns
    -------
    Stats
        float64 figures in [0, 1]; images that cannot be measured are in `source.failures`.

    Raises
    ------
    SourceError
        If there is no such source, or no image in it.
    SpecError
        If the pipeline has no meaning, or cannot be made; no image has been read then.
    MeasureError
        If all images failed, or, with `fail_fast`, one did; with `group`, if any rank failed; with
        `strict`, if there are warnings.
    JournalError
        If the journal cannot be used, or is of other sources or settings; or if it failed in
        mid-run: then `stats` of the error is the result, complete.
    """
    used = complete(Settings, settings)
    _check_outputs(records, report, beside=journal is not None or group is not None)
    check_until({"until": used["until"], "group": group})
    named = locations_of(sources)
    used = _mode_of(named, used)
    asked = shard if isinstance(shard, str | None) else "{}/{}".format(*shard)
    shards = None if asked is None else read_shard(asked)
    find = partial(open_sources, named, used, files_from, null, root, shards=shards)
    if group is not None:
        from bnstat.measure.ranks import measure_by_ranks

        if journal is not None:
            raise ValueError("journal and group do not go together")
        return _checked(measure_by_ranks(find, augment, used, group, given=settings), strict)
    describe = (records, report) != (None, None)
    [measured] = measure(
        find(), [augment], used, journal=journal, describe=describe, given=settings
    )
    stats = _checked(measured.stats, strict)
    if records is not None:
        record_files.write(os.fspath(records), *measured.tables())
    if report is not None:
        _make_report(measured, report, records)
    return stats


def _make_report(
    measured: Outcome, output: str | os.PathLike[str], records: str | os.PathLike[str] | None
) -> None:
    """Write the page; where that fails, say which file of records is there already."""
    from bnstat.verbs.report import report

    try:
        report(measured.stats, output=output, records=measured.table())
    except BnstatError as error:
        kept = "" if records is None else f"; the records are in {os.fspath(records)}"
        raise OutputError(f"{error}{kept}") from error


def _check_outputs(
    records: str | os.PathLike[str] | None,
    report: str | os.PathLike[str] | None,
    *,
    beside: bool,
) -> None:
    """Find out before the work what cannot be written; `beside` a journal or a group."""
    if records is not None and beside:
        raise ValueError("records do not go with a journal or a group; leave one of them out")
    if report is not None and beside:
        raise ValueError("a report does not go with a journal or a group; make one of the result")
    if records is not None:
        record_files.check_name(os.fspath(records))
    if report is not None:
        from bnstat.show.page import check_jinja

        check_jinja()
        files.check_writable(Path(report))


def _checked(stats: Stats, strict: bool) -> Stats:
    """Return a result; raise MeasureError, before anything is written, if it has warnings."""
    if strict and stats.warnings:
        named = "; ".join(f"{warning.text} [{warning.code}]" for warning in stats.warnings)
        raise MeasureError(f"nothing is written, as with strict a warning is an error: {named}")
    return stats


def _mode_of(sources: Sequence[str], settings: Settings) -> Settings:
    """Return the settings: of a single file that Pillow cannot read, rasterio's bands.

    It is so where the default mode is asked for, and rasterio is installed.
    """
    if len(sources) != 1 or settings["mode"] != "RGB" or not find_spec("rasterio"):
        return settings
    [path] = sources
    if not path.lower().endswith((".tif", ".tiff", ".jp2")) or not os.path.isfile(path):
        return settings
    from bnstat.decode.decoding import can_be_opened

    return settings if can_be_opened(path) else settings | {"mode": "bands"}
