"""What keeping freed memory saves: decoding with glibc's defaults and with ours, in turn.

    python tests/benchmarks/freed_memory.py FOLDER [--rounds R]

Each run is a process of its own, which decodes every fourth image of FOLDER with Pillow alone.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

DECODE = """
import sys, time
from PIL import Image
if sys.argv[1] == "ours":
    from bnstat.engines.worker import keep_freed_memory
    keep_freed_memory()
started = time.perf_counter()
for path in sys.argv[2:]:
    with Image.open(path) as image:
        image.load()
print(time.perf_counter() - started)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Time decoding with freed memory kept and not.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.rglob("*") if path.is_file())[::4]
    for path in paths:
        path.read_bytes()
    seconds: dict[str, list[float]] = {"default": [], "ours": []}
    for _ in range(arguments.rounds):
        for setting, times in seconds.items():
            command = [sys.executable, "-c", DECODE, setting, *map(str, paths)]
            times.append(float(subprocess.check_output(command)))
    default, ours = (statistics.median(times) for times in seconds.values())
    print(f"{len(paths)} images, rounds: {arguments.rounds}; seconds to decode, medians:")
    print(
        f"glibc's defaults {default:.2f}, freed memory kept {ours:.2f}: ratio {ours / default:.2f}"
    )


if __name__ == "__main__":
    main()
