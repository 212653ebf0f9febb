"""Passes in the main process, on any device of torch; a DataLoader's workers decode and draw."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

from bnstat.errors import MeasureError
from bnstat.measure.dispatch import Chunk
from bnstat.models.image_cache import CachePlace
from bnstat.models.model_input import DrawnChunk
from bnstat.models.probe import Probe, Probed, run
from bnstat.user_code import stdout_on_stderr

if TYPE_CHECKING:
    from bnstat.models.layers import Activations

_Item: TypeAlias = tuple[Chunk, DrawnChunk, CachePlace | None]


def probe_here(
    chunks: Iterable[Chunk], probe: Probe, activations: Activations, workers: int
) -> Generator[tuple[Chunk, Probed], None, None]:
    """Yield each chunk with its result, in order; the model is run in this process.

    With one worker, or where none can be forked, this process decodes too.

    Raises
    ------
    MeasureError
        If a worker is lost: which image has ended it is not known here.
    """
    with closing(_loaded(chunks, probe, workers)) as items:
        for chunk, drawn, place in items:
            with stdout_on_stderr():
                probed = run(activations, probe, chunk, drawn, place)
            yield _without_bytes(chunk), probed


def _loaded(chunks: Iterable[Chunk], probe: Probe, workers: int) -> Generator[_Item, None, None]:
    if workers == 1 or not hasattr(os, "fork"):
        yield from (_item(chunk, probe) for chunk in chunks)
        return
    from torch.utils.data import DataLoader

    make: Any = DataLoader
    loader = make(
        _dataset(chunks, probe),
        batch_size=None,
        num_workers=workers,
        collate_fn=_unchanged,
        worker_init_fn=_let_main_decide,
        multiprocessing_context="fork",  # others would run the caller's `__main__` again
    )
    try:
        yield from loader
    except RuntimeError as error:  # how torch says that a worker has died
        if "DataLoader worker" not in str(error):
            raise
        raise MeasureError(
            "a worker that decodes images has died; without --device, the image is found"
        ) from error


def _dataset(chunks: Iterable[Chunk], probe: Probe) -> Any:
    """Return a torch dataset of items; of n workers, worker i takes items i, i+n, i+2n ..."""
    from torch.utils.data import IterableDataset, get_worker_info

    class Items(IterableDataset[_Item]):
        def __iter__(self) -> Iterator[_Item]:
            worker = get_worker_info()
            assert worker is not None
            for number, chunk in enumerate(chunks):
                if number % worker.num_workers == worker.id:
                    yield _item(chunk, probe)

    return Items()


def _item(chunk: Chunk, probe: Probe) -> _Item:
    drawn, place = probe.drawn(chunk)
    return chunk, drawn, place


def _without_bytes(chunk: Chunk) -> Chunk:
    return [r._replace(content=None, labels=None) if r.bytes_held else r for r in chunk]


def _unchanged(item: _Item) -> _Item:
    return item


def _let_main_decide(worker: int) -> None:
    """Have signals end this worker without a word, and Ctrl-C be the main process's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a worker is forked, so there is the latter
        signal.signal(number, signal.SIG_DFL)
