"""What images cost that end their workers: 5 of 2,000 small ones, beside the same without these.

    python tests/benchmarks/lost_workers.py [--images 2000] [--start-method spawn]

The 5 take a minute each under `--timeout 0.5`, or kill their worker; the others are PNGs of 28 by
28 pixels. Another run has a decoder that crashes on every tenth of 500.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

TIMEOUT = 0.5
PIPELINE = """
import os, time

def slow(image):
    time.sleep(60 if image.width == 29 else 0)
    return image

def deadly(image):
    if image.width == 29:
        os.abort()
    return image
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what lost workers cost.")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--start-method", choices=["fork", "spawn"])
    arguments = parser.parse_args()
    options = ["--workers", str(arguments.workers), "--mode", "L"]
    if arguments.start_method:
        options += ["--start-method", arguments.start_method]
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        Path("pipeline.py").write_text(PIPELINE)
        write(Path("five"), arguments.images, arguments.images // 5)
        write(Path("tenth"), 500, 10)
        timeout = ["--timeout", str(TIMEOUT)]
        whole = run("five/small", "slow", "none takes too long", options)
        run("five", "slow", f"5 take longer than {TIMEOUT} s", [*options, *timeout], whole)
        run("five", "deadly", "5 kill their worker", options, whole)
        whole = run("tenth/small", "deadly", "none of 500 kills it", options)
        run("tenth", "deadly", "every tenth of 500 kills it", options, whole)


def write(folder: Path, images: int, step: int) -> None:
    """Write images, of which one in `step` is another one: a pixel wider, in another folder."""
    for name in ("small", "other"):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(1)
    for i in range(images):
        other = i % step == step // 2
        pixels = rng.integers(0, 256, (28, 28 + other), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / ("other" if other else "small") / f"{i:05}.png")


def run(
    folder: str, pipeline: str, name: str, options: list[str], whole: float | None = None
) -> float:
    """Measure the images, print how long that takes beside `whole`, and return it."""
    command = [sys.executable, "-m", "bnstat", "compute", folder, "-q", "-o", "out.json"]
    started = time.perf_counter()
    subprocess.run(
        [*command, "--augment", f"pipeline:{pipeline}", *options], stderr=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - started
    more = "" if whole is None else f"  {seconds - whole:+6.2f} s"
    print(f"{name:30} {seconds:6.2f} s{more}", flush=True)
    return seconds


if __name__ == "__main__":
    main()
