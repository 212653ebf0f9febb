"""Passes of a model over images: in workers, or on a device in this process.

In this process the model is run on any device of torch, and a DataLoader's workers decode and draw.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, TypeAlias

from bnstat.decode.references import with_frames
from bnstat.engines import InlineEngine, usable_cores
from bnstat.errors import MeasureError, ModelError, NothingMeasuredError, SourceError
from bnstat.measure.dispatch import Chunk, chunks, dispatch
from bnstat.measure.plan import where_it_runs
from bnstat.measure.scanning import count_beside
from bnstat.measure.warm_up import open_workers
from bnstat.models.layers import Activations
from bnstat.models.model_input import CachedChunk, DrawnChunk, open_image_cache
from bnstat.models.probe import Pass, PassTotal, Probe, Probed
from bnstat.settings import Progress, RecalibrateSettings, bytes_of, listener
from bnstat.sources.opening import limits_of
from bnstat.sources.reference import FIRST
from bnstat.sources.sources import Sources
from bnstat.text import key_text
from bnstat.user_code import stdout_on_stderr

Results: TypeAlias = Generator[tuple[Chunk, Probed], None, None]


class Passes:
    """Runs passes over the same images; `first` is what the first gave, None before it.

    All later ones must find the same images.
    """

    def __init__(
        self,
        sources: Sources,
        probe: Probe,
        results: Callable[[Iterable[Chunk], Probe], Results],
        settings: RecalibrateSettings,
    ) -> None:
        self._sources = sources
        self._probe = probe
        self._results = results
        self._settings = settings
        self._chunks: list[Chunk] | None = None
        self._tell = listener(settings)
        counted = self._tell and settings["frames"] == FIRST
        self._total = count_beside(sources) if counted else lambda: None
        self.first: PassTotal | None = None

    @property
    def measured(self) -> int:
        return self.first.measured if self.first else 0

    def run(self, now: Pass) -> PassTotal:
        """Return what one pass gives.

        Raises SourceError or NothingMeasuredError if there is no image, or none could be measured,
        and MeasureError if an image cannot be measured that could be before, or, with `fail_fast`,
        any.
        """
        total, again = PassTotal(), []
        images = with_frames(self._sources, self._settings["frames"], limits_of(self._settings))
        current = chunks(images) if self._chunks is None else self._chunks
        with closing(self._results(current, replace(self._probe, now=now))) as results:
            for chunk, probed in results:
                total.add(chunk, probed)
                again.append(_again(chunk, probed))
                self._check_failures(total)
                if self._tell is not None:
                    expected = self._total() if self.first is None else self.first.measured
                    self._tell(Progress(total.images, len(total.failures), 0, expected))
        if not total.held:  # else they have to be read again
            self._chunks = [chunk for chunk in again if chunk]
        if self.first is None:
            self.first = total
            self._check_measured(total)
        return total

    def _check_failures(self, total: PassTotal) -> None:
        if self.first is None and not self._settings["fail_fast"]:
            return
        known = self.first.failures if self.first else []
        for key, reason in total.failures:
            if (key, reason) not in known:
                again = "; in the pass before it could be measured" if self.first else ""
                raise MeasureError(f"{key_text(key)}: {reason}{again}")

    def _check_measured(self, total: PassTotal) -> None:
        where = " ".join(self._sources.locations)
        if not total.images:
            raise SourceError(f"no images in {where}; name files to have them opened anyway")
        if not total.measured:
            failures = [(key_text(key), reason) for key, reason in total.failures]
            raise NothingMeasuredError(
                f"none of the {total.images} images in {where} could be measured", failures
            )


@contextmanager
def open_passes(
    sources: Sources, probe: Probe, settings: RecalibrateSettings, here: Activations | None
) -> Iterator[Passes]:
    """Give what runs passes: in workers, or in this process with the model that is `here`."""
    settings = where_it_runs(sources, settings, costly=True)
    with open_image_cache(bytes_of(settings["cache"])) as cache:
        probe = replace(probe, cache=None if "dask" in settings["engine"] else cache)
        if here is not None:
            if settings["engine"] != "processes" or settings["timeout"]:
                raise ModelError(
                    "a model on a device is run in this process; leave out --engine and --timeout"
                )
            workers = settings["workers"] or usable_cores()
            yield Passes(sources, probe, lambda c, p: _probe_here(c, p, here, workers), settings)
            return
        opened = open_workers(settings, pipeline=True, work="bnstat.models.probe")
        with closing(opened) as engine:
            if not isinstance(engine, InlineEngine):
                probe = _for_workers(probe)
            yield Passes(sources, probe, lambda c, p: dispatch(c, p, engine), settings)


def _for_workers(probe: Probe) -> Probe:
    """Return a probe whose model and pipeline workers can make themselves, as they are here."""
    draws = probe.drawing.draws
    if draws is not None and draws.pipeline.passed is not None:
        draws.pipeline.passed.check_sendable(
            "it cannot be sent to workers; define it in a module, or measure with workers=1"
        )
    return replace(probe, spec=probe.spec.with_digest())


def _again(chunk: Chunk, probed: Probed) -> Chunk:
    """Return a chunk as the next pass takes it: without failures, and with its place."""
    failed = {row for row, _ in probed.failures}
    good = [reference for row, reference in enumerate(chunk) if row not in failed]
    return CachedChunk(good, probed.place) if probed.place is not None else good


def _probe_here(
    chunks: Iterable[Chunk], probe: Probe, activations: Activations, workers: int
) -> Results:
    """Yield each chunk with its result, in order; the model is run in this process.

    With one worker, or where none can be forked, this process decodes too.
    """
    with closing(_loaded(chunks, probe, workers)) as items:
        for chunk, drawn in items:
            with stdout_on_stderr():
                probed = probe.run(activations, chunk, drawn)
            kept = [r._replace(content=None, labels=None) if r.bytes_held else r for r in chunk]
            yield kept, probed


def _loaded(
    chunks: Iterable[Chunk], probe: Probe, workers: int
) -> Generator[tuple[Chunk, DrawnChunk], None, None]:
    if workers == 1 or not hasattr(os, "fork"):
        yield from ((chunk, probe.drawn(chunk)) for chunk in chunks)
        return
    from torch.utils.data import DataLoader, IterableDataset, get_worker_info

    class Loaded(IterableDataset[Any]):
        """Of n workers, worker i takes chunks i, i+n, i+2n ..."""

        def __iter__(self) -> Iterator[tuple[Chunk, DrawnChunk]]:
            worker: Any = get_worker_info()
            for chunk in islice(chunks, worker.id, None, worker.num_workers):
                yield chunk, probe.drawn(chunk)

    make: Any = DataLoader
    loader = make(
        Loaded(),
        batch_size=None,
        num_workers=workers,
        collate_fn=lambda item: item,
        worker_init_fn=_let_main_decide,
        multiprocessing_context="fork",  # others would run the caller's `__main__` again
    )
    try:
        yield from loader
    except RuntimeError as error:  # how torch says that a worker has died
        if "DataLoader worker" not in str(error):
            raise
        # Which image has ended it is not known here.
        raise MeasureError(
            "a worker that decodes images has died; without --device, the image is found"
        ) from error


def _let_main_decide(worker: int) -> None:
    """Have signals end this worker without a word, and Ctrl-C be the main process's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a worker is forked, so there is the latter
        signal.signal(number, signal.SIG_DFL)
