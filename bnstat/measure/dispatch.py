"""A stream of references, cut into chunks of about the same work."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from bnstat.engines import Engine, WorkerLostError, Workers
from bnstat.errors import MeasureError
from bnstat.sources.items import Items
from bnstat.sources.reference import Reference

# Decoding takes time in proportion to the file's bytes, and some for each file. A chunk is small
# enough that workers end together, and large enough that sending it costs nothing beside it.
_MAX_BYTES = 2 << 20
_MAX_IMAGES = 512
Chunk: TypeAlias = Sequence[Reference]
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
# Chunks in flight for each worker: a slow one holds up the results, not yet the workers.
_CHUNKS_AHEAD = 8
# Encoded bytes in flight, of images that workers cannot read themselves.
_MAX_BYTES_HELD = 128 << 20
# How often an image must end a worker that does nothing else before it is to blame.
_MAX_TRIES = 2


class _Chunk(list[Reference]):
    """References that are sent as columns, in a quarter of the time that they take one by one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_columns, tuple(map(list, zip(*self, strict=True)))


def _of_columns(*columns: list[Any]) -> list[Reference]:
    return list(map(Reference._make, zip(*columns, strict=True)))


def chunks(references: Iterable[Reference]) -> Iterator[list[Reference]]:
    """Yield the references in order, in chunks of at most 2 MiB, if of more than one image."""
    chunk = _Chunk()
    size = 0
    for reference in references:
        share = reference.size if reference.frame is None else reference.share
        if chunk and (size + share > _MAX_BYTES or len(chunk) == _MAX_IMAGES):
            yield chunk
            chunk, size = _Chunk(), 0
        chunk.append(reference)
        size += share
        ends = reference.content is not None and _ends_chunk(reference, len(chunk))
        if ends or size >= _MAX_BYTES:  # now, as the next may hold another image's bytes
            yield chunk
            chunk, size = _Chunk(), 0
    if chunk:
        yield chunk


def _ends_chunk(reference: Reference, images: int) -> bool:
    """Whether a dataset's items say that a chunk of so many images ends with this one."""
    items = reference.content
    if not isinstance(items, Items):
        return False
    return images == items.images_in_chunk or reference.key == items.last


class Work(Protocol[R_co]):
    """What workers do with a chunk of images; it is sent to them, and so are its results."""

    def __call__(self, chunk: Chunk) -> R_co:
        """Return the result for a chunk; `bnstat.position` tells meanwhile at which image it is."""

    def lost(self, reason: str) -> R_co:
        """Return the result for a chunk of one image that ends its worker, or takes too long."""


def dispatch(
    chunks: Iterable[Chunk], work: Work[R], engine: Engine
) -> Generator[tuple[Chunk, R], None, None]:
    """Yield each chunk, or the pieces that it had to be cut into, with the result, in order.

    A worker that is lost has told at which image it was: the others of its chunk are measured
    again, that one alone, and all other chunks are left as they are.
    """
    flight: deque[tuple[Chunk, Future[R]]] = deque()
    held = 0
    with engine.open() as workers:
        landing = _Landing(work, workers)
        for chunk in chunks:
            flight.append((chunk, workers.submit(work, chunk)))
            held += _bytes_held(chunk)
            del chunk  # it may hold images' bytes while the next ones are read
            while len(flight) > _CHUNKS_AHEAD * engine.workers or (
                flight and held > _MAX_BYTES_HELD
            ):
                held -= _bytes_held(flight[0][0])
                yield from landing.results(*flight.popleft())
        while flight:
            yield from landing.results(*flight.popleft())


def _bytes_held(chunk: Chunk) -> int:
    return sum(reference.bytes_held for reference in chunk if reference.content is not None)


def _without_bytes(chunk: Chunk) -> Chunk:
    if not _bytes_held(chunk):
        return chunk
    return [reference.without_bytes() for reference in chunk]


class _Landing(Generic[R]):
    """Waits for results, and has tried again what a worker was lost with."""

    def __init__(self, work: Work[R], workers: Workers) -> None:
        self._work = work
        self._workers = workers

    def results(self, chunk: Chunk, future: Future[R]) -> Iterator[tuple[Chunk, R]]:
        try:
            result = future.result()
        except WorkerLostError as loss:
            yield from self._without(chunk, loss)
        else:
            yield _without_bytes(chunk), result

    def _without(self, chunk: Chunk, loss: WorkerLostError) -> Iterator[tuple[Chunk, R]]:
        """Try the images before and behind the one at which a worker was lost, and that alone."""
        if loss.row is None:
            yield from self._suspects(chunk)
            return
        before, after = chunk[: loss.row], chunk[loss.row + 1 :]
        behind = self._workers.retry(self._work, after) if after else None
        if before:
            yield from self.results(before, self._workers.retry(self._work, before))
        yield from self._alone(chunk[loss.row : loss.row + 1], loss)
        if behind is not None:
            yield from self.results(after, behind)

    def _suspects(self, chunk: Chunk) -> Iterator[tuple[Chunk, R]]:
        """Try a chunk alone, of which nobody knows where it was, then its halves."""
        self._check_workers_live()
        try:
            result = self._workers.retry_alone(self._work, chunk).result()
        except WorkerLostError as loss:
            if loss.row is not None:
                yield from self._without(chunk, loss)
            elif len(chunk) == 1:
                yield from self._alone(chunk, loss)
            else:
                yield from self._suspects(chunk[: len(chunk) // 2])
                yield from self._suspects(chunk[len(chunk) // 2 :])
        else:
            yield _without_bytes(chunk), result

    def _alone(self, image: Chunk, loss: WorkerLostError) -> Iterator[tuple[Chunk, R]]:
        """Try an image alone, unless its time was up: a lack of memory may be another's fault."""
        for _ in range(_MAX_TRIES):
            if loss.overdue is not None:
                break
            try:
                result = self._workers.retry_alone(self._work, image).result()
            except WorkerLostError as again:
                loss = again
            else:
                yield _without_bytes(image), result
                return
        else:
            self._check_workers_live()
        yield _without_bytes(image), self._work.lost(loss.reason)

    def _check_workers_live(self) -> None:
        """Check that the image is to blame: where no worker stays alive, every image would be."""
        for attempt in range(_MAX_TRIES + 1):
            try:
                self._workers.retry(int).result()
                return
            except WorkerLostError as loss:
                if attempt < _MAX_TRIES:
                    continue
                raise MeasureError(
                    f"no worker stays alive ({loss.cause}), even with nothing to do; "
                    "is there memory left? --workers 1 needs none"
                ) from loss
