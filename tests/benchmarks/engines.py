"""Dask clusters on this machine beside `processes`, with as many workers.

    python tests/benchmarks/engines.py FOLDER [--workers N] [--rounds R] [--images M]

Scans of the same M images in turn: those of FOLDER, again from the first where it has fewer.
Start-up is taken out: the clusters, which stay, and the fork server have done a scan before the
clock runs. All must find the same sums. One cluster is as Dask starts it; workers of the other keep
freed memory, as docs/scaling.md configures it.
"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import ExitStack, closing
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import dask
from distributed import LocalCluster

from bnstat.engines import Engine, open_engine
from bnstat.measure.measure import Measure
from bnstat.measure.scanning import scan
from bnstat.settings import Settings, complete
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources

PRELOADS = ["bnstat.measure.measure"]
KEPT = {"MALLOC_TRIM_THRESHOLD_": 2**31 - 1, "MALLOC_MMAP_THRESHOLD_": 32 << 20}


def main() -> None:
    arguments = parsed()
    images = references(arguments.folder, arguments.images)
    size = sum(image.size for image in images) / 1e6
    print(f"{arguments.folder}: {len(images)} images, {size:.0f} MB; {arguments.workers} workers")
    with ExitStack() as stack:
        names = {"processes": "processes", "dask": cluster(stack, arguments.workers)}
        with dask.config.set({"distributed.nanny.pre-spawn-environ": KEPT}):
            names["dask, freed memory kept"] = cluster(stack, arguments.workers)
        engines = {
            name: stack.enter_context(closing(open_engine(arguments.workers, PRELOADS, engine)))
            for name, engine in names.items()
        }
        assert len({scanned(images, engine)[1] for engine in engines.values()}) == 1
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(arguments.rounds):
            for name, engine in engines.items():
                seconds[name].append(scanned(images, engine)[0])
    for name, runs in seconds.items():
        ratio = median(runs) / median(seconds["processes"])
        print(f"{name:24}{median(runs):6.2f} s  ({min(runs):.2f}-{max(runs):.2f})  {ratio:.2f}")


def cluster(stack: ExitStack, workers: int) -> str:
    """Start a cluster until the stack ends; return its address."""
    started = stack.enter_context(LocalCluster(workers, threads_per_worker=1, dashboard_address=""))
    return str(started.scheduler_address.replace("tcp:", "dask:"))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the engine dask beside processes.")
    parser.add_argument("folder", type=Path, help="a folder of images")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=1000)
    return parser.parse_args()


def references(folder: Path, number: int) -> list[Reference]:
    """Return so many images, under keys of their own."""
    found = list(Sources.open([os.fspath(folder)]))
    repeated = islice(cycle(found), number)
    return [image._replace(key=b"%07d" % i) for i, image in enumerate(repeated)]


def scanned(images: list[Reference], engine: Engine) -> tuple[float, object]:
    """Return the seconds of a scan, and the exact total that it found."""
    started = time.perf_counter()
    found = scan(images, Measure("RGB", Limits(10**9)), engine, complete(Settings, {}))
    return time.perf_counter() - started, found.views[0].records.total()


if __name__ == "__main__":
    main()
