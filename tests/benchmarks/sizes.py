"""Time and memory against the number of images: is the line straight?

    python tests/benchmarks/sizes.py FOLDER [--workers N] [--most 1000000]

FOLDER has small images (mnist.py makes them). Of 4,000 of them, 10^3, 10^4, ... hard links are made
in folders of 1,000 each, beside FOLDER, and measured: wall time, peak memory of the main process
(VmHWM), and when the first images had been measured, as seen by `progress`. Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

from side_by_side import BNSTAT, MB, watched

FIRST = """
import sys, time
started = time.time() - time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
import bnstat
class Enough(Exception): pass
def progress(progress):
    raise Enough
try:
    bnstat.compute(sys.argv[1], workers=int(sys.argv[2]), progress=progress)
except Enough:
    print(time.time() - started)
"""


def main() -> None:
    arguments = parsed()
    images = list(islice(sorted(arguments.folder.rglob("*.png")), 4000))
    print(f"{'images':>9}{'wall':>10}{'images/s':>10}{'first':>9}{'main':>9}{'bytes an image':>16}")
    least = 0.0
    size = 1000
    while size <= arguments.most:
        folder = linked(images, arguments.folder.parent / f"links-{size}", size)
        try:
            least = least or peak(folder, arguments.workers)
            print(row(folder, size, arguments, least), flush=True)
        finally:
            shutil.rmtree(folder)
        size *= 10


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time bnstat against the number of images.")
    parser.add_argument("folder", type=Path, help="a folder of small PNG files")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--most", type=int, default=1_000_000)
    return parser.parse_args()


def linked(images: list[Path], folder: Path, size: int) -> Path:
    """Make so many hard links, a thousand in a folder."""
    for number, image in enumerate(islice(cycle(images), size)):
        below = folder / f"{number // 1000:04}"
        if number % 1000 == 0:
            below.mkdir(parents=True)
        os.link(image, below / f"{number:07}.png")
    return folder


def row(folder: Path, size: int, arguments: argparse.Namespace, least: float) -> str:
    rounds = 3 if size <= 100_000 else 1
    runs = [watched(command(folder, arguments.workers)) for _ in range(rounds)]
    seconds = statistics.median(run.seconds for run in runs)
    memory = statistics.median(run.main for run in runs)
    return (
        f"{size:>9,}{seconds:>8.2f} s{size / seconds:>10,.0f}"
        f"{first(folder, arguments.workers):>7.2f} s{memory / MB:>6.0f} MB"
        f"{(memory - least) / size:>16,.0f}"
    )


def command(folder: Path, workers: int) -> list[str | Path]:
    output = folder.parent / "sizes.json"
    return [BNSTAT, "compute", folder, "-q", "-o", output, "--workers", str(workers)]


def peak(folder: Path, workers: int) -> float:
    """Return what the main process holds for the smallest set."""
    return watched(command(folder, workers)).main


def first(folder: Path, workers: int) -> float:
    """Return the seconds until the first images have been measured."""
    program = [sys.executable, "-c", FIRST, folder, str(workers)]
    return float(subprocess.check_output(program))


if __name__ == "__main__":
    main()
