"""Starting what does the work, first of all what workers are forked from.

The command line has that done before this process imports what it needs itself, so nothing is
imported here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from bnstat.engines import Engine
    from bnstat.settings import MeasureSettings

P = ParamSpec("P")
T = TypeVar("T")

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
        modules = _modules(work != MEASURE or bool(settings.get("augment")), work)
        engines.warm_up(modules, settings["start_method"])


def open_workers(settings: MeasureSettings, *, pipeline: bool, work: str = MEASURE) -> Engine:
    """Return the engine of the settings, whose workers have imported what their work needs.

    Raises MeasureError if the engine needs a package that is not installed, or its workers must not
    be ended.
    """
    from bnstat.engines import open_engine

    return open_engine(
        settings["workers"],
        _modules(pipeline, work),
        settings["engine"],
        timeout=settings["timeout"],
        start_method=settings["start_method"],
    )


def ask_worker(
    settings: MeasureSettings, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Return what a call gives that needs torch, which this process does without if it can.

    It is made here where torch is imported, or will be: where no process does the work for it.

    Raises SpecError if the worker ends.
    """
    from bnstat.engines import ProcessEngine, WorkerLostError
    from bnstat.errors import SpecError

    with closing(open_workers(settings, pipeline=True)) as engine:
        if "torch" in sys.modules or not isinstance(engine, ProcessEngine):
            return ask(*args, **kwargs)
        with engine.open() as workers:
            try:
                return workers.submit(ask, *args, **kwargs).result()
            except WorkerLostError as loss:
                how = f"the pipeline ends the process that it is made in ({loss.cause})"
                raise SpecError(how) from loss


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
