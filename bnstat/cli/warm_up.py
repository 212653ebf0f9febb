"""Getting the workers' imports under way before this process has done its own."""

from __future__ import annotations

import os


def warm_up(workers: int | None, engine: str | None, pipeline: bool) -> None:
    """Start what workers are forked from, unless all is done in this process, or elsewhere."""
    # numpy's own threads, which have nothing to do here, would keep the cores from both.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from bnstat import engines
    from bnstat.preloads import preloads

    if engine in (None, "processes") and (workers or engines.usable_cores()) > 1:
        engines.warm_up(preloads(pipeline=pipeline))
