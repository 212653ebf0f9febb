"""Chunks to workers and back, in order, whatever happens to the workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Protocol, TypeAlias, TypeVar

from bnstat.engines import Engine
from bnstat.errors import MeasureError
from bnstat.images import Reference

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
_AHEAD = 8
# Encoded bytes in flight, of images that workers cannot read themselves.
_MOST_HELD = 128 << 20
# How often an image must end a worker that does nothing else before it is to blame.
_TRIES = 2


def dispatch(
    chunks: Iterable[Chunk], work: Work[R], engine: Engine
) -> Generator[tuple[Chunk, R], None, None]:
    """Yield each chunk, or the pieces it had to be cut into, and its result, in order.

    When a worker is lost, all chunks in flight are suspects, as nobody knows which one it was busy
    with. Each is tried again alone; then the pool is rebuilt and goes on.
    """
    waiting = iter(chunks)
    flight: Flight[R] = deque()
    while True:
        try:
            with engine.open(engine.workers) as executor:
                yield from _fly(waiting, flight, work, executor, engine)
            return
        except engine.lost:
            while flight:
                yield from _again(*flight.popleft(), work, engine)


def _fly(
    waiting: Iterator[Chunk], flight: Flight[R], work: Work[R], executor: Executor, engine: Engine
) -> Iterator[tuple[Chunk, R]]:
    """Keep chunks in flight for all workers; a loss leaves in `flight` what has not come back."""
    held = 0
    for chunk in waiting:
        flight.append((chunk, _submitted(executor, work, chunk)))
        held += _held(chunk)
        del chunk  # it may hold images' bytes while the next ones are read
        while len(flight) > _AHEAD * engine.workers or (flight and held > _MOST_HELD):
            held -= _held(flight[0][0])
            yield _landed(flight)
    while flight:
        yield _landed(flight)


def _held(chunk: Chunk) -> int:
    return sum(reference.bytes_held for reference in chunk)


def _submitted(executor: Executor, work: Work[R], chunk: Chunk) -> Future[R]:
    try:
        return executor.submit(work, chunk)
    except Exception as error:  # an executor that has just lost a worker takes no more
        future: Future[R] = Future()
        future.set_exception(error)
        return future


def _landed(flight: Flight[R]) -> tuple[Chunk, R]:
    chunk, future = flight[0]
    result = future.result()
    flight.popleft()
    return _without_bytes(chunk), result


def _without_bytes(chunk: Chunk) -> Chunk:
    return [r._replace(content=None) if r.bytes_held else r for r in chunk]


def _again(
    chunk: Chunk, future: Future[R], work: Work[R], engine: Engine
) -> Iterator[tuple[Chunk, R]]:
    if not future.cancelled() and future.exception() is None:
        yield chunk, future.result()
    else:
        yield from _alone(chunk, work, engine)


def _alone(chunk: Chunk, work: Work[R], engine: Engine) -> Iterator[tuple[Chunk, R]]:
    """Try a suspect with a worker of its own, then its halves, down to the image to blame."""
    for _ in range(_TRIES if len(chunk) == 1 else 1):
        try:
            with engine.open(1) as executor:
                result = executor.submit(work, chunk).result()
        except engine.lost as loss:
            cause = engine.cause(loss)
            continue
        yield chunk, result
        return
    if len(chunk) > 1:
        yield from _alone(chunk[: len(chunk) // 2], work, engine)
        yield from _alone(chunk[len(chunk) // 2 :], work, engine)
    else:
        yield chunk, work.lost(cause)
        _check_workers_live(engine)


def _check_workers_live(engine: Engine) -> None:
    """Make sure that it was the image: where no worker can live, every image would be blamed."""
    try:
        with engine.open(1) as executor:
            executor.submit(int).result()
    except engine.lost as loss:
        raise MeasureError(
            f"no worker stays alive ({engine.cause(loss)}), even with nothing to do; "
            "is there memory left? --workers 1 needs none"
        ) from loss
