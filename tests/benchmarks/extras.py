"""What selection, groups and records cost: wall beside the same run without them.

    python tests/benchmarks/extras.py FOLDER [--rounds 3] [--mode L]

For selection by masks, a mask PNG of each image is made in FOLDER-masks, and the time to decode the
masks alone is taken out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image


def main() -> None:
    parser = argparse.ArgumentParser(description="Time options beside a run without them.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mode", default="RGB")
    parser.add_argument("--masks", action="store_true", help="also selection by masks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        records = str(Path(work, "r.parquet"))
        options = {
            "without": [],
            "--alpha exclude": ["--alpha", "exclude"],
            "--nodata 0": ["--nodata", "0"],
            "--by folder": ["--by", "folder"],
            "--by, --records": ["--by", "folder", "--records", records],
        }
        if asked.masks:
            masks = make_masks(asked.folder)
            options["decoding the masks"] = [str(masks)]
            pattern = f"{masks}/{{dir}}/{{stem}}.png"
            options["--masks"] = ["--masks", pattern]
        times: dict[str, list[float]] = {name: [] for name in options}
        for _ in range(asked.rounds + 1):  # the first is not counted
            for name, given in options.items():
                source = given if name == "decoding the masks" else [str(asked.folder), *given]
                times[name].append(seconds(*source, "--mode", asked.mode))
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{name:<20} {median:6.2f} s  {median / medians['without']:.2f}")
    if asked.masks:
        rest = medians["--masks"] - medians["decoding the masks"]
        print(f"--masks, decoding them taken out: {rest / medians['without']:.2f}")


def seconds(*arguments: str) -> float:
    command = [sys.executable, "-m", "bnstat", "compute", *arguments, "--workers", "2"]
    started = time.perf_counter()
    command += ["-q", "-o", os.devnull, "--max-failures", "1000"]  # images without a mode wanted
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def make_masks(folder: Path) -> Path:
    """Write a mask for each image: its left half."""
    masks = folder.with_name(f"{folder.name}-masks")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        target = (masks / path.relative_to(folder)).with_suffix(".png")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(path) as image:
                mask = Image.new("L", image.size)
            mask.paste(1, (0, 0, mask.width // 2, mask.height))
            mask.save(target)
    return masks


if __name__ == "__main__":
    main()
