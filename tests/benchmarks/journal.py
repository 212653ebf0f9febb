"""What a journal costs, and what it saves: wall time with and without, in turns, and a second run.

    python tests/benchmarks/journal.py FOLDER [--workers N] [--rounds R] [--copies N]

Whole processes of `bnstat compute`. FOLDER is linked under so many names, so that the first run is
long enough to compare; all runs must give the same sums, or the script stops.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from side_by_side import BNSTAT


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory(dir=arguments.folder.parent) as temporary:
        folder = Path(temporary)
        images = copied(arguments.folder, folder / "images", arguments.copies)
        print(
            f"{arguments.copies} copies of {arguments.folder.name}: {images:,} images", flush=True
        )
        run = Run(folder, arguments.workers)
        run.seconds()  # warms
        off, on, again = [], [], []
        for _ in range(arguments.rounds):
            off.append(run.seconds())
            (folder / "j.db").unlink(missing_ok=True)
            on.append(run.seconds("--journal", folder / "j.db"))
            again.append(run.seconds("--journal", folder / "j.db"))
        without, with_, second = map(statistics.median, (off, on, again))
        print(f"without {without:.2f} s, with {with_:.2f} s: ratio {with_ / without:.3f}")
        print(f"again, nothing changed: {second:.2f} s: {with_ / second:.0f} times as fast")
        print(f"journal: {(folder / 'j.db').stat().st_size / images:,.0f} bytes an image")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time bnstat with and without a journal.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=10)
    return parser.parse_args()


def copied(source: Path, target: Path, copies: int) -> int:
    """Link a folder's files under other names; return how many images there are."""
    files = [path for path in source.rglob("*") if path.is_file()]
    for copy in range(copies):
        for file in files:
            name = target / f"{copy:02}" / file.relative_to(source)
            name.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, name)
    return copies * len(files)


class Run:
    """Runs `bnstat compute` on the images; all runs must agree."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._workers = workers
        self._sums: object = None

    def seconds(self, *options: str | Path) -> float:
        output = self._folder / "a.json"
        command = [BNSTAT, "compute", self._folder / "images", "-q", "-o", output]
        started = perf_counter()
        subprocess.run([*command, "--workers", str(self._workers), *options], check=True)
        seconds = perf_counter() - started
        sums = json.loads(output.read_text())["sum"]
        if self._sums not in (None, sums):
            sys.exit("runs disagree")
        self._sums = sums
        return seconds


if __name__ == "__main__":
    main()
