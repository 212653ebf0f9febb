"""A bare loop: decode, put through a pipeline, keep nothing; in a pool of processes.

    python tests/benchmarks/bare_loop.py CHUNKS WORKERS SPEC

CHUNKS is a JSON file with lists of paths, which workers take one after another. Of bnstat it has
the pipeline alone.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from PIL import Image

from bnstat.augment import read


def main() -> None:
    chunks = json.loads(Path(sys.argv[1]).read_text())
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["PIL.Image", "torchvision.transforms.v2"])
    with ProcessPoolExecutor(int(sys.argv[2]), context) as pool:
        for _ in pool.map(run, chunks, [sys.argv[3]] * len(chunks)):
            pass


def run(paths: list[str], spec: str) -> None:
    transform = built(spec)
    for path in paths:
        with Image.open(path) as image:
            transform(image.convert("RGB"))


@cache
def built(spec: str):
    import torch

    torch.set_num_threads(1)
    return read(spec).build()


if __name__ == "__main__":
    main()
