"""Where the work runs.

An engine opens executors, and knows what losing a worker looks like. It knows nothing of images;
`scan` does the rest, the same for all engines.

    engine       in the caller's own process, one call after another
    processes    in worker processes on this machine
    dask         on a Dask cluster

`fork_server` starts the processes, `fork_server_main` is what they are forked from, and `worker` is
what they do. `dask_worker` is what a worker of a cluster does.
"""

from collections.abc import Sequence

from bnstat.engines.engine import Engine, InlineEngine
from bnstat.engines.fork_server import warm_up
from bnstat.engines.processes import ProcessEngine, usable_cores
from bnstat.errors import MeasureError

__all__ = [
    "Engine",
    "InlineEngine",
    "ProcessEngine",
    "open_engine",
    "usable_cores",
    "warm_up",
]


def open_engine(
    workers: int | None,
    preload: Sequence[str] = (),
    name: str = "processes",
    *,
    killable: bool = False,
) -> Engine:
    """Return the engine of a name for so many workers; None is one for each core.

    `preload` names modules that the work needs, to be imported once for all workers. With
    `killable`, work may end its worker, so that a single one is a process too, not this one.

    Raises
    ------
    MeasureError
        If the engine needs a package that is not installed, or its workers must not be ended.
    """
    scheme, _, address = name.partition("://")
    if address and killable:
        raise MeasureError(
            "a time limit ends workers, which on a cluster are not bnstat's alone: "
            "leave out --timeout, or use --engine processes"
        )
    if address:
        from bnstat.engines.dask import DaskEngine

        return DaskEngine(address, workers, tls=scheme == "dask+tls")
    workers = workers or usable_cores()
    here = workers == 1 and not killable
    return InlineEngine() if here else ProcessEngine(workers, preload)
