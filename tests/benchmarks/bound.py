"""The bound: what decoding alone takes, in a pool of processes; no line of bnstat runs in it.

    python tests/benchmarks/bound.py CHUNKS WORKERS

CHUNKS is a JSON file with lists of paths, which workers take one after another.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image


def main() -> None:
    chunks = json.loads(Path(sys.argv[1]).read_text())
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["PIL.Image"])
    with ProcessPoolExecutor(int(sys.argv[2]), context) as pool:
        for _ in pool.map(decode, chunks):
            pass


def decode(paths: list[str]) -> None:
    for path in paths:
        with Image.open(path) as image:
            image.load()


if __name__ == "__main__":
    main()
