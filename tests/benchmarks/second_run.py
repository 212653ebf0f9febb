"""Several runs in one Python process, as in a notebook: what the later ones wait for.

    python tests/benchmarks/second_run.py FOLDER [--workers N]

A plain `compute`, two with a pipeline, and a plain one again, in this order. The first with a
pipeline imports torch here and where workers are forked from; no later one imports anything.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import bnstat

PIPELINE = "Resize(32) | CenterCrop(32)"
RUNS = {"plain": None, "pipeline": PIPELINE, "pipeline again": PIPELINE, "plain again": None}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time several runs in one process.")
    parser.add_argument("folder", help="a few small images")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    for name, augment in RUNS.items():
        started = perf_counter()
        bnstat.compute(arguments.folder, augment=augment, workers=arguments.workers)
        print(f"{name:15}{perf_counter() - started:6.2f} s", flush=True)


if __name__ == "__main__":
    main()
