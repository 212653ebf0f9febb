"""Where the work runs.

An engine opens executors, and knows what losing a worker looks like. It knows nothing of images;
`scan` does the rest, the same for all engines.

    inline       in the caller's own process, one call after another
    processes    in worker processes on this machine
"""

from collections.abc import Sequence

from bnstat.engines.engine import Engine
from bnstat.engines.forking import warm_up
from bnstat.engines.inline import InlineEngine
from bnstat.engines.processes import ProcessEngine, usable_cores

__all__ = [
    "Engine",
    "InlineEngine",
    "ProcessEngine",
    "needed",
    "open_engine",
    "usable_cores",
    "warm_up",
]


def needed(pipeline: bool) -> list[str]:
    """Return the modules that measuring needs, to be imported once for all workers."""
    formats = [f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm")]
    own = ["bnstat.engines.serving", "bnstat.scan.measuring"]
    return own + formats + ["torchvision.transforms.v2"] * pipeline


def open_engine(workers: int | None, preload: Sequence[str] = ()) -> Engine:
    """Return the engine for so many workers; None is one for each core this process may use.

    `preload` names modules that the work needs, to be imported once for all workers.
    """
    workers = workers or usable_cores()
    return InlineEngine() if workers == 1 else ProcessEngine(workers, preload)
