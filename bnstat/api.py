"""What a user can call; the command line calls nothing else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from bnstat import estimators
from bnstat.engines import open_engine
from bnstat.errors import NothingMeasuredError, SourceError
from bnstat.estimators import Schedule, TooFewSamplesError
from bnstat.images import Sources, key_text
from bnstat.images.listing import Listing
from bnstat.moments import Records
from bnstat.scan import Measure, Progress, Scan, scan
from bnstat.stats import Estimate, Failure, FileList, Pipeline, Source, Stats

# Where Pillow itself raises: twice the size at which it warns.
MAX_PIXELS = 178_956_970


def compute(
    *sources: str | os.PathLike[str],
    files_from: str | os.PathLike[str] | None = None,
    null: bool = False,
    root: str | os.PathLike[str] | None = None,
    epochs: int = 1,
    mode: Literal["RGB", "L", "RGBA", "native"] = "RGB",
    batch_size: int = 64,
    momentum: float | None = 0.1,
    order: Literal["shuffled", "listed"] = "shuffled",
    seed: int = 0,
    workers: int | None = None,
    fail_fast: bool = False,
    max_pixels: int = MAX_PIXELS,
    progress: Callable[[Progress], None] | None = None,
) -> Stats:
    """Measure the images of folders and files: exact mean and std per channel, three ways.

    Parameters
    ----------
    sources
        Folders, searched for images, or files.
    files_from, null, root
        Instead of sources, a file with the names of images ("-" is standard input), ending in
        newline or, with `null`, in NUL; `root` is a folder that their keys leave out.
    mode
        Pillow's mode to convert to, or "native" for the set's own, the most common one.
    epochs, batch_size, momentum, order, seed
        The schedule that `batchnorm` replays; `momentum=None` is torch's cumulative average.
    workers
        Processes; None is one for each core this process may use; with 1 no process is started.
    fail_fast
        Raise at the first image that cannot be measured, instead of recording it.
    max_pixels
        Images of more pixels are failures, found before they are decoded.
    progress
        Called now and then with how far the scan is.

    Returns
    -------
    Stats
        float64 figures in [0, 1]; images that cannot be measured are in `source.failures`.

    Raises
    ------
    SourceError
        If there is no such source, or no image in it.
    MeasureError
        If all images failed, or, with `fail_fast`, one did.
    """
    found = _open(sources, files_from, null, root)
    schedule = Schedule(batch_size, momentum, order, seed, epochs)
    engine = open_engine(workers, preload=[Measure.__module__])
    result = scan(
        found,
        Measure(mode, max_pixels),
        engine,
        fail_fast=fail_fast,
        progress=progress,
        total=_counting(found) if progress else lambda: None,
    )
    _check_measured(found, result)
    source = _describe(found, result)
    return _stats(result.records, source, Pipeline(None, (), seed, epochs), mode, schedule)


def load(path: str | os.PathLike[str]) -> Stats:
    """Read a result document; "-" is standard input.

    Raises
    ------
    DocumentError
        If it cannot be read, is no result document, or is of a version not known here.
    """
    return Stats.load(path)


def _open(
    sources: tuple[str | os.PathLike[str], ...],
    files_from: str | os.PathLike[str] | None,
    null: bool,
    root: str | os.PathLike[str] | None,
) -> Sources:
    if files_from is None:
        return Sources.open([os.fspath(source) for source in sources])
    if sources:
        raise SourceError("give sources or files_from, not both")
    folder = None if root is None else os.fspath(root)
    return Sources.listed(Listing(os.fspath(files_from), null, folder))


def _counting(found: Sources) -> Callable[[], int | None]:
    """Count the images beside the scan; return what tells their number, once it is known."""
    counted: list[int] = []
    threading.Thread(target=lambda: counted.append(found.count()), daemon=True).start()
    return lambda: counted[0] if counted else None


def _check_measured(found: Sources, result: Scan) -> None:
    where = " ".join(found.locations)
    if result.images == 0:
        beside = f" ({found.skipped} files of other kinds)" if found.skipped else ""
        raise SourceError(f"no images in {where}{beside}; name files to have them opened anyway")
    if len(result.records) == 0:
        failures = [(key_text(key), reason) for key, reason in result.failures]
        raise NothingMeasuredError(
            f"none of the {result.images} images in {where} could be measured", failures
        )


def _describe(found: Sources, result: Scan) -> Source:
    listed = found.listing
    return Source(
        locations=found.locations,
        cwd=key_text(os.getcwdb()),
        images=result.images - len(result.failures),
        skipped=found.skipped,
        duplicates=found.duplicates,
        deeper_than_8_bits=len(result.deep),
        failures=tuple(Failure(key_text(key), reason) for key, reason in result.failures),
        fingerprint=f"{result.fingerprint:064x}",
        files_from=FileList(listed.null, listed.root, listed.again) if listed else None,
    )


def _stats(
    records: Records, source: Source, pipeline: Pipeline, mode: str, schedule: Schedule
) -> Stats:
    total = records.total()
    histogram = records.histogram
    methods: dict[str, Estimate | None] = {
        "two-pass": estimators.two_pass(records),
        "welford": estimators.welford(records),
    }
    reasons = {}
    try:
        methods["batchnorm"] = estimators.batchnorm(records, schedule)
    except TooFewSamplesError as error:
        methods["batchnorm"], reasons["batchnorm"] = None, str(error)
    return Stats(
        source=source,
        pipeline=pipeline,
        mode=mode,
        channels=records.channels,
        scale=records.scale,
        count=records.count,
        sum=total.sum if total else None,
        sum_of_squares=total.sum_of_squares if total else None,
        histogram=tuple(map(tuple, histogram)) if histogram else None,
        methods=methods,
        conventions=estimators.conventions(records),
        reasons=reasons,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
