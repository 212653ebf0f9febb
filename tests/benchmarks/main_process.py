"""What the main process takes of a processor for an image: listing, hashing, merging.

    python tests/benchmarks/main_process.py bench/mnist [--rounds 5]

The processor time of `bnstat compute` on all files, less that on a single one, by the number of
files. Workers are other processes, whose time is not in it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the main process.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    files = sorted(path for path in asked.folder.rglob("*") if path.is_file())
    for name, options in (("", ()), (", --by folder", ("--by", "folder"))):
        times = [seconds(asked.folder, *options) - seconds(files[0]) for _ in range(asked.rounds)]
        each = [1e6 * time / (len(files) - 1) for time in times]
        print(
            f"{len(files):,} files{name}: {statistics.median(each):.1f} µs an image in the main "
            f"process ({min(each):.1f}-{max(each):.1f})"
        )


def seconds(*arguments: object) -> float:
    """Return the processor time of the main process, user's and system's."""
    command = [sys.executable, "-m", "bnstat", "compute", *map(str, arguments), "--mode", "L"]
    process = subprocess.Popen([*command, "-q", "-o", os.devnull, "--workers", "2"])
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
