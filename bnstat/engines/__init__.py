"""Where the work runs.

An engine opens executors, and knows what losing a worker looks like. It knows nothing of images;
`scan` does the rest, the same for all engines.

    engine       in the caller's own process, one call after another
    processes    in worker processes on this machine
    dask         on a Dask cluster

Processes start by `starting`, or as forks of a `fork_server`; `channel` is what they have in common
with their caller, and `worker` is what they do.
"""

from collections.abc import Sequence

from bnstat.engines.engine import Engine, InlineEngine, WorkerLostError, Workers
from bnstat.engines.processes import ProcessEngine, usable_cores, warm_up
from bnstat.errors import MeasureError

__all__ = [
    "Engine",
    "InlineEngine",
    "ProcessEngine",
    "WorkerLostError",
    "Workers",
    "open_engine",
    "usable_cores",
    "warm_up",
]

# For an image, in seconds, unless another limit is asked for: no decoder may hang for ever.
_TIMEOUT = 300.0


def open_engine(
    workers: int | None,
    preload: Sequence[str] = (),
    name: str = "processes",
    *,
    timeout: float | None = None,
    start_method: str | None = None,
) -> Engine:
    """Return the engine of a name for so many workers; None is one for each core.

    `preload` names modules that the work needs, to be imported once for all workers. A `timeout`
    ends a worker that takes more seconds for an image, so that a single one is a process too, not
    this one; 0 is no limit, and None is 300 s where workers are processes. They are started by
    "fork" or "spawn"; None is the first of them that the system has.

    Raises MeasureError if the engine needs a package that is not installed, or its workers must not
    be ended.
    """
    scheme, _, address = name.partition("://")
    if address and timeout:
        raise MeasureError(
            "a time limit ends workers, which on a cluster are not bnstat's alone: "
            "leave out --timeout, or use --engine processes"
        )
    if address:
        from bnstat.engines.dask import DaskEngine

        return DaskEngine(address, workers, tls=scheme == "dask+tls")
    workers = workers or usable_cores()
    if workers == 1 and not timeout:
        return InlineEngine()
    timeout = _TIMEOUT if timeout is None else timeout
    return ProcessEngine(workers, preload, timeout=timeout, start_method=start_method)
