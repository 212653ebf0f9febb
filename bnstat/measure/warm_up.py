"""Starting what does the work, first of all what workers are forked from.

The command line has that done before this process imports what it needs itself, so nothing is
imported here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bnstat.engines import Engine
    from bnstat.settings import MeasureSettings

MEASURE = "bnstat.measure.measure"
# What workers need beside the module of their work; torchvision's with a pipeline.
_FORMATS = tuple(f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm"))
_TRANSFORMS = "bnstat.transforms"
# Of addresses: what a process takes with numpy and Pillow in it.
_LEAST = 200 << 20


def warm_up(settings: Mapping[str, Any], work: str = MEASURE) -> None:
    """Start the fork server, unless all work is done in this process or on a cluster.

    `settings` are those that were given; `work` names the module of the work.
    """
    _check_address_space()
    # numpy's own threads, which have nothing to do here, would keep the cores from both.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from bnstat import engines

    workers = settings["workers"] or engines.usable_cores()
    if settings["engine"] in (None, "processes") and workers > 1:
        engines.warm_up(_modules(work != MEASURE or bool(settings.get("augment")), work))


def open_workers(settings: MeasureSettings, *, pipeline: bool, work: str = MEASURE) -> Engine:
    """Return the engine of the settings, whose workers have imported what their work needs.

    Raises
    ------
    MeasureError
        If the engine needs a package that is not installed, or its workers must not be ended.
    """
    from bnstat.engines import open_engine

    return open_engine(
        settings["workers"],
        _modules(pipeline, work),
        settings["engine"],
        timeout=settings["timeout"],
    )


def _modules(pipeline: bool, work: str) -> list[str]:
    return [work, *_FORMATS, *[_TRANSFORMS] * pipeline]


def _check_address_space() -> None:
    """Raise MemoryError where OpenBLAS, which numpy loads, would end the process by itself."""
    try:
        import resource
    except ImportError:  # not on a POSIX system
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST:
        raise MemoryError
