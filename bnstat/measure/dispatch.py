"""Chunks to workers and back, in order, whatever happens to the workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Protocol, TypeAlias, TypeVar

from bnstat.engines import Engine
from bnstat.errors import MeasureError
from bnstat.sources.reference import Reference

Chunk: TypeAlias = Sequence[Reference]
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Flight: TypeAlias = deque[tuple[Chunk, Future[R]]]


class Work(Protocol[R_co]):
    """What workers do with a chunk of images; it is sent to them, and so are its results."""

    def __call__(self, chunk: Chunk) -> R_co:
        """Return the result for a chunk."""

    def lost(self, cause: str) -> R_co:
        """Return the result for a chunk of one image that has ended its worker by `cause`."""


# Chunks in flight for each worker: a slow one holds up the results, not yet the workers.
_CHUNKS_AHEAD = 8
# Encoded bytes in flight, of images that workers cannot read themselves.
_MOST_BYTES_HELD = 128 << 20
# How often an image must end a worker that does nothing else before it is to blame.
_MOST_TRIES = 2


def dispatch(
    chunks: Iterable[Chunk], work: Work[R], engine: Engine
) -> Generator[tuple[Chunk, R], None, None]:
    """Yield each chunk, or the pieces that it had to be cut into, with the result, in order.

    When a worker is lost, all chunks in flight are suspects, as nobody knows which one it was busy
    with. Each is tried again alone; then the pool is rebuilt and goes on.
    """
    waiting = iter(chunks)
    flight: Flight[R] = deque()
    while True:
        try:
            with engine.open(engine.workers) as executor:
                yield from _kept_in_flight(waiting, flight, work, executor, engine)
            return
        except engine.lost:
            while flight:
                yield from _result_or_retry(*flight.popleft(), work, engine)


def _kept_in_flight(
    waiting: Iterator[Chunk], flight: Flight[R], work: Work[R], executor: Executor, engine: Engine
) -> Iterator[tuple[Chunk, R]]:
    """Keep chunks in flight for all workers; a loss leaves in `flight` what has not come back."""
    held = 0
    for chunk in waiting:
        flight.append((chunk, _submit(executor, work, chunk)))
        held += _bytes_held(chunk)
        del chunk  # it may hold images' bytes while the next ones are read
        while len(flight) > _CHUNKS_AHEAD * engine.workers or (flight and held > _MOST_BYTES_HELD):
            held -= _bytes_held(flight[0][0])
            yield _next_result(flight)
    while flight:
        yield _next_result(flight)


def _bytes_held(chunk: Chunk) -> int:
    return sum(reference.bytes_held for reference in chunk if reference.content is not None)


def _submit(executor: Executor, work: Work[R], chunk: Chunk) -> Future[R]:
    try:
        return executor.submit(work, chunk)
    except Exception as error:  # an executor that has just lost a worker takes no more
        future: Future[R] = Future()
        future.set_exception(error)
        return future


def _next_result(flight: Flight[R]) -> tuple[Chunk, R]:
    chunk, future = flight[0]
    result = future.result()
    flight.popleft()
    return _without_bytes(chunk), result


def _without_bytes(chunk: Chunk) -> Chunk:
    if not _bytes_held(chunk):
        return chunk
    return [r._replace(content=None, labels=None) if r.bytes_held else r for r in chunk]


def _result_or_retry(
    chunk: Chunk, future: Future[R], work: Work[R], engine: Engine
) -> Iterator[tuple[Chunk, R]]:
    if not future.cancelled() and future.exception() is None:
        yield chunk, future.result()
    else:
        yield from _retry_alone(chunk, work, engine)


def _retry_alone(chunk: Chunk, work: Work[R], engine: Engine) -> Iterator[tuple[Chunk, R]]:
    """Try a suspect with a worker of its own, then its halves, down to the image to blame."""
    for _ in range(_MOST_TRIES if len(chunk) == 1 else 1):
        try:
            with engine.open(1) as executor:
                result = executor.submit(work, chunk).result()
        except engine.lost as loss:
            cause = engine.cause(loss)
            continue
        yield chunk, result
        return
    if len(chunk) > 1:
        yield from _retry_alone(chunk[: len(chunk) // 2], work, engine)
        yield from _retry_alone(chunk[len(chunk) // 2 :], work, engine)
    else:
        yield chunk, work.lost(cause)
        _check_workers_live(engine)


def _check_workers_live(engine: Engine) -> None:
    """Check that the image was to blame: where no worker stays alive, every image would be."""
    try:
        with engine.open(1) as executor:
            executor.submit(int).result()
    except engine.lost as loss:
        raise MeasureError(
            f"no worker stays alive ({engine.cause(loss)}), even with nothing to do; "
            "is there memory left? --workers 1 needs none"
        ) from loss
