"""A report of a million records: seconds, memory and size of the page.

    python tests/benchmarks/big_report.py FOLDER [--records 1000000]

makes a file of random records and a result in FOLDER, and runs `bnstat report` on them.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import bnstat
from bnstat.result import record_files
from bnstat.result.tables import RecordTable

_BATCH = 10_000
CHANNELS = ("R", "G", "B")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a report of many records.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    records, document = asked.folder / "big.parquet", asked.folder / "big.json"
    if not records.exists():
        record_files.write(str(records), batches(asked.records), CHANNELS, {})
    result(asked.folder, asked.records).save(document)
    page = asked.folder / "big.html"
    command = [sys.executable, "-m", "bnstat", "report", document, "-o", page]
    started = time.perf_counter()
    subprocess.run([*command, "--records", records], check=True)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{asked.records:,} records: {seconds:.1f} s, {peak:.0f} MB at most, "
        f"page of {page.stat().st_size / 1e6:.2f} MB"
    )


def batches(number: int) -> Iterator[RecordTable]:
    """Yield random records of images of 64 by 64 pixels."""
    rng = np.random.default_rng(0)
    for start in range(0, number, _BATCH):
        rows = min(_BATCH, number - start)
        mean = np.clip(rng.normal(0.45, 0.12, (rows, 3)), 0.01, 0.99)
        std = rng.uniform(0.1, 0.3, (rows, 3))
        n = np.full((rows, 3), 4096)
        total = np.round(mean * 255 * n).astype(np.int64)
        squares = np.round((std**2 + mean**2) * 255**2 * n).astype(np.int64)
        whole = np.full(rows, 64)
        yield RecordTable(
            CHANNELS,
            key=[f"class{i % 1000:03}/{i:07}.jpg" for i in range(start, start + rows)],
            location=[f"data/class{i % 1000:03}/{i:07}.jpg" for i in range(start, start + rows)],
            group=[f"class{i % 1000:03}" for i in range(start, start + rows)],
            epoch=np.zeros(rows, np.int64),
            width=whole,
            height=whole,
            depth=np.full(rows, 8),
            bytes=np.full(rows, 2000),
            scale=np.full(rows, 255),
            mode=["RGB"] * rows,
            failure=[None] * rows,
            histogram_hash=rng.integers(1, 2**63, rows).astype(np.uint64),
            n=n,
            sum=total,
            sum_of_squares=squares,
            mean=mean,
            std=std,
            low=np.zeros((rows, 3)),
            high=np.zeros((rows, 3)),
            entropy=rng.uniform(5, 7.9, (rows, 3)),
        )


def result(folder: Path, images: int) -> bnstat.Stats:
    """Return a result of one image that claims to be of so many."""
    Image.new("RGB", (2, 1), (9, 99, 199)).save(folder / "a.png")
    Image.new("RGB", (2, 1), (99, 9, 19)).save(folder / "b.png")
    stats = bnstat.compute(folder / "a.png", folder / "b.png", workers=1)
    return replace(stats, source=replace(stats.source, images=images))


if __name__ == "__main__":
    main()
