"""Starting what workers are forked from before this process imports what it needs itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

# Of addresses: what a process takes with numpy and Pillow in it.
_LEAST = 200 << 20


def warm_up(settings: Mapping[str, Any], work: str | None = None) -> None:
    """Start the fork server, unless all work is done in this process or on a cluster.

    `settings` are those that were given; `work` names the module of the work, unless it is
    measuring.
    """
    _check_address_space()
    # numpy's own threads, which have nothing to do here, would keep the cores from both.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from bnstat import engines
    from bnstat.measure.preloads import preloads

    workers = settings["workers"] or engines.usable_cores()
    if settings["engine"] in (None, "processes") and workers > 1:
        pipeline = bool(work or settings.get("augment"))
        modules = preloads(pipeline=pipeline, work=work) if work else preloads(pipeline=pipeline)
        engines.warm_up(modules)


def _check_address_space() -> None:
    """Raise MemoryError where OpenBLAS, which numpy loads, would end the process by itself."""
    try:
        import resource
    except ImportError:  # not on a POSIX system
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST:
        raise MemoryError
