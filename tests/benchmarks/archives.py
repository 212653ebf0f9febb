"""The same images in a folder, a tar and a zip: wall time, in turns.

    python tests/benchmarks/archives.py FOLDER [--workers N] [--rounds R]

Whole processes of `bnstat compute`, folder, tar, zip, then tar, zip, folder, and so on, so that
whatever else the machine does meets all. A compressed tar is timed too: it can only be read from
its beginning to its end. All must give the same sums, or the script stops.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from time import perf_counter


def main() -> None:
    parser = argparse.ArgumentParser(description="Time archives beside the folder they are of.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        sources = {"folder": arguments.folder, **archives(arguments.folder, Path(temporary))}
        names = list(sources)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        sums = {name: measured(sources[name], arguments.workers)[1] for name in names}  # warms
        for name in names:
            if sums[name] != sums["folder"]:
                sys.exit(f"{name} and folder disagree")
        for _ in range(arguments.rounds):
            for name in names:
                seconds[name].append(measured(sources[name], arguments.workers)[0])
            names = [*names[1:], names[0]]
    print(table(seconds))


def archives(folder: Path, target: Path) -> dict[str, Path]:
    """Write the folder into archives: members in the folder's own order, JPEG not deflated."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for name, mode in (("x.tar", "w"), ("x.tgz", "w:gz")):
        with tarfile.open(target / name, mode, dereference=True) as tar:
            tar.inodes = {}
            for path in files:
                tar.inodes.clear()  # a second name of a file is stored again
                tar.add(path, path.relative_to(folder))
    with zipfile.ZipFile(target / "x.zip", "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))
    with zipfile.ZipFile(target / "deflated.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))
    return {
        "tar": target / "x.tar",
        "zip": target / "x.zip",
        "zip, deflated": target / "deflated.zip",
        "tar.gz": target / "x.tgz",
    }


def measured(source: Path, workers: int) -> tuple[float, list[str]]:
    """Return the seconds that a run takes, and its exact sums."""
    command = [sys.executable, "-m", "bnstat", "compute", source, "-q", "-o", "-"]
    started = perf_counter()
    done = subprocess.run([*command, "--workers", str(workers)], stdout=subprocess.PIPE, check=True)
    return perf_counter() - started, json.loads(done.stdout)["sum"]


def table(seconds: dict[str, list[float]]) -> str:
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    lines = [f"{'':16}{'wall: median (min-max)':>24}{'/ folder':>10}"]
    for name, taken in seconds.items():
        extent = f"({min(taken):.2f}-{max(taken):.2f})"
        ratio = medians[name] / medians["folder"]
        lines.append(f"{name:16}{medians[name]:8.2f} s {extent:>14}{ratio:>10.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
